"""What a second, hostile look at the walls found: rules that opened, told or let change more than they promised."""

from django.db import migrations

from yhteiso.hats.roles import HATS, role

ALL_HATS = ", ".join(role(hat) for hat in HATS)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
TODAY = "(now() AT TIME ZONE 'Europe/Helsinki')::date"
UID = "(SELECT sec.uid())"
AREA, MEMBER, FAMILY, OFFICER, ADMIN = (role(hat) for hat in ("area", "member", "family", "officer", "admin"))
IN_AREA = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
NOT_RECUSED = "<> ALL ((SELECT sec.my_recusals())::bigint[])"


def mended(function: str, *changes: tuple[str, str]) -> str:
    """A few words of a long function changed where they stand; refused where they don't stand there once."""
    lines = [f"DO $mend$ DECLARE body text := pg_get_functiondef('{function}'::regprocedure); BEGIN"]
    for old, new in changes:
        lines.append(
            f"IF array_length(string_to_array(body, $old${old}$old$), 1) <> 2"
            f" THEN RAISE EXCEPTION 'not once in {function}'; END IF;"
            f" body := replace(body, $old${old}$old$, $new${new}$new$);"
        )
    return "\n".join([*lines, "EXECUTE body; END $mend$;"])


# A seat opens a protected family to a coordinator of the area only where the lead has named its holder.
MY_AREA_CASE = (
    f"{IN_AREA} AND id {NOT_RECUSED}"
    f" AND (NOT protected OR coordinator_id = {UID} OR id = ANY ((SELECT sec.my_named_cases())::bigint[]))"
)
NAMED = f"""
CREATE FUNCTION sec.my_named_cases() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(s.case_id), '{{}}') FROM sec.my_seats() s
    WHERE s.named AND NOT s.index_only AND s.role <> 'exceptional' $$;
REVOKE ALL ON FUNCTION sec.my_named_cases() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_named_cases() TO {ALL_HATS};
{mended("sec.sees_case(bigint)", ("OR c.id = ANY (sec.my_cases())", "OR c.id = ANY (sec.my_named_cases())"))}
ALTER POLICY area_select ON cases_case USING ({MY_AREA_CASE});
ALTER POLICY area_update ON cases_case USING ({MY_AREA_CASE}) WITH CHECK ({IN_AREA});
"""

READERS = f"""
-- Who has looked is a part of the network: without it a member is told the own readings only. Of a protected family the
-- lead and those who are named see who it was.
CREATE OR REPLACE FUNCTION sec.readers_of(wanted bigint, before timestamptz, before_id uuid, rows integer)
    RETURNS TABLE (id uuid, at timestamptz, actor_id bigint, masked boolean, who text, unit text, agency text, hat text,
                   verb text, page text, sections text[], why text) LANGUAGE sql STABLE {DEFINER} AS $$
    WITH reader AS (
        SELECT current_setting('role') <> '{MEMBER}' OR wanted = ANY (sec.open_cases('network')) AS all_rows,
            c.coordinator_id, c.protected, c.protected AND c.coordinator_id IS DISTINCT FROM sec.uid()
                AND c.id <> ALL (sec.my_named_cases()) AS veiled
        FROM cases_case c WHERE c.id = wanted
    )
    SELECT e.id, e.at, e.actor_id, m.masked,
        CASE WHEN m.masked OR m.hidden THEN '' ELSE e.actor_name END,
        CASE WHEN m.masked OR r.protected THEN '' ELSE e.actor_unit END,
        CASE WHEN m.masked OR r.protected THEN '' ELSE e.actor_agency END,
        e.hat, e.verb, e.page, e.sections::text[], e.why
    FROM reader r CROSS JOIN audit_logentry e
    CROSS JOIN LATERAL (SELECT
        EXISTS (SELECT 1 FROM cases_membership s WHERE s.case_id = wanted AND s.user_id = e.actor_id AND s.masked) AS masked,
        r.veiled AND e.actor_id IS DISTINCT FROM sec.uid() AND e.actor_id IS DISTINCT FROM r.coordinator_id AS hidden) m
    WHERE sec.sees_case(wanted) AND e.case_id = wanted AND e.verb NOT IN ('deny', 'fail', 'login')
      AND e.hat <> 'officer' AND (r.all_rows OR e.actor_id = sec.uid())
      AND e.at <= before AND (e.at, e.id) < (before, before_id)
    ORDER BY e.at DESC, e.id DESC LIMIT least(rows, 500) $$;
"""

