"""The second wall with sections and consent: which part of which situation a row of the network opens.

A seat is a row of the network that its person may use now. What it opens beyond being there follows from what the family
has said (`sec.consented`). A coordinator sees the area, without protected families of others and without those in which
they are disqualified. The page of this table for people is `cases.sections.MATRIX`.
"""

from django.db import migrations

from yhteiso.hats.roles import HATS, OWNER, role
from yhteiso.hats.walls import append_only, family_table, grants

ALL_HATS = ", ".join(role(hat) for hat in HATS)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public"
TODAY = "(now() AT TIME ZONE 'Europe/Helsinki')::date"

SEATS = f"""
CREATE FUNCTION sec.my_unit() RETURNS bigint LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT u.unit_id FROM networks_user u WHERE u.id = sec.uid() AND u.is_active $$;

CREATE FUNCTION sec.my_recusals() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(r.case_id), '{{}}') FROM cases_recusal r WHERE r.user_id = sec.uid() $$;

CREATE FUNCTION sec.my_seats() RETURNS SETOF cases_membership LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.* FROM cases_membership m
    JOIN networks_user u ON u.id = m.user_id AND u.is_active
    JOIN cases_case c ON c.id = m.case_id
    WHERE m.user_id = sec.uid() AND m.ended_at IS NULL AND (m.expires_at IS NULL OR m.expires_at > now())
      -- a seat belongs to a person and a unit; a coordinator's to the role over the area
      AND CASE WHEN m.role = 'coordinator' THEN c.area_id = ANY (sec.my_areas())
               ELSE m.unit_id IS NOT DISTINCT FROM u.unit_id END
      AND NOT EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = m.case_id AND r.user_id = m.user_id)
      AND EXISTS (SELECT FROM networks_rolemembership r WHERE r.user_id = u.id
        AND r.role IN ('coordinator', 'responsible', 'professional')
        AND r.starts_on <= {TODAY} AND (r.ends_on IS NULL OR r.ends_on >= {TODAY})) $$;

CREATE OR REPLACE FUNCTION sec.my_cases() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(s.case_id), '{{}}') FROM sec.my_seats() s $$;

CREATE FUNCTION sec.my_seat_ids() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(s.id), '{{}}') FROM sec.my_seats() s $$;

-- Whether everybody who decides has said yes to this section for the seat's unit, or for the person where the agency
-- needs a written consent for each. An oral yes to the network itself lets the coordinator ask for times, nothing more.
CREATE FUNCTION sec.consented(seat cases_membership, wanted text) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    WITH finding AS (
        SELECT coalesce((SELECT k.finding FROM cases_capacity k WHERE k.case_id = seat.case_id
                         ORDER BY k.written_at DESC, k.id DESC LIMIT 1), '') = 'capable' AS child_decides
    ), people AS (
        SELECT p.id, p.kind, p.consent FROM cases_person p
        JOIN cases_membership f ON f.person_id = p.id AND f.ended_at IS NULL
        WHERE p.case_id = seat.case_id AND p.kind IN ('child', 'guardian')
    ), deciders AS (
        SELECT p.id, p.consent FROM people p, finding f
        WHERE CASE WHEN f.child_decides THEN p.kind = 'child'
                   ELSE p.kind = 'guardian' AND NOT EXISTS (SELECT FROM cases_consentexception e
                        WHERE e.guardian_id = p.id AND e.ended_at IS NULL) END
    ), agency AS (
        SELECT coalesce((SELECT a.written_consent FROM networks_unit u JOIN networks_agency a ON a.id = u.agency_id
                         WHERE u.id = seat.unit_id), true) AS written
    )
    SELECT CASE WHEN EXISTS (SELECT FROM deciders) THEN NOT EXISTS (
        SELECT FROM deciders d, agency WHERE NOT coalesce((
            SELECT k.answer = 'yes' AND k.valid_until >= {TODAY}
                AND (wanted = 'time' OR NOT agency.written OR k.confirmed_at IS NOT NULL)
            FROM cases_consent k WHERE k.giver_id = d.id AND k.section = wanted AND k.ended_at IS NULL
                AND CASE WHEN agency.written THEN k.membership_id = seat.id ELSE k.unit_id = seat.unit_id END
        ), wanted = 'time' AND d.consent = 'oral'))
    -- nobody of the family is recorded yet: what was told in the call is all there is
    ELSE wanted = 'time' AND NOT (SELECT child_decides FROM finding)
        AND NOT EXISTS (SELECT FROM people p WHERE p.kind = 'guardian')
        AND EXISTS (SELECT FROM cases_case c WHERE c.id = seat.case_id AND c.consent = 'oral') END $$;

CREATE FUNCTION sec.seat_opens(seat cases_membership, wanted text) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE
        WHEN wanted = 'intake' THEN false
        WHEN seat.role = 'coordinator' THEN true
        WHEN seat.role = 'exceptional' THEN wanted = ANY (seat.sections)
        WHEN wanted = 'consents' THEN NOT seat.index_only
        WHEN wanted IN ('time', 'network') THEN sec.consented(seat, 'time')
        WHEN seat.index_only THEN false
        ELSE sec.consented(seat, wanted) END $$;

CREATE FUNCTION sec.open_cases(wanted text) RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(s.case_id), '{{}}') FROM sec.my_seats() s WHERE sec.seat_opens(s, wanted) $$;

CREATE FUNCTION sec.my_sections(wanted bigint) RETURNS text[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(w), '{{}}') FROM sec.my_seats() s,
        unnest(ARRAY['time', 'network', 'themes', 'plan', 'contact', 'consents']) w
    WHERE s.case_id = wanted AND sec.seat_opens(s, w) $$;

-- What the professional still sees of an own concern once its text is gone: that it was answered, and when.
CREATE FUNCTION sec.my_answered_concerns() RETURNS TABLE (ref varchar, sent_at timestamptz, answered_at timestamptz)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.ref, c.sent_at, c.answered_at FROM cases_concern c
    WHERE c.logged_by_id = sec.uid() AND c.unit_id = sec.my_unit() AND c.answered_at IS NOT NULL
      AND (c.case_id IS NULL OR c.case_id <> ALL (sec.my_recusals())) $$;

CREATE FUNCTION sec.my_family_cases(wanted text) RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(p.case_id), '{{}}') FROM cases_person p
    JOIN networks_user u ON u.id = p.account_id AND u.is_active
    JOIN cases_membership m ON m.person_id = p.id AND m.ended_at IS NULL
    WHERE p.account_id = sec.uid()
      AND EXISTS (SELECT FROM networks_rolemembership r WHERE r.user_id = u.id AND r.role = 'family'
        AND r.starts_on <= {TODAY} AND (r.ends_on IS NULL OR r.ends_on >= {TODAY}))
      AND NOT EXISTS (SELECT FROM cases_hiding h WHERE h.guardian_id = p.id AND h.section = wanted AND h.ended_at IS NULL) $$;

CREATE FUNCTION sec.my_persons() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(p.id), '{{}}') FROM cases_person p
    WHERE p.account_id = sec.uid() AND p.case_id = ANY (sec.my_family_cases('')) $$;

CREATE FUNCTION sec.sees_case(wanted bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT FROM cases_case c WHERE c.id = wanted AND CASE current_setting('role')
        WHEN '{role("area")}' THEN c.area_id = ANY (sec.my_areas()) AND c.id <> ALL (sec.my_recusals())
            AND (NOT c.protected OR c.coordinator_id = sec.uid() OR c.id = ANY (sec.my_cases()))
        WHEN '{role("member")}' THEN c.id = ANY (sec.my_cases())
        ELSE current_setting('role') = 'none' AND session_user = '{OWNER}' END) $$;

CREATE OR REPLACE FUNCTION sec.lock_case(wanted bigint) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE found bigint;
    BEGIN
        IF NOT sec.sees_case(wanted) THEN RETURN NULL; END IF;
        SELECT c.id INTO found FROM cases_case c WHERE c.id = wanted FOR NO KEY UPDATE;
        RETURN found;
    END $$;
"""

