"""A coordinator's hat writes of a situation what its pages write, and no more.

Who leads it, in which area, and when it was opened are not among them: the lead changes by an accepted hand-over or a
disqualification only (sec.take_over, sec.recuse), each of which looks at who asks.
"""

from django.db import migrations

COLUMNS = (
    "status, t0_at, day14_on, plan_by_on, first_met_at, delay_reason, consent, protected, guardians_apart, child_name,"
    " child_age, caller_label, closed_at, closed_by_id, close_reason"
)
SQL = f"REVOKE UPDATE ON cases_case FROM hat_area; GRANT UPDATE ({COLUMNS}) ON cases_case TO hat_area;"


class Migration(migrations.Migration):
    dependencies = [("cases", "0020_narrower_words")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
