"""Confirming an entry of the service directory ends the reminder of it, whoever confirms."""

from django.db import migrations

from yhteiso.hats.roles import role

HATS = ", ".join(role(hat) for hat in ("area", "member", "unit", "admin", "jobs"))
SQL = f"""
-- Only what is answered already is ended, so nothing has to be asked of the caller: a question whose confirmation is no longer
-- the last one, or whose entry has been taken out of the directory.
CREATE FUNCTION sec.end_service_questions(of_service bigint, moment timestamptz) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DECLARE
        done uuid[];
        n integer;
    BEGIN
        SELECT array_agg(d.id) INTO done FROM networks_serviceevent e
            JOIN networks_service s ON s.id = e.service_id
            JOIN cases_deadline d ON d.case_id IS NULL AND d.kind = 'service' AND d.about = e.id::text
            WHERE s.id = of_service AND e.kind = 'asked'
              AND NOT (s.active AND e.until IS NOT DISTINCT FROM s.confirmed_until);
        UPDATE cases_escalation SET settled_at = moment WHERE deadline_id = ANY (done) AND settled_at IS NULL;
        UPDATE cases_deadline SET state = 'ended', ended_at = moment WHERE id = ANY (done) AND state = 'open';
        GET DIAGNOSTICS n = ROW_COUNT;
        RETURN n;
    END $$;
REVOKE ALL ON FUNCTION sec.end_service_questions(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.end_service_questions(bigint, timestamptz) TO {HATS};
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0047_heading"), ("networks", "0012_service_walls")]
    operations = [migrations.RunSQL(SQL, "DROP FUNCTION sec.end_service_questions(bigint, timestamptz)")]