LEAD = f"""
ALTER TABLE cases_membership ADD CONSTRAINT membership_of_case_and_user UNIQUE (case_id, id, user_id);
INSERT INTO cases_membership (case_id, user_id, unit_id, role, must_attend, masked, index_only, named, sections,
                              started_at, started_by_id, ended_at, ended_by_id, end_reason)
    SELECT c.id, c.coordinator_id, u.unit_id, 'coordinator', false, false, false, false, '{{}}',
           c.opened_at, c.opened_by_id, c.closed_at, c.closed_by_id, CASE WHEN c.closed_at IS NULL THEN '' ELSE 'closed' END
    FROM cases_case c JOIN networks_user u ON u.id = c.coordinator_id
    WHERE NOT EXISTS (SELECT FROM cases_membership m WHERE m.case_id = c.id AND m.user_id = c.coordinator_id
        AND m.role = 'coordinator' AND (m.ended_at IS NULL OR c.closed_at IS NOT NULL));
UPDATE cases_case c SET lead_id = (SELECT m.id FROM cases_membership m WHERE m.case_id = c.id
    AND m.user_id = c.coordinator_id AND m.role = 'coordinator' ORDER BY m.ended_at DESC NULLS FIRST, m.id DESC LIMIT 1);
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE cases_case ADD CONSTRAINT case_lead_is_its_coordinator FOREIGN KEY (id, lead_id, coordinator_id)
    REFERENCES cases_membership (case_id, id, user_id) DEFERRABLE INITIALLY DEFERRED;
GRANT USAGE ON SEQUENCE cases_membership_id_seq TO {role("area")};

-- An open situation is never without its lead: looked at when the transaction ends, so that a swap may pass through.
CREATE FUNCTION sec.refuse_leaderless() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE wanted bigint := to_jsonb(NEW) ->> CASE WHEN TG_TABLE_NAME = 'cases_case' THEN 'id' ELSE 'case_id' END;
    BEGIN
        IF EXISTS (SELECT FROM cases_case c JOIN cases_membership m ON m.id = c.lead_id
                   WHERE c.id = wanted AND c.status <> 'closed' AND (m.ended_at IS NOT NULL OR m.role <> 'coordinator'))
        THEN RAISE EXCEPTION 'an open situation has a lead' USING ERRCODE = 'restrict_violation'; END IF;
        RETURN NULL;
    END $$;
CREATE CONSTRAINT TRIGGER has_a_lead AFTER INSERT OR UPDATE ON cases_case
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sec.refuse_leaderless();
CREATE CONSTRAINT TRIGGER lead_stays AFTER UPDATE ON cases_membership
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sec.refuse_leaderless();

-- The swap itself. Nobody may call it but the two functions below, which look at who asks.
CREATE FUNCTION sec.swap_lead(wanted bigint, successor bigint, area bigint, moment timestamptz, why text)
    RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_case; seat bigint;
    BEGIN
        SELECT * INTO c FROM cases_case WHERE id = wanted FOR NO KEY UPDATE;
        UPDATE cases_membership SET ended_at = moment, ended_by_id = sec.uid(), end_reason = 'lead'
            WHERE case_id = wanted AND user_id = successor AND ended_at IS NULL;
        INSERT INTO cases_membership (case_id, user_id, unit_id, role, must_attend, masked, index_only, named, sections,
                                      started_at, started_by_id, end_reason)
            SELECT wanted, u.id, u.unit_id, 'coordinator', false, false, false, c.protected, '{{}}', moment, sec.uid(), ''
            FROM networks_user u WHERE u.id = successor RETURNING id INTO seat;
        UPDATE cases_case SET lead_id = seat, coordinator_id = successor, area_id = area WHERE id = wanted;
        UPDATE cases_membership SET ended_at = moment, ended_by_id = sec.uid(), end_reason = why
            WHERE id = c.lead_id AND ended_at IS NULL;
        RETURN seat;
    END $$;

CREATE FUNCTION sec.coordinates(who bigint, area bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT FROM networks_rolemembership r JOIN networks_user u ON u.id = r.user_id AND u.is_active
        WHERE r.user_id = who AND r.area_id = area AND r.role IN ('coordinator', 'responsible')
        AND r.starts_on <= {TODAY} AND (r.ends_on IS NULL OR r.ends_on >= {TODAY})) $$;

-- Accepting a hand-over. The receiver may be of another area and see nothing of the situation before. Returns the
-- situation's id, or nothing where the offer is not theirs to accept or can't be accepted any more.
CREATE FUNCTION sec.take_over(offer bigint, to_area bigint, moment timestamptz) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE h cases_handover; c cases_case;
    BEGIN
        SELECT * INTO h FROM cases_handover WHERE id = offer;
        SELECT * INTO c FROM cases_case WHERE id = h.case_id FOR NO KEY UPDATE;
        SELECT * INTO h FROM cases_handover WHERE id = offer FOR NO KEY UPDATE;
        IF h.id IS NULL OR h.accepted_at IS NOT NULL OR h.ended_at IS NOT NULL OR c.status = 'closed'
            OR h.from_user_id <> c.coordinator_id OR h.proposed_by_id = sec.uid()
            OR NOT (h.to_user_id = sec.uid() OR h.proposed_by_id = h.to_user_id AND sec.sees_case(c.id))
            OR NOT sec.coordinates(h.to_user_id, to_area)
            OR EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = c.id AND r.user_id IN (h.to_user_id, sec.uid()))
        THEN RETURN NULL; END IF;
        UPDATE cases_handover SET accepted_at = moment, accepted_by_id = sec.uid() WHERE id = offer;
        PERFORM sec.swap_lead(c.id, h.to_user_id, to_area, moment, 'handed_over');
        RETURN c.id;
    END $$;

-- A disqualified lead passes the situation on at once, to a coordinator of another area: it can't wait for an acceptance.
CREATE FUNCTION sec.pass_on(wanted bigint, successor bigint, to_area bigint, moment timestamptz) RETURNS bigint
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_case;
    BEGIN
        SELECT * INTO c FROM cases_case WHERE id = wanted;
        IF NOT sec.sees_case(wanted) OR c.status = 'closed' OR successor = c.coordinator_id OR to_area = c.area_id
            OR NOT sec.coordinates(successor, to_area)
            OR EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = wanted AND r.user_id = successor)
        THEN RETURN NULL; END IF;
        RETURN sec.swap_lead(wanted, successor, to_area, moment, 'recused');
    END $$;

-- A member who is disqualified gives up the own seat, which is otherwise the coordinator's to end.
CREATE FUNCTION sec.leave_own_seat(wanted bigint, moment timestamptz) RETURNS bigint LANGUAGE sql {DEFINER} AS $$
    UPDATE cases_membership SET ended_at = moment, ended_by_id = sec.uid(), end_reason = 'recused'
    WHERE case_id = wanted AND user_id = sec.uid() AND role <> 'coordinator' AND ended_at IS NULL RETURNING id $$;
"""

