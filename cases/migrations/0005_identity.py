"""Identity codes, encrypted: a table that only the coordinator's hat reads and writes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from yhteiso.hats.walls import family_table

AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"  # which has a wall of its own for this hat

SQL = "\n".join(
    [
        family_table("cases_personidentity", {"area": dict.fromkeys("SIUD", AREA_CASE)}),
        # The form's person is of the form's situation, whatever a form carries.
        "ALTER TABLE cases_personidentity ADD CONSTRAINT identity_person_of_case"
        " FOREIGN KEY (case_id, person_id) REFERENCES cases_person (case_id, id) ON DELETE CASCADE;",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_access_walls")]
    operations = [
        migrations.CreateModel(
            name="PersonIdentity",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="identity",
                        serialize=False,
                        to="cases.person",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case"),
                ),
                ("number", models.CharField(blank=True, max_length=120)),
                ("blind", models.BinaryField(max_length=32, null=True)),
                ("without", models.BooleanField(default=False)),
                ("written_at", models.DateTimeField()),
                (
                    "written_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["blind"], name="identity_by_blind")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(without=True, number="", blind=None)
                        | models.Q(without=False, blind__isnull=False) & ~models.Q(number=""),
                        name="identity_is_a_code_or_none",
                    )
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
