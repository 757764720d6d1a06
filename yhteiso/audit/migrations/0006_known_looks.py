"""One more rule for the officer: somebody who asks again and again whether a child is known here."""

from django.db import migrations, models

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

SQL = f"""
-- More than twenty children asked about within any sixty minutes, by one person; once an hour. The same child again within
-- the hour is the same look: a page asks anew when a spelling mistake is corrected back.
CREATE FUNCTION sec.find_known_looks(first_day date, last_day date)
    RETURNS TABLE (entry_id uuid, entry_at timestamptz, rule text) LANGUAGE sql STABLE {DEFINER}
    SET timezone = 'Europe/Helsinki' AS $$
    WITH looks AS (
        SELECT e.id, e.at, e.actor_id, lag(e.at) OVER (PARTITION BY e.actor_id, e.term_hash ORDER BY e.at, e.id) AS before
        FROM audit_logentry e
        WHERE e.at >= first_day::timestamptz - interval '1 hour' AND e.at < (last_day + 1)::timestamptz
          AND e.page = 'call-known' AND e.verb = 'search' AND e.case_id IS NULL
    ), counted AS (
        SELECT id, at, actor_id, count(*) OVER (PARTITION BY actor_id ORDER BY at RANGE interval '1 hour' PRECEDING) AS n
        FROM looks WHERE before IS NULL OR before < at - interval '1 hour'
    )
    SELECT DISTINCT ON (actor_id, date_trunc('hour', at)) id, at, 'known' FROM counted
    WHERE n > 20 AND at >= first_day::timestamptz ORDER BY actor_id, date_trunc('hour', at), at, id $$;
REVOKE ALL ON FUNCTION sec.find_known_looks(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.find_known_looks(date, date) TO {role("jobs")};
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_oversight")]
    operations = [
        migrations.AlterField(
            "oddity",
            "rule",
            models.CharField(
                choices=[
                    ("no_relation", "No Relation"),
                    ("same_name", "Same Name"),
                    ("mass", "Mass"),
                    ("night", "Night"),
                    ("protected", "Protected"),
                    ("known", "Known"),
                ],
                max_length=12,
            ),
        ),
        migrations.RunSQL(SQL, "DROP FUNCTION sec.find_known_looks(date, date)"),
    ]