EXCEPTIONAL = f"""
-- Exceptional access. The reason is stored first, whatever follows; then the one open situation of a child of this name
-- and birth date opens for 24 hours through an ordinary seat. Protected families, and those in which the asker is
-- disqualified, answer as if there were none. Returns the public reference, or nothing.
CREATE FUNCTION sec.open_exceptionally(
    access_id uuid, first_name text, born date, why text, grounds_text text, wanted text[], moment timestamptz, review date
) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_case; seat bigint; unit bigint := sec.my_unit();
    BEGIN
        IF current_setting('role') <> '{role("member")}' AND session_user <> '{OWNER}' THEN RETURN NULL; END IF;
        SELECT k.* INTO c FROM cases_case k
            JOIN cases_person p ON p.case_id = k.id AND p.kind = 'child'
            JOIN cases_personcontact t ON t.person_id = p.id
            WHERE lower(p.name) = lower(first_name) AND t.born_on = born AND k.status <> 'closed' AND NOT k.protected
              AND NOT EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = k.id AND r.user_id = sec.uid())
            ORDER BY k.id DESC LIMIT 1;
        IF c.id IS NOT NULL AND NOT EXISTS (SELECT FROM sec.my_seats() s WHERE s.case_id = c.id) THEN
            UPDATE cases_membership SET ended_at = moment, ended_by_id = sec.uid(), end_reason = 'expired'
                WHERE case_id = c.id AND user_id = sec.uid() AND ended_at IS NULL;
            INSERT INTO cases_membership (case_id, user_id, unit_id, role, must_attend, masked, index_only, named, sections,
                                          started_at, started_by_id, expires_at, end_reason)
                VALUES (c.id, sec.uid(), unit, 'exceptional', false, false, false, false, wanted,
                        moment, sec.uid(), moment + interval '24 hours', '') RETURNING id INTO seat;
        END IF;
        INSERT INTO cases_exceptionalaccess (id, case_id, membership_id, user_id, unit_id, reason, grounds, sections,
                                             opened_at, review_by, verdict, remark)
            VALUES (access_id, c.id, seat, sec.uid(), unit, why, grounds_text, wanted, moment, review, '', '');
        IF seat IS NOT NULL THEN
            INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
                VALUES (c.id, 'exceptional', moment, sec.uid(), '{{}}');
            INSERT INTO cases_task (id, kind, case_id, unit_id, to_id, made_at, due_at, about)
                SELECT gen_random_uuid(), t.kind, c.id, unit, c.coordinator_id, moment, t.due, access_id::text
                FROM (VALUES ('exceptional', moment),
                             ('exceptional_review', (review + time '16:00') AT TIME ZONE 'Europe/Helsinki')) AS t (kind, due);
        END IF;
        RETURN c.ref;
    END $$;
"""

