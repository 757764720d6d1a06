"""The meetings behind the policies, found in one statement and only where they are asked for (cases 0022)."""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

SQL = f"""
CREATE OR REPLACE FUNCTION sec.my_meetings() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(p.meeting_id), '{{}}') FROM sec.page_seats() s
    JOIN meetings_participant p ON p.membership_id = s.id AND p.case_id = s.case_id
    WHERE s.case_id = ANY ((SELECT sec.open_cases('themes'))::bigint[]) $$;

CREATE OR REPLACE FUNCTION sec.my_promised_meetings() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(k.meeting_id), '{{}}') FROM sec.page_seats() s
    JOIN meetings_commitment k ON k.case_id = s.case_id AND k.owner_id = s.user_id AND k.agreed_at IS NOT NULL $$;
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0007_joined"), ("cases", "0022_seats_at_once")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
