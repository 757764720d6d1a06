"""What keeps one child safe keeps the siblings, also when it is found out later; and two situations that are here are bound.

Protection, guardians met apart, guardians told by hand and disqualifications carry over in the transaction that sets them,
also to a situation that whoever sets them does not see. Nothing is lifted by this: a person decides it for each child.

The functions read and write rows of meetings, too: a guardian told by hand is invited to none of them.
"""

from django.db import migrations

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
AREA, JOBS = role("area"), role("jobs")
COMING = "status IN ('proposed', 'confirmed')"
SITS = "EXISTS (SELECT FROM cases_membership m WHERE m.person_id = p.id AND m.ended_at IS NULL)"
SAME_NAME = (
    "sec.plain_name(p.name) = sec.plain_name(q.name) AND sec.plain_name(p.family_name) = sec.plain_name(q.family_name)"
)

FAMILY = f"""
-- The family's situations in one order. Asked twice: one that was bound while this waited is locked too.
CREATE FUNCTION sec.lock_family(wanted bigint) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        IF NOT sec.sees_case(wanted) THEN RETURN; END IF;
        FOR i IN 1..2 LOOP
            PERFORM FROM cases_case c WHERE c.id = wanted OR c.id IN (
                SELECT o.case_id FROM cases_sibling s JOIN cases_sibling o ON o.family = s.family WHERE s.case_id = wanted)
                ORDER BY c.id FOR NO KEY UPDATE;
        END LOOP;
    END $$;

-- Bind two open situations of one area. A family grows by one at a time: two families are not made one by this.
CREATE OR REPLACE FUNCTION sec.join_siblings(of_case bigint, newcomer bigint) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE bound uuid; other uuid; ids bigint[];
    BEGIN
        IF NOT (sec.sees_case(of_case) AND sec.sees_case(newcomer)) OR of_case = newcomer THEN RETURN false; END IF;
        PERFORM 1 FROM cases_case WHERE id IN (of_case, newcomer) ORDER BY id FOR NO KEY UPDATE;
        IF 1 <> (SELECT count(DISTINCT c.area_id) FROM cases_case c WHERE c.id IN (of_case, newcomer))
            OR EXISTS (SELECT FROM cases_case c WHERE c.id IN (of_case, newcomer) AND c.status = 'closed')
        THEN RETURN false; END IF;
        SELECT s.family INTO bound FROM cases_sibling s WHERE s.case_id = of_case;
        SELECT s.family INTO other FROM cases_sibling s WHERE s.case_id = newcomer;
        IF bound IS NOT NULL AND other IS NOT NULL THEN RETURN false; END IF;
        bound := coalesce(bound, other, gen_random_uuid());
        PERFORM sec.lock_family(CASE WHEN other IS NULL THEN of_case ELSE newcomer END);
        SELECT array_agg(s.case_id) || ARRAY[of_case, newcomer] INTO ids FROM cases_sibling s WHERE s.family = bound;
        -- Whoever may not handle one child's matter may not handle the sibling's. One who leads it hands it over first.
        IF EXISTS (SELECT FROM cases_recusal r JOIN cases_case c ON c.coordinator_id = r.user_id AND c.status <> 'closed'
                   WHERE r.case_id = ANY (ids) AND c.id = ANY (ids) AND c.id <> r.case_id)
        THEN RETURN false; END IF;
        INSERT INTO cases_sibling (case_id, family) VALUES (of_case, bound), (newcomer, bound) ON CONFLICT DO NOTHING;
        INSERT INTO cases_recusal (case_id, user_id, reason, marked_by_id, marked_at)
            SELECT DISTINCT ON (o.case_id, r.user_id) o.case_id, r.user_id, r.reason, r.marked_by_id, now()
            FROM cases_sibling s JOIN cases_recusal r ON r.case_id = s.case_id
            JOIN cases_sibling o ON o.family = s.family AND o.case_id <> s.case_id
            WHERE s.family = bound ORDER BY o.case_id, r.user_id, r.marked_at
            ON CONFLICT DO NOTHING;
        UPDATE cases_membership m SET ended_at = now(), ended_by_id = sec.uid(), end_reason = 'recused'
            FROM cases_sibling s, cases_recusal r
            WHERE s.family = bound AND r.case_id = s.case_id AND m.case_id = s.case_id AND m.user_id = r.user_id
              AND m.ended_at IS NULL;
        RETURN true;
    END $$;
"""