CALLABLE = """sec.my_unit(), sec.my_recusals(), sec.my_seats(), sec.my_seat_ids(), sec.open_cases(text),
    sec.my_sections(bigint), sec.my_answered_concerns(), sec.my_family_cases(text), sec.my_persons(), sec.sees_case(bigint)"""
DEEDS = """sec.take_over(bigint, bigint, timestamptz), sec.pass_on(bigint, bigint, bigint, timestamptz),
    sec.leave_own_seat(bigint, timestamptz),
    sec.open_exceptionally(uuid, text, date, text, text, text[], timestamptz, date)"""
INNER = """sec.consented(cases_membership, text), sec.seat_opens(cases_membership, text), sec.refuse_leaderless(),
    sec.swap_lead(bigint, bigint, bigint, timestamptz, text), sec.coordinates(bigint, bigint)"""
RIGHTS = f"""
REVOKE ALL ON FUNCTION {CALLABLE}, {DEEDS}, {INNER} FROM PUBLIC;
GRANT EXECUTE ON FUNCTION {CALLABLE} TO {ALL_HATS};
GRANT EXECUTE ON FUNCTION {DEEDS} TO {role("area")}, {role("member")};
"""


def opened(section: str, column: str = "case_id") -> str:
    """The rows of the situations of which this section is open to the member."""
    return f"{column} = ANY ((SELECT sec.open_cases('{section}'))::bigint[])"


