"""The officer's list of disclosures names nobody of a protected family's network: which families those are, by number only."""

from django.db import migrations

from yhteiso.hats.roles import role

SQL = f"""
CREATE FUNCTION sec.protected_among(wanted bigint[]) RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(array_agg(c.id), '{{}}') FROM cases_case c
    WHERE c.id = ANY (wanted) AND c.protected AND c.id <> ALL (sec.my_recusals()) $$;
REVOKE ALL ON FUNCTION sec.protected_among(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.protected_among(bigint[]) TO {role("officer")};
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0010_a_day_writes_nothing")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
