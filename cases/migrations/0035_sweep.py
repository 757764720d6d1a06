"""What the sweeper found, and what the jobs' hat reads of facts to compare them: who they belong to and when they were."""

from django.db import migrations, models

from yhteiso.hats.roles import HATS, WEB
from yhteiso.hats.walls import grants

SQL = "\n".join(
    [
        # Counts by name, of no family. /health/ tells the alarm in any hat and before one is on.
        grants("cases_difference", "S", *HATS, WEB),
        grants("cases_difference", "IU", "jobs"),
        "GRANT SELECT (opened_at) ON cases_case TO hat_jobs;",
        "GRANT SELECT (logged_by_id) ON cases_concern TO hat_jobs;",
        "GRANT SELECT (taken_by_id) ON cases_call TO hat_jobs;",
        "GRANT SELECT (opened_at) ON cases_exceptionalaccess TO hat_jobs;",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0034_safe_contact_walls")]
    operations = [
        migrations.CreateModel(
            name="Difference",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("found", models.PositiveIntegerField()),
                ("mended", models.PositiveIntegerField()),
                ("runs", models.PositiveIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
            ],
            options={"ordering": ["name"]},
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
