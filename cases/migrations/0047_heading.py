"""Whom a situation is about goes to a row of its own, which a member reads only once the family has said yes to it.

The situation's own row is read by its whole network, also by those who wait for the family's consent; until now only the
application kept the child's name, the age and who made contact from them.
"""

import django.db.models.deletion
from django.db import migrations, models

from yhteiso.hats.walls import family_table

AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"  # which has a wall of its own for this hat
KNOWN = "case_id = ANY ((SELECT sec.open_cases('time'))::bigint[])"
OWN_CHILD = "case_id = ANY ((SELECT sec.my_family_cases(''))::bigint[])"

MOVE = """
INSERT INTO cases_caseheading (case_id, child_name, child_age, caller_label)
    SELECT id, child_name, child_age, caller_label FROM cases_case;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
WALLS = family_table(
    "cases_caseheading",
    {"area": {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}, "member": {"S": KNOWN}, "family": {"S": OWN_CHILD}},
    {"family": "case_id, child_name, child_age"},
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0046_joining")]

    operations = [
        migrations.CreateModel(
            name="CaseHeading",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="heading",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("child_name", models.CharField(max_length=60)),
                ("child_age", models.PositiveSmallIntegerField(null=True)),
                ("caller_label", models.CharField(blank=True, max_length=260)),
            ],
        ),
        migrations.RunSQL(WALLS, migrations.RunSQL.noop),
        migrations.RunSQL(MOVE),  # there is no way back: the old columns were open to the whole network
        migrations.RemoveField("case", "child_name"),
        migrations.RemoveField("case", "child_age"),
        migrations.RemoveField("case", "caller_label"),
    ]
