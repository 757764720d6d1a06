"""Who is let in for a day writes nothing at the table, also where they are an invited member as well.

The meetings whose logbook somebody writes follow from the invited seat's own right to the themes. `sec.open_cases` answers
for the situation, and there the day's seat may be the one that opens them: so it is asked seat by seat where there is one.
"""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"

SQL = f"""
CREATE OR REPLACE FUNCTION sec.my_meetings() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(p.meeting_id), '{{}}') FROM sec.page_seats() s
    JOIN meetings_participant p ON p.membership_id = s.id AND p.case_id = s.case_id
    WHERE s.case_id = ANY ((SELECT sec.open_cases('themes'))::bigint[])
      AND (s.case_id <> ALL ((SELECT sec.my_opened_themes())::bigint[]) OR sec.seat_opens(s, 'themes')) $$;
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0009_second_look")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
