"""Exceptional access as a seat of its own, disqualification and hand-over decided in one place each.

Who is let in for a day keeps whatever seat they have: a lead whose role has ended, or a member whose family has said no,
stays what they are in the network. Deeds that end one's own right to read are functions: nothing could be written after.
"""

from django.db import migrations, models
from django.db.models import Q

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public"
TODAY = "(now() AT TIME ZONE 'Europe/Helsinki')::date"
UID = "(SELECT sec.uid())"
NOT_RECUSED = "<> ALL ((SELECT sec.my_recusals())::bigint[])"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"
IN_FORCE = f"starts_on <= {TODAY} AND (ends_on IS NULL OR ends_on >= {TODAY})"

EXCEPTIONAL = f"""
-- A name as it is compared: without the case of letters, doubled or odd spaces, and the two ways to write an ä.
CREATE FUNCTION sec.plain_name(name text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT casefold(normalize(btrim(regexp_replace(replace(name, chr(160), ' '), '[[:space:]]+', ' ', 'g')), NFC)
                    COLLATE pg_unicode_fast) $$;

-- Exceptional access. The reason is stored first, whatever follows; then the one open situation of a child of this name
-- and birth date opens for 24 hours through a seat of its own. Protected families, and those in which the asker is
-- disqualified, answer as if there were none; so do two children whom nothing tells apart. Of a protected one its
-- coordinator is told. Returns the public reference, or nothing.
DROP FUNCTION sec.open_exceptionally(uuid, text, date, text, text, text[], timestamptz, date);
CREATE FUNCTION sec.open_exceptionally(
    access_id uuid, first_name text, born date, why text, grounds_text text, wanted text[], called boolean, tells boolean,
    moment timestamptz, review date
) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_case; found bigint[]; guarded bigint[]; seat bigint; unit bigint := sec.my_unit();
    BEGIN
        IF current_setting('role') <> '{role("member")}'
            OR NOT EXISTS (SELECT FROM networks_rolemembership r JOIN networks_user u ON u.id = r.user_id AND u.is_active
                WHERE r.user_id = sec.uid() AND r.role IN ('coordinator', 'responsible', 'professional') AND {IN_FORCE})
        THEN RETURN NULL; END IF;
        SELECT array_agg(k.id) FILTER (WHERE NOT k.protected), array_agg(k.id) FILTER (WHERE k.protected)
            INTO found, guarded
            FROM cases_personcontact t
            JOIN cases_person p ON p.id = t.person_id AND p.kind = 'child'
            JOIN cases_case k ON k.id = p.case_id AND k.status <> 'closed'
            WHERE t.born_on = born AND sec.plain_name(p.name) = sec.plain_name(first_name)
              AND k.id <> ALL (sec.my_recusals());
        IF cardinality(found) > 1 THEN
            SELECT array_agg(k.id) INTO found FROM cases_case k JOIN networks_unit n ON n.area_id = k.area_id
                WHERE k.id = ANY (found) AND n.id = unit;
        END IF;
        IF cardinality(found) = 1 THEN
            SELECT * INTO c FROM cases_case k WHERE k.id = found[1] FOR NO KEY UPDATE;
            IF c.status = 'closed' THEN c := NULL; END IF;
        END IF;
        IF c.id IS NOT NULL THEN
            UPDATE cases_membership SET ended_at = moment, ended_by_id = sec.uid(), end_reason = 'expired'
                WHERE case_id = c.id AND user_id = sec.uid() AND ended_at IS NULL AND cases_membership.role = 'exceptional';
            INSERT INTO cases_membership (case_id, user_id, unit_id, role, must_attend, masked, index_only, named, sections,
                                          started_at, started_by_id, expires_at, end_reason)
                VALUES (c.id, sec.uid(), unit, 'exceptional', false, false, false, false, wanted,
                        moment, sec.uid(), moment + interval '24 hours', '') RETURNING id INTO seat;
        END IF;
        INSERT INTO cases_exceptionalaccess (id, case_id, membership_id, user_id, unit_id, reason, grounds, sections,
                                             called_first, tells_superior, opened_at, review_by, verdict, remark)
            VALUES (access_id, c.id, seat, sec.uid(), unit, why, grounds_text, wanted, called, tells, moment, review, '', '');
        IF seat IS NOT NULL THEN
            INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
                VALUES (c.id, 'exceptional', moment, sec.uid(), '{{}}');
            INSERT INTO cases_task (id, kind, case_id, unit_id, to_id, made_at, due_at, about)
                SELECT gen_random_uuid(), t.kind, c.id, unit, c.coordinator_id, moment, t.due, access_id::text
                FROM (VALUES ('exceptional', moment),
                             ('exceptional_review', (review + time '16:00') AT TIME ZONE 'Europe/Helsinki')) AS t (kind, due);
        ELSE
            INSERT INTO cases_task (id, kind, case_id, unit_id, to_id, made_at, due_at, about)
                SELECT gen_random_uuid(), 'protected_look', k.id, unit, k.coordinator_id, moment, moment, access_id::text
                FROM cases_case k WHERE k.id = ANY (guarded);
        END IF;
        RETURN c.ref;
    END $$;
REVOKE ALL ON FUNCTION sec.plain_name(text),
    sec.open_exceptionally(uuid, text, date, text, text, text[], boolean, boolean, timestamptz, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.open_exceptionally(uuid, text, date, text, text, text[], boolean, boolean, timestamptz, date)
    TO {role("member")};
"""

