"""What was told of a deed that is done says so, also where no step was left ahead to be ended."""

from django.db import migrations, models

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

SQL = f"""
-- An ordinary member ends what their own deeds end; an officer a review; only who coordinates, everything at once.
CREATE OR REPLACE FUNCTION sec.end_deadlines(of_case bigint, code text, what text, moment timestamptz) RETURNS integer
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE
        done uuid[];
        n integer;
        hat text := current_setting('role');
        system boolean := hat = '{role("jobs")}' OR hat = 'none' AND session_user = 'yhteiso_owner';
        coordinates boolean := hat = '{role("area")}';
    BEGIN
        IF of_case IS NULL THEN
            SELECT array_agg(id) INTO done FROM cases_deadline
                WHERE case_id IS NULL AND kind = code AND about = what
                  AND (system OR person_id = sec.uid() OR coordinates AND area_id = ANY (sec.my_areas()));
        ELSIF system OR (coordinates AND sec.sees_case(of_case)) THEN
            SELECT array_agg(id) INTO done FROM cases_deadline
                WHERE case_id = of_case AND about = coalesce(what, about)
                  AND (kind = code OR code IS NULL AND kind <> 'review');  -- a review is owed after the end too
        ELSIF code IN ('logbook', 'promise') AND sec.sees_case(of_case)
            OR code = 'review' AND hat = '{role("officer")}' THEN
            SELECT array_agg(id) INTO done FROM cases_deadline
                WHERE case_id = of_case AND kind = code AND about = what AND (kind <> 'promise' OR person_id = sec.uid());
        END IF;
        UPDATE cases_escalation SET settled_at = moment WHERE deadline_id = ANY (done) AND settled_at IS NULL;
        UPDATE cases_deadline SET state = 'ended', ended_at = moment WHERE id = ANY (done) AND state = 'open';
        GET DIAGNOSTICS n = ROW_COUNT;
        RETURN n;
    END $$;

CREATE OR REPLACE FUNCTION sec.steps_of(messages uuid[])
    RETURNS TABLE (message uuid, taken_at timestamptz, taken_by bigint, done boolean)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.id, t.taken_at, t.taken_by_id, e.settled_at IS NOT NULL OR EXISTS (
        SELECT 1 FROM cases_deadline d WHERE d.case_id IS NOT DISTINCT FROM e.case_id AND d.kind = e.kind
            AND d.about = e.about AND d.state = 'ended')
    FROM cases_message m
    JOIN cases_escalation e ON e.deadline_id = split_part(m.key, ':', 2)::uuid
    LEFT JOIN LATERAL (
        SELECT x.taken_at, x.taken_by_id FROM cases_escalation x
        WHERE x.case_id IS NOT DISTINCT FROM e.case_id AND x.kind = e.kind AND x.about = e.about
            AND x.taken_at >= e.raised_at  -- what was taken before it was told again, no longer counts
        ORDER BY x.taken_at DESC LIMIT 1) t ON true
    WHERE m.id = ANY (messages) AND m.to_id = sec.uid() AND m.key LIKE 'step:%' $$;
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0038_clock_narrower")]
    operations = [
        migrations.AddField("escalation", "settled_at", models.DateTimeField(null=True)),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