def of_family(section: str, column: str = "case_id") -> str:
    """The rows of the own family's situations, where this section is not hidden from the guardian."""
    return f"{column} = ANY ((SELECT sec.my_family_cases('{section}'))::bigint[])"


def policy(table: str, hat: str, verb: str, rule: str) -> str:
    """Another condition for a policy that is there already."""
    return f"ALTER POLICY {hat}_{verb} ON {table} {rule};"


IN_AREA = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
NOT_RECUSED = "<> ALL ((SELECT sec.my_recusals())::bigint[])"
MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
UID = "(SELECT sec.uid())"
MY_AREA_CASE = (
    f"{IN_AREA} AND id {NOT_RECUSED}"
    f" AND (NOT protected OR coordinator_id = {UID} OR id = ANY ((SELECT sec.my_cases())::bigint[]))"
)
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"  # which has a wall of its own for this hat
CASE_OR_NONE = f"(case_id IS NULL OR {AREA_CASE})"
CALL = f"{IN_AREA} AND {CASE_OR_NONE} AND (NOT protected OR case_id IS NOT NULL OR taken_by_id = {UID})"
CONCERN = (
    f"logged_by_id = {UID} AND unit_id = (SELECT sec.my_unit())"
    f" AND (answered_at IS NULL OR answered_at > now() - interval '30 days') AND (case_id IS NULL OR case_id {NOT_RECUSED})"
)
AREA = {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}
CONSENT_STATE = (
    "id, case_id, giver_id, unit_id, membership_id, section, answer, way, wording_id, asked_at, valid_until, confirmed_at,"
    " ended_at, withdrawn"
)
OWN_WORD = f"{MY_CASE} AND (unit_id = (SELECT sec.my_unit()) OR membership_id = ANY ((SELECT sec.my_seat_ids())::bigint[]))"
FAMILY_CASE = (
    "id, ref, status, t0_at, day14_on, plan_by_on, first_met_at, child_name, child_age, consent, coordinator_id, lead_id"
)