OFFICER_RECUSED = f"""
-- A disqualified officer reads neither log of the situation, nor what was found odd in it, nor its reference.
ALTER POLICY officer_select ON audit_disclosureentry USING (case_id IS NULL OR case_id {NOT_RECUSED});
CREATE FUNCTION sec.my_recused_oddities() RETURNS uuid[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(o.entry_id), '{{}}') FROM unnest(sec.my_recusals()) AS gone
    CROSS JOIN audit_oddity o JOIN audit_logentry e ON e.id = o.entry_id AND e.at = o.entry_at
    WHERE e.case_id = gone OR e.case_ids @> to_jsonb(gone) $$;
REVOKE ALL ON FUNCTION sec.my_recused_oddities() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_recused_oddities() TO {OFFICER};
ALTER POLICY officer_select ON audit_oddity
    USING (entry_id <> ALL ((SELECT sec.my_recused_oddities())::uuid[]));
ALTER POLICY officer_update ON audit_oddity
    USING (entry_id <> ALL ((SELECT sec.my_recused_oddities())::uuid[]))
    WITH CHECK (decided_by_id = {UID});
CREATE OR REPLACE FUNCTION sec.case_of_ref(wanted text) RETURNS bigint LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id FROM cases_case c WHERE c.ref = wanted AND c.id <> ALL (sec.my_recusals()) $$;
CREATE OR REPLACE FUNCTION sec.refs_of(wanted bigint[]) RETURNS TABLE (id bigint, ref text) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.ref::text FROM cases_case c WHERE c.id = ANY (wanted) AND c.id <> ALL (sec.my_recusals()) $$;
CREATE OR REPLACE FUNCTION sec.masked_in(wanted bigint) RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(DISTINCT m.user_id), '{{}}') FROM cases_membership m
    WHERE m.case_id = wanted AND m.masked AND m.user_id IS NOT NULL AND m.case_id <> ALL (sec.my_recusals()) $$;
"""

# Between the search and the lock the family may have been protected, or the asker disqualified.
EXCEPTIONAL = mended(
    "sec.open_exceptionally(uuid, text, date, text, text, text[], boolean, boolean, timestamptz, date)",
    (
        "IF c.status = 'closed' THEN c := NULL; END IF;",
        """IF c.protected AND c.id <> ALL (sec.my_recusals()) THEN guarded := array_append(guarded, c.id); END IF;
            IF c.status = 'closed' OR c.protected OR c.id = ANY (sec.my_recusals()) THEN c := NULL; END IF;""",
    ),
)

GUARDED = f"{IN_AREA} AND (case_id IS NULL OR EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id))"
NOT_GUARDED = "id <> ALL ((SELECT sec.guarded_concerns())::bigint[])"
CONCERNS = f"""
-- The concerns whose call is protected: the text is for whoever took the call, as the call itself is.
CREATE FUNCTION sec.guarded_concerns() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(k.concern_id), '{{}}') FROM cases_call k
    WHERE k.protected AND k.concern_id IS NOT NULL AND k.area_id = ANY (sec.my_areas())
      AND k.taken_by_id IS DISTINCT FROM sec.uid() AND (k.case_id IS NULL OR NOT sec.sees_case(k.case_id)) $$;
REVOKE ALL ON FUNCTION sec.guarded_concerns() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.guarded_concerns() TO {AREA};
ALTER POLICY area_select ON cases_concern USING ({GUARDED} AND {NOT_GUARDED});
ALTER POLICY area_update ON cases_concern USING ({GUARDED} AND {NOT_GUARDED}) WITH CHECK ({IN_AREA});
"""

