"""The inbox: what waits is counted before the hat goes on, and whoever was told knows whether somebody takes care of it."""

from django.db import migrations

from yhteiso.hats.roles import HATS, WEB, role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
ALL_HATS = ", ".join(role(hat) for hat in HATS)
TOLD_HATS = ", ".join(role(hat) for hat in ("area", "member", "unit", "officer", "admin", "report"))

SQL = f"""
-- One's own, or anybody's to the bare login, which asks before the hat goes on.
CREATE OR REPLACE FUNCTION sec.unseen_messages(person bigint) RETURNS integer LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT count(*)::integer FROM cases_message
    WHERE to_id = person AND seen_at IS NULL AND (person = sec.uid() OR current_setting('role') = 'none') $$;
REVOKE ALL ON FUNCTION sec.unseen_messages(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.unseen_messages(bigint) TO {ALL_HATS}, {WEB};

-- Of the steps behind one's own messages: who takes care of it, and whether the deed is done. Nothing of the situation.
CREATE FUNCTION sec.steps_of(messages uuid[])
    RETURNS TABLE (message uuid, taken_at timestamptz, taken_by bigint, done boolean)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.id, t.taken_at, t.taken_by_id, EXISTS (
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
REVOKE ALL ON FUNCTION sec.steps_of(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.steps_of(uuid[]) TO {TOLD_HATS};
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0036_ladder_applied")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