POLICIES = "\n".join(
    [
        policy("cases_case", "area", "select", f"USING ({MY_AREA_CASE})"),
        policy("cases_case", "area", "update", f"USING ({MY_AREA_CASE}) WITH CHECK ({IN_AREA})"),
        "GRANT SELECT (protected, coordinator_id, lead_id) ON cases_case TO hat_jobs;",
        f"GRANT SELECT ({FAMILY_CASE}) ON cases_case TO hat_family;",
        f"CREATE POLICY family_select ON cases_case FOR SELECT TO hat_family USING ({of_family('', 'id')});",
        policy("cases_concern", "area", "select", f"USING ({IN_AREA} AND {CASE_OR_NONE})"),
        policy("cases_concern", "area", "update", f"USING ({IN_AREA} AND {CASE_OR_NONE}) WITH CHECK ({IN_AREA})"),
        policy("cases_concern", "member", "select", f"USING ({CONCERN})"),
        policy("cases_call", "area", "select", f"USING ({CALL})"),
        policy("cases_call", "area", "update", f"USING ({CALL}) WITH CHECK ({IN_AREA})"),
        policy("cases_person", "member", "select", f"USING ({opened('network')})"),
        "GRANT SELECT ON cases_person, cases_membership TO hat_family;",
        f"CREATE POLICY family_select ON cases_person FOR SELECT TO hat_family USING ({of_family('network')});",
        f"CREATE POLICY family_select ON cases_membership FOR SELECT TO hat_family USING ({of_family('network')});",
        "GRANT SELECT ON cases_personcontact TO hat_member, hat_family;",
        f"CREATE POLICY member_select ON cases_personcontact FOR SELECT TO hat_member USING ({opened('contact')});",
        "CREATE POLICY family_select ON cases_personcontact FOR SELECT TO hat_family"
        " USING (person_id = ANY ((SELECT sec.my_persons())::bigint[]));",
        policy(
            "cases_membership",
            "member",
            "select",
            f"USING ({opened('network')} OR id = ANY ((SELECT sec.my_seat_ids())::bigint[]))",
        ),
        policy("cases_caseevent", "member", "select", f"USING ({opened('network')} OR by_id = {UID} AND {MY_CASE})"),
        family_table(
            "cases_consent",
            {
                "area": AREA,
                "member": {"S": OWN_WORD},
                "family": {"S": "giver_id = ANY ((SELECT sec.my_persons())::bigint[])"},
                "officer": {"S": f"case_id {NOT_RECUSED}"},
                "jobs": {"S": "ended_at IS NULL"},
            },
            {
                "member": CONSENT_STATE,
                "officer": CONSENT_STATE + ", asked_by_id, ended_by_id",
                "jobs": "id, case_id, section, answer, way, valid_until, confirmed_at, ended_at",
            },
        ),
        family_table("cases_consentexception", {"area": AREA, "family": {"S": of_family("")}}),
        family_table("cases_capacity", {"area": AREA, "family": {"S": of_family("")}}),
        family_table("cases_hiding", {"area": AREA}),
        family_table(
            "cases_recusal",
            {
                "area": {"S": f"{AREA_CASE} OR user_id = {UID}", "I": f"{AREA_CASE} AND marked_by_id = {UID}"},
                "member": {"S": f"user_id = {UID}", "I": f"{MY_CASE} AND user_id = {UID} AND marked_by_id = {UID}"},
                "officer": {"S": f"case_id {NOT_RECUSED}"},
            },
        ),
        family_table(
            "cases_handover",
            {
                "area": {
                    "S": f"{AREA_CASE} OR to_user_id = {UID}",
                    "I": f"{AREA_CASE} AND proposed_by_id = {UID}",
                    # acceptance goes through sec.take_over; here an offer is only declined or taken back
                    "U": (f"accepted_at IS NULL AND ({AREA_CASE} OR to_user_id = {UID})", "accepted_at IS NULL"),
                }
            },
        ),
        "REVOKE UPDATE ON cases_handover FROM hat_area; GRANT UPDATE (ended_at, ended_by_id) ON cases_handover TO hat_area;",
        family_table(
            "cases_exceptionalaccess",
            {
                "area": {"S": AREA_CASE, "U": (f"{AREA_CASE} AND user_id <> {UID}", f"reviewed_by_id = {UID}")},
                "member": {"S": f"user_id = {UID}"},
                "officer": {"S": f"case_id IS NULL OR case_id {NOT_RECUSED}"},
            },
        ),
        "REVOKE UPDATE ON cases_exceptionalaccess FROM hat_area;"
        "GRANT UPDATE (verdict, remark, reviewed_by_id, reviewed_at) ON cases_exceptionalaccess TO hat_area;",
        family_table(
            "cases_task",
            {
                "area": {
                    "S": f"to_id = {UID} OR {AREA_CASE}",
                    "I": f"case_id IS NULL OR {AREA_CASE}",
                    "U": f"to_id = {UID} OR {AREA_CASE}",
                },
                "member": {
                    "S": f"to_id = {UID} AND {CASE_OR_NONE}",
                    "I": MY_CASE,
                    "U": f"to_id = {UID} AND {CASE_OR_NONE}",
                },
                "jobs": {"S": "true", "I": "true"},
            },
            {"jobs": "id, kind, case_id, unit_id, to_id, due_at, done_at, about"},
        ),
        *[
            f"REVOKE UPDATE ON cases_task FROM hat_{hat}; GRANT UPDATE (done_at, done_by_id) ON cases_task TO hat_{hat};"
            for hat in ("area", "member")
        ],
        append_only("cases_recusal"),
        append_only("cases_capacity"),
        grants("cases_consentwording", "S", *HATS),
        grants("cases_consentwording", "I", "admin"),
    ]
)