CARRY = f"""
-- A precaution that was just set here, in every bound open situation. Guardians are the same by their names; where nobody or
-- two have that name, and where something is left to decide, whoever leads there has a task.
CREATE FUNCTION sec.carry_precaution(wanted bigint, what text, why text, moment timestamptz) RETURNS integer
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE o cases_case; q cases_person; same bigint[]; unsure boolean; fresh boolean; n integer := 0; me bigint := sec.uid();
    BEGIN
        IF current_setting('role') <> '{AREA}' AND session_user <> 'yhteiso_owner' OR NOT sec.sees_case(wanted)
            OR what NOT IN ('protected', 'apart') THEN RETURN NULL; END IF;
        PERFORM sec.lock_family(wanted);
        FOR o IN SELECT c.* FROM cases_sibling s JOIN cases_sibling b ON b.family = s.family AND b.case_id <> s.case_id
                 JOIN cases_case c ON c.id = b.case_id AND c.status <> 'closed' WHERE s.case_id = wanted ORDER BY c.id LOOP
            unsure := false; fresh := false;
            IF what = 'protected' THEN
                FOR q IN SELECT p.* FROM cases_person p WHERE p.case_id = wanted AND p.kind = 'guardian' AND p.by_hand LOOP
                    SELECT array_agg(p.id) INTO same FROM cases_person p
                        WHERE p.case_id = o.id AND p.kind = 'guardian' AND {SAME_NAME} AND {SITS};
                    IF cardinality(same) = 1 THEN
                        UPDATE cases_person SET by_hand = true WHERE id = same[1] AND NOT by_hand;
                        IF FOUND THEN
                            DELETE FROM meetings_participant i USING meetings_meeting t, cases_membership m
                                WHERE t.id = i.meeting_id AND t.case_id = o.id AND t.{COMING}
                                  AND m.id = i.membership_id AND m.person_id = same[1];
                            INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about) VALUES (
                                gen_random_uuid(), 'other_guardian', o.id, o.coordinator_id, moment, moment, same[1]::text)
                                ON CONFLICT DO NOTHING;
                        END IF;
                    ELSE
                        unsure := unsure OR EXISTS (SELECT FROM cases_person p WHERE p.case_id = o.id
                            AND p.kind = 'guardian' AND NOT p.by_hand AND {SITS});
                    END IF;
                END LOOP;
                IF NOT o.protected THEN
                    fresh := true;
                    UPDATE cases_membership SET named = true WHERE id = o.lead_id;
                    UPDATE cases_membership SET ended_at = moment, ended_by_id = me, end_reason = 'protected'
                        WHERE case_id = o.id AND cases_membership.role = 'exceptional' AND ended_at IS NULL;
                    UPDATE cases_caseheading SET caller_label = '' WHERE case_id = o.id;
                    UPDATE cases_safecontact SET ended_at = moment, ended_by_id = me, end_reason = 'protected'
                        WHERE case_id = o.id AND ended_at IS NULL;
                    UPDATE cases_case SET protected = true WHERE id = o.id;
                END IF;
            ELSIF NOT o.guardians_apart THEN
                fresh := true;
                UPDATE cases_case SET guardians_apart = true WHERE id = o.id;
                unsure := 1 < (SELECT count(*) FROM meetings_meeting t JOIN meetings_participant i ON i.meeting_id = t.id
                    JOIN cases_membership m ON m.id = i.membership_id AND m.ended_at IS NULL
                    JOIN cases_person p ON p.id = m.person_id AND p.kind = 'guardian'
                    WHERE t.case_id = o.id AND t.{COMING});
            END IF;
            IF fresh THEN
                n := n + 1;
                INSERT INTO cases_precaution (id, kind, reason, at, by_id, case_id)
                    VALUES (gen_random_uuid(), what, why, moment, me, o.id);
                INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
                    VALUES (o.id, 'precaution_' || what, moment, me, '{{}}');
            END IF;
            IF unsure OR fresh AND o.coordinator_id IS DISTINCT FROM me THEN
                INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about) VALUES (
                    gen_random_uuid(), 'precaution', o.id, o.coordinator_id, moment, moment,
                    what || '-' || to_char(moment, 'YYYYMMDDHH24MISS')) ON CONFLICT DO NOTHING;
            END IF;
        END LOOP;
        RETURN n;
    END $$;

-- Those of these seats whose people are invited to a coming meeting of a sibling at the very time of this meeting, or where
-- it was moved, of the one before.
CREATE FUNCTION sec.sits_elsewhere(seats bigint[], meeting bigint, moved boolean) RETURNS bigint[]
    LANGUAGE plpgsql STABLE {DEFINER} AS $$
    DECLARE moment timestamptz;
    BEGIN
        SELECT CASE WHEN moved THEN b.starts_at ELSE a.starts_at END INTO moment
            FROM meetings_meeting a LEFT JOIN meetings_meeting b ON b.id = a.moved_from_id WHERE a.id = meeting;
        RETURN (SELECT coalesce(array_agg(m.id), '{{}}') FROM cases_membership m LEFT JOIN cases_person p ON p.id = m.person_id
            WHERE m.id = ANY (seats) AND (current_setting('role') = '{JOBS}' OR sec.sees_case(m.case_id)) AND EXISTS (
                SELECT FROM cases_sibling s JOIN cases_sibling b ON b.family = s.family AND b.case_id <> s.case_id
                JOIN meetings_meeting t ON t.case_id = b.case_id AND t.{COMING} AND t.starts_at = moment
                JOIN meetings_participant i ON i.meeting_id = t.id
                JOIN cases_membership n ON n.id = i.membership_id AND n.ended_at IS NULL
                LEFT JOIN cases_person q ON q.id = n.person_id
                WHERE s.case_id = m.case_id
                  AND (n.user_id = m.user_id OR q.kind = p.kind AND q.kind <> 'child' AND {SAME_NAME})));
    END $$;
"""