STANDING = (
    mended(
        # Only those of the network and the area's coordinators are marked by somebody else, and the lead by whoever answers for
        # the area: nobody passes another's family on alone.
        "sec.recuse(bigint, bigint, text, bigint, bigint, timestamptz, timestamptz)",
        (
            "AND who <> sec.uid() THEN RETURN NULL; END IF;",
            """AND who <> sec.uid() THEN RETURN NULL; END IF;
        IF who IS DISTINCT FROM sec.uid() AND (
            who = c.coordinator_id AND NOT sec.answers_for(sec.uid(), c.area_id)
            OR NOT sec.coordinates(who, c.area_id)
               AND NOT EXISTS (SELECT FROM cases_membership m WHERE m.case_id = wanted AND m.user_id = who))
        THEN RETURN NULL; END IF;""",
        ),
    )
    + mended(
        # The new lead is invited with the very swap: a function of its own asked for nothing.
        "sec.swap_lead(bigint, bigint, bigint, timestamptz, text)",
        ("RETURN seat;", "PERFORM sec.invite_lead(wanted); RETURN seat;"),
    )
    + f"""
REVOKE EXECUTE ON FUNCTION sec.invite_lead(bigint) FROM {AREA}, {MEMBER};
"""
)

PLACES = f"""
-- How a place is told is known by those who see the situation; the triggers ask without looking at who does.
ALTER FUNCTION sec.place_by_phone(bigint) RENAME TO told_by_phone;
REVOKE EXECUTE ON FUNCTION sec.told_by_phone(bigint) FROM {AREA};
CREATE FUNCTION sec.place_by_phone(wanted bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.sees_case(wanted) AND sec.told_by_phone(wanted) $$;
REVOKE ALL ON FUNCTION sec.place_by_phone(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.place_by_phone(bigint) TO {AREA};
{mended("sec.refuse_place()", ("sec.place_by_phone(", "sec.told_by_phone("))}
{mended("sec.empty_places()", ("sec.place_by_phone(", "sec.told_by_phone("))}

-- An invitation opened by a link ends with its seat: with the account, the unit, the day, or a disqualification.
CREATE OR REPLACE FUNCTION sec.guest_seat() RETURNS bigint LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.id FROM meetings_participant p
    JOIN cases_membership m ON m.id = p.membership_id AND m.ended_at IS NULL
        AND (m.expires_at IS NULL OR m.expires_at > now())
    LEFT JOIN networks_user u ON u.id = m.user_id
    JOIN meetings_meeting t ON t.id = p.meeting_id AND t.status IN ('proposed', 'confirmed')
    WHERE p.id = nullif(current_setting('app.guest', true), '')::bigint AND sec.seat_opens(m, 'time')
      AND (m.user_id IS NULL OR u.is_active AND (m.role = 'coordinator' OR m.unit_id IS NOT DISTINCT FROM u.unit_id))
      AND NOT EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = m.case_id AND r.user_id = m.user_id) $$;
"""

SEATS = f"""
-- A seat belongs to a person and a unit: whoever comes back to the unit is asked in anew. Each lead is told of the seat.
CREATE FUNCTION sec.end_seats_of_unit() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        INSERT INTO cases_task (id, kind, case_id, unit_id, to_id, made_at, due_at, about)
            SELECT gen_random_uuid(), 'seat_vacant', c.id, m.unit_id, c.coordinator_id, now(), now() + interval '2 days',
                   'seat-' || m.id
            FROM cases_membership m JOIN cases_case c ON c.id = m.case_id AND c.status <> 'closed'
            WHERE m.user_id = NEW.id AND m.ended_at IS NULL AND m.role NOT IN ('coordinator', 'exceptional')
            ON CONFLICT DO NOTHING;
        UPDATE cases_membership SET ended_at = greatest(now(), started_at), ended_by_id = coalesce(sec.uid(), NEW.id),
            end_reason = 'unit' WHERE user_id = NEW.id AND ended_at IS NULL AND role <> 'coordinator';
        RETURN NULL;
    END $$;
REVOKE ALL ON FUNCTION sec.end_seats_of_unit() FROM PUBLIC;
CREATE TRIGGER seats_end_with_the_unit AFTER UPDATE OF unit_id ON networks_user
    FOR EACH ROW WHEN (NEW.unit_id IS DISTINCT FROM OLD.unit_id) EXECUTE FUNCTION sec.end_seats_of_unit();
"""

