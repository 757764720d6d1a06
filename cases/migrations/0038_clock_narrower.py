"""Narrower rights of the clock: who may end which steps, write which, and say that they take care of one."""

from django.db import migrations

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
MINE = "person_id = (SELECT sec.uid())"
NEW = "state IN ('open', 'merged')"
WRITERS = ("area", "member", "unit", "officer", "admin")

SQL = f"""
-- An ordinary member ends what their own deeds end; an officer a review; only who coordinates, everything at once.
CREATE OR REPLACE FUNCTION sec.end_deadlines(of_case bigint, code text, what text, moment timestamptz) RETURNS integer
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE
        n integer := 0;
        hat text := current_setting('role');
        system boolean := hat = '{role("jobs")}' OR hat = 'none' AND session_user = 'yhteiso_owner';
        coordinates boolean := hat = '{role("area")}';
    BEGIN
        IF of_case IS NULL THEN
            UPDATE cases_deadline SET state = 'ended', ended_at = moment
                WHERE case_id IS NULL AND kind = code AND about = what AND state = 'open'
                  AND (system OR person_id = sec.uid() OR coordinates AND area_id = ANY (sec.my_areas()));
        ELSIF system OR (coordinates AND sec.sees_case(of_case)) THEN
            UPDATE cases_deadline SET state = 'ended', ended_at = moment
                WHERE case_id = of_case AND about = coalesce(what, about) AND state = 'open'
                  AND (kind = code OR code IS NULL AND kind <> 'review');  -- a review is owed after the end too
        ELSIF code IN ('logbook', 'promise') AND sec.sees_case(of_case)
            OR code = 'review' AND hat = '{role("officer")}' THEN
            UPDATE cases_deadline SET state = 'ended', ended_at = moment
                WHERE case_id = of_case AND kind = code AND about = what AND state = 'open'
                  AND (kind <> 'promise' OR person_id = sec.uid());
        END IF;
        GET DIAGNOSTICS n = ROW_COUNT;
        RETURN n;
    END $$;

-- Only somebody to whom the step was told takes it.
CREATE OR REPLACE FUNCTION sec.take_step(message uuid, moment timestamptz) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE m cases_message;
    BEGIN
        SELECT * INTO m FROM cases_message WHERE id = message AND to_id = sec.uid();
        IF m.id IS NULL OR m.key NOT LIKE 'step:%' THEN RETURN false; END IF;
        UPDATE cases_escalation e SET taken_at = coalesce(e.taken_at, moment), taken_by_id = coalesce(e.taken_by_id, sec.uid())
            WHERE e.deadline_id = split_part(m.key, ':', 2)::uuid
              AND EXISTS (SELECT FROM cases_escalationto t WHERE t.escalation_id = e.id AND t.to_id = sec.uid());
        IF NOT FOUND THEN RETURN false; END IF;
        UPDATE cases_message SET seen_at = moment WHERE id = m.id AND seen_at IS NULL;
        RETURN true;
    END $$;

ALTER POLICY member_insert ON cases_deadline WITH CHECK (
    {NEW} AND ({MINE} OR kind IN ('promise', 'logbook') AND {MY_CASE}));
"""
# What is told of a step is written by the clock alone.
SQL += "\n".join(
    f"ALTER POLICY {hat}_insert ON cases_message WITH CHECK (seen_at IS NULL AND key NOT LIKE 'step:%');" for hat in WRITERS
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0037_inbox")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