RECUSE = f"""
-- Disqualification in this situation and in every bound one, closed ones too; a lead's situations all go to the successor.
-- Answers as before: done, already, successor (one that can't take them), or nothing.
CREATE OR REPLACE FUNCTION sec.recuse(
    wanted bigint, who bigint, why text, successor bigint, to_area bigint, moment timestamptz, due timestamptz
) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_case; leads boolean; me bigint := sec.uid(); news boolean := false;
    BEGIN
        PERFORM sec.lock_family(wanted);
        SELECT * INTO c FROM cases_case WHERE id = wanted FOR NO KEY UPDATE;
        IF c.id IS NULL OR NOT sec.sees_case(wanted)
            OR current_setting('role') = '{role("member")}' AND who <> me THEN RETURN NULL; END IF;
        IF who IS DISTINCT FROM me AND (
            who = c.coordinator_id AND NOT sec.answers_for(me, c.area_id)
            OR NOT sec.coordinates(who, c.area_id)
               AND NOT EXISTS (SELECT FROM cases_membership m WHERE m.case_id = wanted AND m.user_id = who))
        THEN RETURN NULL; END IF;
        FOR c IN SELECT k.* FROM cases_case k WHERE k.id = wanted OR k.id IN (
                SELECT o.case_id FROM cases_sibling s JOIN cases_sibling o ON o.family = s.family WHERE s.case_id = wanted)
                ORDER BY k.id <> wanted, k.id LOOP
            CONTINUE WHEN EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = c.id AND r.user_id = who);
            leads := c.coordinator_id = who AND c.status <> 'closed';
            -- A sibling that somebody else leads, told of by one who can't hand it over: those who answer for its area do.
            IF leads AND c.id <> wanted AND who IS DISTINCT FROM me
                AND (successor IS NULL OR NOT sec.answers_for(me, c.area_id)) THEN
                INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
                    SELECT gen_random_uuid(), 'recused', c.id, u.id, moment, due, 'leads-' || who FROM networks_user u
                    WHERE u.is_active AND u.id <> who AND sec.answers_for(u.id, c.area_id) ON CONFLICT DO NOTHING;
                CONTINUE;
            END IF;
            IF leads AND (successor IS NULL OR to_area IS NULL OR successor = who OR to_area = c.area_id
                OR NOT sec.coordinates(successor, to_area) OR sec.coordinates(successor, c.area_id)
                OR EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = c.id AND r.user_id = successor))
            THEN RETURN 'successor'; END IF;
            news := true;
            INSERT INTO cases_recusal (case_id, user_id, reason, marked_by_id, marked_at) VALUES (c.id, who, why, me, moment);
            INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail) VALUES (c.id, 'recused', moment, me, '{{}}');
            UPDATE cases_handover SET ended_at = moment, ended_by_id = me
                WHERE case_id = c.id AND accepted_at IS NULL AND ended_at IS NULL AND (leads OR to_user_id = who);
            UPDATE cases_task SET done_at = moment, done_by_id = me
                WHERE case_id = c.id AND kind = 'hand_over' AND done_at IS NULL AND (leads OR to_id = who);
            IF leads THEN PERFORM sec.swap_lead(c.id, successor, to_area, moment, 'recused'); END IF;
            UPDATE cases_membership SET ended_at = moment, ended_by_id = me, end_reason = 'recused'
                WHERE case_id = c.id AND user_id = who AND ended_at IS NULL;
            INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
                SELECT gen_random_uuid(), CASE WHEN leads THEN 'handed_over' ELSE 'recused' END, c.id, k.coordinator_id,
                       moment, due, 'recused-' || who
                FROM cases_case k WHERE k.id = c.id AND k.coordinator_id <> me AND (c.id = wanted OR k.status <> 'closed')
                ON CONFLICT DO NOTHING;
        END LOOP;
        RETURN CASE WHEN news THEN 'done' ELSE 'already' END;
    END $$;

REVOKE ALL ON FUNCTION sec.lock_family(bigint), sec.carry_precaution(bigint, text, text, timestamptz),
    sec.sits_elsewhere(bigint[], bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.lock_family(bigint), sec.carry_precaution(bigint, text, text, timestamptz) TO {AREA};
GRANT EXECUTE ON FUNCTION sec.sits_elsewhere(bigint[], bigint, boolean) TO {AREA}, {JOBS};
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0056_settled_together")]
    operations = [
        migrations.RunSQL(FAMILY + CARRY + RECUSE, migrations.RunSQL.noop),
    ]
