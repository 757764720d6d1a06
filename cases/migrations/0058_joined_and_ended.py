"""Joining, ending and answering, where one of two families is protected, somebody is disqualified, or both end at once.

- A waiting proposal ends with either situation, and when either family is protected, or no longer: whatever ended it.
- An accepted one is read by nobody who is disqualified in a side, or for whom a side is protected and not theirs to see.
- Who may not handle one of two joined situations may not handle the other. Two siblings are two children, never one.
- Whoever wrote of a joined situation is answered by the one that goes on; a disqualified writer is told nothing.
- Whoever was told of a meeting hears that it is off, also when the family ends it all; a no that was said before holds.
- A protected closed situation without a working lead is read by whoever takes care of the area, as an open one is.
"""

from django.db import migrations, models

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
AREA = role("area")
SEEN = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id IN (stays_id, closes_id))"  # as 0046 says it


def mended(function: str, old: str, new: str) -> str:
    """A few words of a long function changed where they stand; refused where they don't stand there once."""
    return f"""
DO $mend$
    DECLARE body text := pg_get_functiondef('sec.{function}'::regprocedure); old text := $old${old}$old$;
    BEGIN
        IF array_length(string_to_array(body, old), 1) <> 2 THEN RAISE EXCEPTION 'not once in sec.{function}: %', old; END IF;
        EXECUTE replace(body, old, $new${new}$new$);
    END $mend$;
"""