# What an administrator writes alone may not decide what opens a family: whether consent is asked in writing and for each
# person, and to which agency a unit belongs. A new agency is born careful.
REFERENCE = f"""
REVOKE UPDATE ON networks_agency, networks_unit FROM {ADMIN};
GRANT UPDATE (name, legal_name, controller) ON networks_agency TO {ADMIN};
GRANT UPDATE (name, area_id, head_id) ON networks_unit TO {ADMIN};
CREATE FUNCTION sec.agency_is_born_careful() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
        IF current_user = '{ADMIN}' AND NOT NEW.written_consent THEN
            RAISE EXCEPTION 'a new agency asks for consent in writing' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END $$;
CREATE TRIGGER agency_is_born_careful BEFORE INSERT ON networks_agency
    FOR EACH ROW EXECUTE FUNCTION sec.agency_is_born_careful();
"""

# A word of the family and a place in the network are ended and confirmed, never rewritten.
COLUMNS = f"""
REVOKE UPDATE ON cases_consent, cases_membership FROM {AREA};
GRANT UPDATE (ended_at, ended_by_id, withdrawn, confirmed_at, confirmed_by_id) ON cases_consent TO {AREA};
GRANT UPDATE (must_attend, masked, index_only, named, ended_at, ended_by_id, end_reason) ON cases_membership TO {AREA};
"""

OWN_CHILD = "p.kind IN ('child', 'guardian') AND NOT (c.protected AND p.by_hand)"
FAMILY_READS = f"""
-- The family's own page is for the child and the guardians, and not for whom a protected family is kept safe from.
CREATE OR REPLACE FUNCTION sec.my_family_cases(wanted text) RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(p.case_id), '{{}}') FROM cases_person p
    JOIN cases_case c ON c.id = p.case_id AND {OWN_CHILD}
    JOIN networks_user u ON u.id = p.account_id AND u.is_active
    JOIN cases_membership m ON m.person_id = p.id AND m.ended_at IS NULL
    WHERE p.account_id = sec.uid()
      AND EXISTS (SELECT FROM networks_rolemembership r WHERE r.user_id = u.id AND r.role = 'family'
        AND r.starts_on <= {TODAY} AND (r.ends_on IS NULL OR r.ends_on >= {TODAY}))
      AND NOT EXISTS (SELECT FROM cases_hiding h WHERE h.guardian_id = p.id AND h.section = wanted AND h.ended_at IS NULL) $$;
CREATE OR REPLACE FUNCTION sec.my_persons() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(p.id), '{{}}') FROM cases_person p JOIN cases_case c ON c.id = p.case_id AND {OWN_CHILD}
    WHERE p.account_id = sec.uid() AND p.case_id = ANY (sec.my_family_cases('')) $$;
REVOKE SELECT ON cases_person, cases_membership FROM {FAMILY};
GRANT SELECT (id, case_id, kind, name, family_name, relation, language, interpreter, consent, consent_on)
    ON cases_person TO {FAMILY};
GRANT SELECT (id, case_id, person_id, unit_id, role, must_attend, started_at, ended_at) ON cases_membership TO {FAMILY};
"""

SQL = (
    NAMED
    + READERS
    + OFFICER_RECUSED
    + EXCEPTIONAL
    + CONCERNS
    + STANDING
    + PLACES
    + SEATS
    + REFERENCE
    + COLUMNS
    + FAMILY_READS
)


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0008_seats_at_once"),
        ("cases", "0022_seats_at_once"),
        ("networks", "0007_written_consent"),
        ("audit", "0005_oversight"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
