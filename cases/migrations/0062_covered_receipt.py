"""Whoever wrote a concern and has no seat any more can't see its situation, and so not that the family is protected now."""

from django.db import migrations

from yhteiso.hats.roles import role

SQL = f"""
CREATE FUNCTION sec.own_concern_is_covered(wanted bigint) RETURNS boolean LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT EXISTS (SELECT FROM cases_concern k JOIN cases_case c ON c.id = k.case_id
        WHERE k.id = wanted AND k.logged_by_id = sec.uid() AND c.protected) $$;
REVOKE ALL ON FUNCTION sec.own_concern_is_covered(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.own_concern_is_covered(bigint) TO {role("member")};
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0061_known_by_age")]
    operations = [migrations.RunSQL(SQL, "DROP FUNCTION sec.own_concern_is_covered(bigint);")]
