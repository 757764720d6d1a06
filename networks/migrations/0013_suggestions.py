"""Rules that suggest services, and who usually come: what an area has decided. Its own people read and write them."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from yhteiso.hats.roles import role
from yhteiso.hats.walls import family_table

MINE = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
CHANGES = (
    "age_from, age_to, needs, one_adult, children_from, caller_sector, season, service_id, suggest_need, suggest_level,"
    " sentence, active, decided_on, changed_at, changed_by_id"
)
SQL = "\n".join(
    [
        family_table("networks_suggestionrule", {"area": {"S": MINE, "I": MINE, "U": MINE}}),
        # A rule keeps its number and its area: pages have printed them.
        f"REVOKE UPDATE ON networks_suggestionrule FROM {role('area')};",
        f"GRANT UPDATE ({CHANGES}) ON networks_suggestionrule TO {role('area')};",
        family_table("networks_usualset", {"area": {"S": MINE, "I": MINE, "D": MINE}}),
    ]
)


class Migration(migrations.Migration):
    dependencies = [
        ("networks", "0012_service_walls"),
    ]

    operations = [
        migrations.CreateModel(
            name="SuggestionRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveSmallIntegerField()),
                ("age_from", models.PositiveSmallIntegerField(default=0)),
                ("age_to", models.PositiveSmallIntegerField(default=17)),
                (
                    "needs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("daily_life", "Coping with everyday life"),
                                ("friends", "Friends and play"),
                                ("sleep", "Sleep and mornings"),
                                ("school", "School and learning"),
                                ("growth", "Growth and development"),
                                ("mood", "Mood"),
                                ("parenthood", "Parting and parenthood"),
                                ("money", "Money and housing"),
                                ("substances", "Alcohol and drugs"),
                                ("safety", "Safety and violence"),
                                ("hobbies", "Hobbies and free time"),
                            ],
                            max_length=20,
                        ),
                        default=list,
                    ),
                ),
                ("one_adult", models.BooleanField(default=False)),
                ("children_from", models.PositiveSmallIntegerField(default=1)),
                (
                    "caller_sector",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("ecec", "Early childhood education"),
                            ("basic_education", "Basic education"),
                            ("student_welfare", "Student welfare"),
                            ("family_services", "Services for families"),
                            ("health", "Child health clinic and health care"),
                            ("adult_services", "Services for adults"),
                            ("youth", "Youth work and leisure"),
                            ("ngo", "NGOs and parishes"),
                            ("other", "Other"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "season",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("summer", "Summer holiday (1 June – 15 August)"),
                            ("christmas", "Christmas holiday (20 December – 7 January)"),
                            ("term", "School term (16 August – 31 May)"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "suggest_need",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("daily_life", "Coping with everyday life"),
                            ("friends", "Friends and play"),
                            ("sleep", "Sleep and mornings"),
                            ("school", "School and learning"),
                            ("growth", "Growth and development"),
                            ("mood", "Mood"),
                            ("parenthood", "Parting and parenthood"),
                            ("money", "Money and housing"),
                            ("substances", "Alcohol and drugs"),
                            ("safety", "Safety and violence"),
                            ("hobbies", "Hobbies and free time"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "suggest_level",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("basic", "Basic level"),
                            ("special", "Special level"),
                            ("demanding", "Demanding level"),
                            ("ngo", "Organisation or parish"),
                            ("leisure", "Leisure"),
                        ],
                        max_length=12,
                    ),
                ),
                ("sentence", models.CharField(max_length=200)),
                ("active", models.BooleanField(default=True)),
                ("decided_on", models.DateField()),
                ("changed_at", models.DateTimeField()),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="suggestion_rules", to="networks.area"
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="networks.service"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
                "constraints": [
                    models.UniqueConstraint(fields=("area", "number"), name="rule_number_once_in_area"),
                    models.CheckConstraint(
                        condition=models.Q(("age_from__lte", models.F("age_to"))), name="rule_ages_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("sentence", ""), _negated=True), name="rule_tells_its_reason"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "needs__contained_by",
                                [
                                    "daily_life",
                                    "friends",
                                    "growth",
                                    "hobbies",
                                    "money",
                                    "mood",
                                    "parenthood",
                                    "safety",
                                    "school",
                                    "sleep",
                                    "substances",
                                ],
                            )
                        ),
                        name="rule_of_known_needs",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("service__isnull", False), ("suggest_level", ""), ("suggest_need", "")),
                            models.Q(
                                ("service", None),
                                models.Q(
                                    models.Q(("suggest_need", ""), _negated=True),
                                    models.Q(("suggest_level", ""), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="rule_suggests_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="UsualSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "band",
                    models.CharField(
                        choices=[
                            ("under_school", "Under school age (0–5)"),
                            ("preschool", "Preschool age (6)"),
                            ("primary", "Primary school (7–12)"),
                            ("secondary", "Secondary school (13–15)"),
                            ("youth", "Young person (16–17)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("label", models.CharField(max_length=80)),
                ("decided_on", models.DateField()),
                ("changed_at", models.DateTimeField()),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="usual_set", to="networks.area"
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="networks.service"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="networks.unit"
                    ),
                ),
            ],
            options={
                "ordering": ["band", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("service__isnull", False), ("unit", None)),
                            models.Q(("service", None), ("unit__isnull", False)),
                            _connector="OR",
                        ),
                        name="usual_is_a_service_or_a_unit",
                    ),
                    models.UniqueConstraint(
                        fields=("area", "band", "service", "unit"), name="usual_once_in_band", nulls_distinct=False
                    ),
                ],
            },
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