JOINS = f"""
CREATE FUNCTION sec.join_told(stays bigint, closes bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT NOT ARRAY[stays, closes] && sec.my_recusals() AND NOT EXISTS (
        SELECT FROM cases_case c WHERE c.id IN (stays, closes) AND c.protected AND NOT sec.sees_case(c.id)) $$;
CREATE FUNCTION sec.are_siblings(one bigint, other bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT FROM cases_sibling s JOIN cases_sibling o ON o.family = s.family
                   WHERE s.case_id = one AND o.case_id = other AND one <> other) $$;
CREATE FUNCTION sec.joins_end() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE k cases_casejoin; moment timestamptz := CASE WHEN NEW.status = 'closed' THEN NEW.closed_at ELSE now() END;
    BEGIN
        FOR k IN UPDATE cases_casejoin SET ended_at = moment, ended_by_id = sec.uid()
            WHERE NEW.id IN (stays_id, closes_id) AND accepted_at IS NULL AND ended_at IS NULL RETURNING *
        LOOP
            UPDATE cases_task SET done_at = moment, done_by_id = sec.uid()
                WHERE kind = 'join' AND about = k.ref AND done_at IS NULL;
            INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
                SELECT s.id, 'join_ended', moment, sec.uid(), '{{}}' FROM unnest(ARRAY[k.stays_id, k.closes_id]) AS s (id);
        END LOOP;
        RETURN NULL;
    END $$;
REVOKE ALL ON FUNCTION sec.join_told(bigint, bigint), sec.are_siblings(bigint, bigint), sec.joins_end() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.join_told(bigint, bigint) TO {AREA};
CREATE TRIGGER joins_end AFTER UPDATE OF status, protected ON cases_case FOR EACH ROW
    WHEN (NEW.status = 'closed' AND OLD.status <> 'closed' OR OLD.protected <> NEW.protected)
    EXECUTE FUNCTION sec.joins_end();
ALTER POLICY area_select ON cases_casejoin USING ({SEEN} AND sec.join_told(stays_id, closes_id));

-- What waited while a side ended, before this stood here.
WITH gone AS (
    UPDATE cases_casejoin j SET ended_at = c.at FROM (
        SELECT k.id, coalesce(max(c.closed_at), now()) AS at FROM cases_casejoin k
        JOIN cases_case c ON c.id IN (k.stays_id, k.closes_id) WHERE k.accepted_at IS NULL AND k.ended_at IS NULL
        GROUP BY k.id HAVING bool_or(c.status = 'closed') OR count(DISTINCT c.protected) > 1
    ) c WHERE c.id = j.id RETURNING j.ref, c.at)
UPDATE cases_task t SET done_at = g.at FROM gone g WHERE t.kind = 'join' AND t.about = g.ref AND t.done_at IS NULL;
"""
PROPOSE = mended(
    "propose_join(text, bigint, text, boolean, timestamptz)",
    "SELECT * INTO a FROM cases_case c WHERE c.ref = other_ref; END IF;",
    """SELECT * INTO a FROM cases_case c WHERE c.ref = other_ref; END IF;
        IF sec.are_siblings(a.id, b.id) THEN
            RETURN CASE WHEN sec.sees_case(a.id) AND sec.sees_case(b.id) THEN 'siblings' END;
        END IF;
        -- Whoever is disqualified in one may not lead the other on.
        IF EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = b.id AND r.user_id = a.coordinator_id) THEN
            RETURN CASE WHEN sec.sees_case(a.id) AND sec.sees_case(b.id) THEN 'lead' END;
        END IF;""",
)
ACCEPT = mended(
    "accept_join(bigint, timestamptz)",
    "AND (c.status = 'closed' OR c.protected AND NOT sec.sees_case(c.id)))",
    """AND (c.status = 'closed' OR c.protected AND NOT sec.sees_case(c.id)))
            OR 1 <> (SELECT count(DISTINCT c.protected) FROM cases_case c WHERE c.id IN (k.stays_id, k.closes_id))
            OR sec.are_siblings(k.stays_id, k.closes_id)
            OR EXISTS (SELECT FROM cases_case c JOIN cases_recusal r ON r.user_id = c.coordinator_id
                       WHERE c.id = k.stays_id AND r.case_id = k.closes_id)""",
) + mended(
    "accept_join(bigint, timestamptz)",
    """        UPDATE cases_casejoin SET ended_at = moment, ended_by_id = me
            WHERE accepted_at IS NULL AND ended_at IS NULL AND k.closes_id IN (stays_id, closes_id);
""",
    """        -- Who may not handle one may not handle the other. Whoever led the one that closes knows it already.
        INSERT INTO cases_recusal (case_id, user_id, reason, marked_by_id, marked_at)
            SELECT o.id, r.user_id, r.reason, r.marked_by_id, moment FROM cases_recusal r
            JOIN cases_case o ON o.id IN (k.stays_id, k.closes_id) AND o.id <> r.case_id AND o.coordinator_id <> r.user_id
            WHERE r.case_id IN (k.stays_id, k.closes_id) ON CONFLICT DO NOTHING;
        UPDATE cases_membership m SET ended_at = moment, ended_by_id = me, end_reason = 'recused'
            WHERE m.case_id = k.stays_id AND m.ended_at IS NULL AND EXISTS (
                SELECT FROM cases_recusal r WHERE r.case_id = m.case_id AND r.user_id = m.user_id);
""",
)
ANSWER = mended(
    "answer_caller(bigint, bigint)",
    """            RETURN QUERY UPDATE cases_concern c SET
                outcome = CASE WHEN s.first_met_at IS NOT NULL THEN 'met'
                               WHEN s.close_reason IN ('declined', 'family_stopped') THEN 'declined' ELSE 'other' END,
                outcome_at = coalesce(s.first_met_at, s.closed_at)
            FROM cases_case s
            WHERE s.id = of_case AND c.case_id = of_case AND c.outcome = '' AND c.withdrawn_at IS NULL
              AND (s.first_met_at IS NOT NULL OR s.closed_at IS NOT NULL)
            RETURNING c.id, c.logged_by_id, c.area_id, c.outcome;""",
    """            -- A joined situation has no ending of its own: its concern is answered by the one that goes on, by a meeting
            -- since the concern was sent, or by that one's ending.
            RETURN QUERY WITH RECURSIVE way (id) AS (
                SELECT of_case UNION
                SELECT j.stays_id FROM way w JOIN cases_casejoin j ON j.closes_id = w.id AND j.accepted_at IS NOT NULL
            ), last (id, met_at, ended_at, why) AS (
                SELECT s.id, s.first_met_at, s.closed_at, s.close_reason FROM way w JOIN cases_case s ON s.id = w.id
                WHERE NOT EXISTS (SELECT FROM cases_casejoin j WHERE j.closes_id = w.id AND j.accepted_at IS NOT NULL)
            ), came (id) AS (
                SELECT l.id FROM last l UNION
                SELECT j.closes_id FROM came k JOIN cases_casejoin j ON j.stays_id = k.id AND j.accepted_at IS NOT NULL
            ), fact (id, met_at, ended_at, why) AS (
                SELECT n.id, CASE WHEN n.case_id = l.id THEN l.met_at ELSE (SELECT min(m.began_at) FROM meetings_meeting m
                    WHERE m.case_id = l.id AND m.began_at >= n.sent_at) END, l.ended_at, l.why
                FROM cases_concern n JOIN came k ON k.id = n.case_id CROSS JOIN last l
            ), answered AS (
                UPDATE cases_concern c SET
                    outcome = CASE WHEN f.met_at IS NOT NULL THEN 'met'
                                   WHEN f.why IN ('declined', 'family_stopped') THEN 'declined' ELSE 'other' END,
                    outcome_at = coalesce(f.met_at, f.ended_at)
                FROM fact f
                WHERE f.id = c.id AND c.outcome = '' AND c.withdrawn_at IS NULL
                  AND (f.met_at IS NOT NULL OR f.ended_at IS NOT NULL)
                RETURNING c.id, c.logged_by_id, c.area_id, c.outcome, c.case_id)
            SELECT a.id, a.logged_by_id, a.area_id, a.outcome FROM answered a
            -- Whoever is disqualified since is told nothing of how it went.
            WHERE NOT EXISTS (SELECT FROM cases_recusal r WHERE r.user_id = a.logged_by_id
                              AND (r.case_id = a.case_id OR r.case_id IN (SELECT l.id FROM last l)));""",
)
# The family's own stop ends every word with the situation, and the meeting with it: the words of just before are those by
# which people were told of it. One that opened nothing then, or was taken back after the ending, holds.
OFF = mended(
    "may_be_told(bigint[])",
    """NOT EXISTS (SELECT FROM cases_consent k WHERE k.case_id = c.id AND k.withdrawn
                    AND k.section = 'time' AND k.ended_at >= c.closed_at)""",
    """NOT EXISTS (SELECT FROM cases_consent k WHERE k.case_id = c.id AND k.section = 'time'
                    AND (k.withdrawn AND k.ended_at > c.closed_at
                         OR k.answer <> 'yes' AND (k.ended_at IS NULL OR k.ended_at >= c.closed_at)
                            AND (k.membership_id = m.id OR k.unit_id = m.unit_id)
                            AND EXISTS (SELECT FROM cases_membership g WHERE g.person_id = k.giver_id
                                        AND g.case_id = c.id AND g.ended_at = c.closed_at)))""",
)
ORPHANS = mended("my_orphans()", "c.protected AND c.status <> 'closed' AND", "c.protected AND")


class Migration(migrations.Migration):
    dependencies = [("cases", "0057_siblings_alike"), ("meetings", "0027_guest_door")]
    operations = [
        migrations.RunSQL("".join([JOINS, PROPOSE, ACCEPT, ANSWER, OFF, ORPHANS]), migrations.RunSQL.noop),
        migrations.RemoveIndex("case", "case_protected_by_area"),
        migrations.AddIndex(
            "case",
            models.Index(condition=models.Q(("protected", True)), fields=["area"], name="case_protected_by_area"),
        ),
    ]
