"""The jobs write down that a meeting was reminded of, and nothing else of it."""

from django.db import migrations

COMING = "status = 'confirmed'"
SQL = f"""
GRANT SELECT (confirmed_at, reminded_at, reminded_morning_at) ON meetings_meeting TO hat_jobs;
GRANT UPDATE (reminded_at, reminded_morning_at) ON meetings_meeting TO hat_jobs;
CREATE POLICY jobs_update ON meetings_meeting FOR UPDATE TO hat_jobs USING ({COMING}) WITH CHECK ({COMING});
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0022_reminders"), ("cases", "0034_safe_contact_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