STANDING = f"""
-- Who answers for the area: by role, or as the person named in its settings.
CREATE FUNCTION sec.answers_for(who bigint, area bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT FROM networks_user u WHERE u.id = who AND u.is_active AND (
        EXISTS (SELECT FROM networks_rolemembership r
                WHERE r.user_id = who AND r.area_id = area AND r.role = 'responsible' AND {IN_FORCE})
        OR sec.coordinates(who, area) AND EXISTS (SELECT FROM networks_area a WHERE a.id = area AND a.responsible_id = who)
    )) $$;

-- The swap itself, with what waited for the old lead.
CREATE OR REPLACE FUNCTION sec.swap_lead(wanted bigint, successor bigint, area bigint, moment timestamptz, why text)
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
        UPDATE cases_task t SET to_id = successor
            WHERE t.case_id = wanted AND t.to_id = c.coordinator_id AND t.done_at IS NULL AND t.kind <> 'hand_over'
              AND NOT EXISTS (SELECT FROM cases_task o WHERE o.kind = t.kind AND o.case_id = wanted AND o.to_id = successor
                              AND o.about = t.about);
        RETURN seat;
    END $$;

-- Who may let a situation go to the one who asked for it: its lead, who answers for the area, and where the lead is gone
-- and nobody else answers for the area, another coordinator.
CREATE FUNCTION sec.releases(c cases_case, asker bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.uid() <> asker AND sec.sees_case(c.id) AND (
        c.coordinator_id = sec.uid() OR sec.answers_for(sec.uid(), c.area_id)
        OR NOT sec.coordinates(c.coordinator_id, c.area_id) AND sec.coordinates(sec.uid(), c.area_id)
           AND NOT EXISTS (SELECT FROM networks_user u WHERE u.id <> asker AND sec.answers_for(u.id, c.area_id))) $$;

CREATE OR REPLACE FUNCTION sec.take_over(offer bigint, to_area bigint, moment timestamptz) RETURNS bigint
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE h cases_handover; c cases_case;
    BEGIN
        SELECT * INTO h FROM cases_handover WHERE id = offer;
        SELECT * INTO c FROM cases_case WHERE id = h.case_id FOR NO KEY UPDATE;
        SELECT * INTO h FROM cases_handover WHERE id = offer FOR NO KEY UPDATE;
        IF h.id IS NULL OR h.accepted_at IS NOT NULL OR h.ended_at IS NOT NULL OR c.status = 'closed'
            OR h.from_user_id <> c.coordinator_id OR h.proposed_by_id = sec.uid()
            OR NOT (CASE WHEN h.proposed_by_id = h.to_user_id THEN sec.releases(c, h.to_user_id)
                         ELSE h.to_user_id = sec.uid() END)
            OR NOT sec.coordinates(h.to_user_id, to_area)
            OR EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = c.id AND r.user_id IN (h.to_user_id, sec.uid()))
        THEN RETURN NULL; END IF;
        UPDATE cases_handover SET accepted_at = moment, accepted_by_id = sec.uid() WHERE id = offer;
        UPDATE cases_task SET done_at = moment, done_by_id = sec.uid()
            WHERE case_id = c.id AND kind = 'hand_over' AND about = h.ref AND done_at IS NULL;
        PERFORM sec.swap_lead(c.id, h.to_user_id, to_area, moment, 'handed_over');
        INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail) VALUES (c.id, 'handed_over', moment, sec.uid(), '{{}}');
        IF h.to_user_id <> sec.uid() THEN
            INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
                VALUES (gen_random_uuid(), 'handed_over', c.id, h.to_user_id, moment, moment, h.ref) ON CONFLICT DO NOTHING;
        END IF;
        RETURN c.id;
    END $$;

-- No to an offer, or the own one taken back. The one to whom it was made may be of another area.
CREATE FUNCTION sec.end_offer(offer bigint, moment timestamptz) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE h cases_handover; c cases_case;
    BEGIN
        SELECT * INTO h FROM cases_handover WHERE id = offer;
        SELECT * INTO c FROM cases_case WHERE id = h.case_id FOR NO KEY UPDATE;
        SELECT * INTO h FROM cases_handover WHERE id = offer FOR NO KEY UPDATE;
        IF h.id IS NULL OR h.accepted_at IS NOT NULL OR h.ended_at IS NOT NULL OR c.id = ANY (sec.my_recusals())
            OR NOT (sec.uid() IN (h.to_user_id, h.proposed_by_id, c.coordinator_id)
                    OR sec.sees_case(c.id) AND sec.answers_for(sec.uid(), c.area_id))
        THEN RETURN NULL; END IF;
        UPDATE cases_handover SET ended_at = moment, ended_by_id = sec.uid() WHERE id = offer;
        UPDATE cases_task SET done_at = moment, done_by_id = sec.uid()
            WHERE case_id = c.id AND kind = 'hand_over' AND about = h.ref AND done_at IS NULL;
        INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
            VALUES (c.id, 'hand_over_ended', moment, sec.uid(), '{{}}');
        RETURN c.id;
    END $$;

-- Disqualification. Seats, offers and, for the lead, the situation itself go in the same transaction; the new lead is of
-- another area. Answers what happened: done, already, successor (one that can't take it), or nothing.
CREATE FUNCTION sec.recuse(
    wanted bigint, who bigint, why text, successor bigint, to_area bigint, moment timestamptz, due timestamptz
) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_case; leads boolean;
    BEGIN
        SELECT * INTO c FROM cases_case WHERE id = wanted FOR NO KEY UPDATE;
        IF c.id IS NULL OR NOT sec.sees_case(wanted)
            OR current_setting('role') = '{role("member")}' AND who <> sec.uid() THEN RETURN NULL; END IF;
        leads := c.coordinator_id = who AND c.status <> 'closed';
        IF EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = wanted AND r.user_id = who) THEN RETURN 'already'; END IF;
        IF leads AND (successor IS NULL OR to_area IS NULL OR successor = who OR to_area = c.area_id
            OR NOT sec.coordinates(successor, to_area) OR sec.coordinates(successor, c.area_id)
            OR EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = wanted AND r.user_id = successor))
        THEN RETURN 'successor'; END IF;
        INSERT INTO cases_recusal (case_id, user_id, reason, marked_by_id, marked_at)
            VALUES (wanted, who, why, sec.uid(), moment);
        INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail) VALUES (wanted, 'recused', moment, sec.uid(), '{{}}');
        UPDATE cases_handover SET ended_at = moment, ended_by_id = sec.uid()
            WHERE case_id = wanted AND accepted_at IS NULL AND ended_at IS NULL AND (leads OR to_user_id = who);
        UPDATE cases_task SET done_at = moment, done_by_id = sec.uid()
            WHERE case_id = wanted AND kind = 'hand_over' AND done_at IS NULL AND (leads OR to_id = who);
        IF leads THEN PERFORM sec.swap_lead(wanted, successor, to_area, moment, 'recused'); END IF;
        UPDATE cases_membership SET ended_at = moment, ended_by_id = sec.uid(), end_reason = 'recused'
            WHERE case_id = wanted AND user_id = who AND ended_at IS NULL;
        INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
            SELECT gen_random_uuid(), CASE WHEN leads THEN 'handed_over' ELSE 'recused' END, wanted, k.coordinator_id,
                   moment, due, 'recused-' || who
            FROM cases_case k WHERE k.id = wanted AND k.coordinator_id <> sec.uid()
            ON CONFLICT DO NOTHING;
        RETURN 'done';
    END $$;

-- Seats of people who can't use them any more: gone from the unit, or the account is not in use. For the jobs, which read
-- neither the network nor its people: numbers only.
CREATE FUNCTION sec.vacant_seats() RETURNS TABLE (case_id bigint, coordinator_id bigint, membership_id bigint, unit_id bigint)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.case_id, c.coordinator_id, m.id, m.unit_id FROM cases_membership m
    JOIN cases_case c ON c.id = m.case_id AND c.status <> 'closed'
    JOIN networks_user u ON u.id = m.user_id
    WHERE m.ended_at IS NULL AND m.role NOT IN ('coordinator', 'exceptional')
      AND (NOT u.is_active OR u.unit_id IS DISTINCT FROM m.unit_id) $$;

REVOKE ALL ON FUNCTION sec.answers_for(bigint, bigint), sec.releases(cases_case, bigint), sec.vacant_seats(),
    sec.end_offer(bigint, timestamptz),
    sec.recuse(bigint, bigint, text, bigint, bigint, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.end_offer(bigint, timestamptz),
    sec.recuse(bigint, bigint, text, bigint, bigint, timestamptz, timestamptz) TO {role("area")}, {role("member")};
GRANT EXECUTE ON FUNCTION sec.vacant_seats() TO {role("jobs")};
DROP FUNCTION sec.pass_on(bigint, bigint, bigint, timestamptz);
DROP FUNCTION sec.leave_own_seat(bigint, timestamptz);
"""

