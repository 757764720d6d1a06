"""How the outbox does, in three numbers, for the page that tells whether everything works. No row, no addressee."""

from django.db import migrations

from yhteiso.hats.roles import HATS, JOBS, WEB, role

EVERYBODY = ", ".join([WEB, JOBS, *(role(hat) for hat in HATS)])
SQL = f"""
CREATE FUNCTION sec.outbox_state(moment timestamptz)
    RETURNS TABLE (waiting bigint, since timestamptz, failed bigint) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT count(*) FILTER (WHERE state = 'ready'), min(available_at) FILTER (WHERE state = 'ready'),
           count(*) FILTER (WHERE state = 'failed')
    FROM outbox_outgoing
    WHERE state = 'ready' AND available_at <= moment OR state = 'failed' AND failed_at > moment - interval '1 day' $$;
REVOKE ALL ON FUNCTION sec.outbox_state(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.outbox_state(timestamptz) TO {EVERYBODY};
CREATE INDEX outgoing_failed ON outbox_outgoing (failed_at) WHERE state = 'failed';
"""
REVERSE = "DROP FUNCTION sec.outbox_state(timestamptz); DROP INDEX outgoing_failed;"


class Migration(migrations.Migration):
    dependencies = [("outbox", "0002_walls")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
