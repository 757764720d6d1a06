"""An agreed promise opens with the plan, also to those who were at the table: the themes alone do not open it.

What is still being written belongs to everybody at the table who may write; an own promise stays its giver's.
"""

from django.db import migrations

MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
MY_MEETING = "meeting_id = ANY ((SELECT sec.my_meetings())::bigint[])"
OPEN_PLAN = "case_id = ANY ((SELECT sec.open_cases('plan'))::bigint[])"
OWN = f"owner_id = (SELECT sec.uid()) AND {MY_CASE}"

SQL = f"""
ALTER POLICY member_select ON meetings_commitment USING (
    CASE WHEN agreed_at IS NULL THEN {MY_MEETING} ELSE ({OWN}) OR {OPEN_PLAN} END);
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0011_officer_hides_protected")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