TASK = f"to_id = {UID} AND (case_id IS NULL OR case_id {NOT_RECUSED}) OR {AREA_CASE}"
OFFER = f"to_user_id = {UID} AND case_id {NOT_RECUSED} OR {AREA_CASE}"
POLICIES = f"""
-- What waited for somebody, and what was offered to them, goes with the disqualification too.
ALTER POLICY area_select ON cases_task USING ({TASK});
ALTER POLICY area_update ON cases_task USING ({TASK}) WITH CHECK ({TASK});
ALTER POLICY area_select ON cases_handover USING ({OFFER});
DROP POLICY area_update ON cases_handover;
REVOKE UPDATE ON cases_handover FROM {role("area")};
REVOKE UPDATE (ended_at, ended_by_id) ON cases_handover FROM {role("area")};
ALTER POLICY member_select ON cases_exceptionalaccess
    USING (user_id = {UID} AND (case_id IS NULL OR case_id {NOT_RECUSED}));
REVOKE INSERT ON cases_recusal FROM {role("area")}, {role("member")};
DROP POLICY area_insert ON cases_recusal;
DROP POLICY member_insert ON cases_recusal;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_precautions"), ("meetings", "0003_sections_walls")]
    operations = [
        migrations.RemoveConstraint("membership", "member_once_at_a_time"),
        migrations.AddConstraint(
            "membership",
            models.UniqueConstraint(
                fields=["case", "user"],
                condition=Q(ended_at=None, user__isnull=False) & ~Q(role="exceptional"),
                name="member_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            "membership",
            models.UniqueConstraint(
                fields=["case", "user"],
                condition=Q(ended_at=None, role="exceptional"),
                name="member_let_in_once_at_a_time",
            ),
        ),
        migrations.AddIndex(
            "personcontact", models.Index(fields=["born_on"], condition=Q(born_on__isnull=False), name="contact_by_birth")
        ),
        migrations.AddField("exceptionalaccess", "called_first", models.BooleanField(default=False)),
        migrations.AddField("exceptionalaccess", "tells_superior", models.BooleanField(default=False)),
        migrations.RunSQL(EXCEPTIONAL + STANDING + POLICIES, migrations.RunSQL.noop),
    ]