# A child's, a giver's or a member's row of another situation can't be pointed at, whatever a form carries.
SAME_CASE = """
ALTER TABLE cases_consent
    ADD CONSTRAINT consent_giver_of_case FOREIGN KEY (case_id, giver_id) REFERENCES cases_person (case_id, id),
    ADD CONSTRAINT consent_member_of_case FOREIGN KEY (case_id, membership_id) REFERENCES cases_membership (case_id, id);
ALTER TABLE cases_consentexception
    ADD CONSTRAINT exception_guardian_of_case FOREIGN KEY (case_id, guardian_id) REFERENCES cases_person (case_id, id);
ALTER TABLE cases_hiding
    ADD CONSTRAINT hiding_guardian_of_case FOREIGN KEY (case_id, guardian_id) REFERENCES cases_person (case_id, id);
ALTER TABLE cases_exceptionalaccess
    ADD CONSTRAINT exceptional_member_of_case FOREIGN KEY (case_id, membership_id) REFERENCES cases_membership (case_id, id);
INSERT INTO cases_consentwording (version, valid_from, text) VALUES (1, '2026-01-01',
    'Saako lapsesi asioista puhua näiden ihmisten kanssa? Voit sanoa yhteen kyllä ja toiseen ei. Voit muuttaa mielesi milloin vain, eikä siitä tule teille haittaa.');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_access"),
        ("meetings", "0002_walls"),  # its unique pair of case and membership
        ("networks", "0007_written_consent"),
    ]
    operations = [migrations.RunSQL(SEATS + LEAD + EXCEPTIONAL + RIGHTS + POLICIES + SAME_CASE, migrations.RunSQL.noop)]
