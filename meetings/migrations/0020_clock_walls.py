"""What the clock asks at the moment of telling: whether a logbook is written, who has answered. No text, no name."""

from django.db import migrations

SQL = """
GRANT SELECT (id, meeting_id, case_id, approved_at) ON meetings_logbook TO hat_jobs;
CREATE POLICY jobs_select ON meetings_logbook FOR SELECT TO hat_jobs USING (true);
GRANT SELECT (id, meeting_id, case_id, membership_id, answer) ON meetings_participant TO hat_jobs;
CREATE POLICY jobs_select ON meetings_participant FOR SELECT TO hat_jobs USING (true);
GRANT SELECT (owner_id) ON meetings_commitment TO hat_jobs;
GRANT SELECT (note_taker_id) ON meetings_meeting TO hat_jobs;
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0013_nobody_is_forgotten"), ("cases", "0031_clock_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
