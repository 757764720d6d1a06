"""Which changes of a ladder have come into force: the jobs write it, whoever sets ladders reads it."""

import django.db.models.deletion
from django.db import migrations, models

from yhteiso.hats.walls import append_only, family_table

# No row of a family: an area's setting. Walled all the same, since only the jobs may say that it is in force.
SQL = "\n".join(
    [
        family_table(
            "cases_ladderapplied", {"jobs": {"S": "true", "I": "true"}, "area": {"S": "true"}, "admin": {"S": "true"}}
        ),
        append_only("cases_ladderapplied"),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0035_sweep")]
    operations = [
        migrations.CreateModel(
            name="LadderApplied",
            fields=[
                (
                    "change",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="applied",
                        serialize=False, to="cases.ladderchange",
                    ),
                ),
                ("applied_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]  # fmt: skip
