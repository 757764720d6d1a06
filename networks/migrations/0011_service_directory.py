"""The service directory grows from a short list: whose a service is, for whom, how much room there is, and since when."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Min

import yhteiso.lib.ids
from yhteiso.lib.names import folded, sort_key


def fill(apps, schema_editor):
    """What stood under a unit is its agency's, and its area's people keep it right."""
    first = apps.get_model("networks", "Area").objects.aggregate(pk=Min("pk"))["pk"]
    for row in apps.get_model("networks", "Service").objects.select_related("unit__agency"):
        row.agency, row.sector, row.area_id = row.unit.agency, row.unit.agency.sector, row.unit.area_id or first
        row.age_from, row.age_to = min(row.age_from, 29), min(row.age_to, 29)
        row.sort_key = sort_key(row.name)
        row.search_key = folded(f"{row.name} {row.agency.name} {row.unit.name}")
        row.save()
        row.areas.set([row.area_id])


class Migration(migrations.Migration):
    dependencies = [
        ("networks", "0010_area_texts"),
    ]

    operations = [
        migrations.CreateModel(
            name="ServiceEvent",
            fields=[
                ("id", models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("added", "added"),
                            ("changed", "details changed"),
                            ("confirmed", "confirmed"),
                            ("imported", "brought from a file"),
                            ("asked", "asked whether this is still right"),
                            ("removed", "taken out of the directory"),
                            ("returned", "put back into the directory"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("until", models.DateField(null=True)),
                (
                    "changed",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), default=list),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ServiceImport",
            fields=[
                ("id", models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                ("name", models.CharField(max_length=120)),
                ("text", models.TextField()),
            ],
            options={
                "ordering": ["-at"],
            },
        ),
        migrations.AlterModelOptions(
            name="service",
            options={"ordering": ["sort_key", "pk"], "verbose_name": "service", "verbose_name_plural": "services"},
        ),
        migrations.AddField(
            model_name="service",
            name="active",
            field=models.BooleanField(default=True, verbose_name="in the directory"),
        ),
        migrations.AddField(
            model_name="service",
            name="agency",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="services",
                to="networks.agency",
                verbose_name="provider",
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="area",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="networks.area",
                verbose_name="kept by",
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="areas",
            field=models.ManyToManyField(blank=True, related_name="services", to="networks.area", verbose_name="areas"),
        ),
        migrations.AddField(
            model_name="service",
            name="capacity",
            field=models.CharField(
                choices=[("free", "Room now"), ("queue", "A queue"), ("full", "Full"), ("unknown", "Not known")],
                default="unknown",
                max_length=8,
                verbose_name="room",
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="capacity_note",
            field=models.CharField(blank=True, max_length=80, verbose_name="about the room"),
        ),
        migrations.AddField(
            model_name="service",
            name="capacity_on",
            field=models.DateField(blank=True, null=True, verbose_name="room as of"),
        ),
        migrations.AddField(
            model_name="service",
            name="confirmed_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="confirmed_on",
            field=models.DateField(blank=True, editable=False, null=True, verbose_name="confirmed"),
        ),
        migrations.AddField(
            model_name="service",
            name="confirmed_until",
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="service",
            name="consultation",
            field=models.BooleanField(null=True, verbose_name="professionals may consult"),
        ),
        migrations.AddField(
            model_name="service",
            name="consultation_when",
            field=models.CharField(blank=True, max_length=80, verbose_name="when to consult"),
        ),
        migrations.AddField(
            model_name="service",
            name="contact",
            field=models.CharField(blank=True, max_length=120, verbose_name="whom to ask for"),
        ),
        migrations.AddField(
            model_name="service",
            name="email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="e-mail"),
        ),
        migrations.AddField(
            model_name="service",
            name="hours",
            field=models.CharField(blank=True, max_length=120, verbose_name="when"),
        ),
        migrations.AddField(
            model_name="service",
            name="level",
            field=models.CharField(
                choices=[
                    ("basic", "Basic level"),
                    ("special", "Special level"),
                    ("demanding", "Demanding level"),
                    ("ngo", "Organisation or parish"),
                    ("leisure", "Leisure"),
                ],
                default="basic",
                max_length=12,
                verbose_name="level",
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="name_en",
            field=models.CharField(blank=True, max_length=120, verbose_name="name in English"),
        ),
        migrations.AddField(
            model_name="service",
            name="name_sv",
            field=models.CharField(blank=True, max_length=120, verbose_name="name in Swedish"),
        ),
        migrations.AddField(
            model_name="service",
            name="needs",
            field=django.contrib.postgres.fields.ArrayField(
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
                blank=True,
                default=list,
                verbose_name="needs",
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="referral",
            field=models.BooleanField(default=False, verbose_name="referral needed"),
        ),
        migrations.AddField(
            model_name="service",
            name="search_key",
            field=models.TextField(default="", editable=False),
        ),
        migrations.AddField(
            model_name="service",
            name="sector",
            field=models.CharField(
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
                default="other",
                max_length=20,
                verbose_name="sector",
            ),
        ),
        migrations.AddField(
            model_name="service",
            name="sentence",
            field=models.CharField(blank=True, max_length=240, verbose_name="for the family, in one sentence"),
        ),
        migrations.AddField(
            model_name="service",
            name="sort_key",
            field=models.CharField(default="", editable=False, max_length=240),
        ),
        migrations.AddField(
            model_name="service",
            name="url",
            field=models.URLField(blank=True, max_length=300, verbose_name="web page"),
        ),
        migrations.AlterField(
            model_name="service",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="services",
                to="networks.unit",
                verbose_name="unit",
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="service",
            name="agency",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="services",
                to="networks.agency",
                verbose_name="provider",
            ),
        ),
        migrations.AlterField(
            model_name="service",
            name="area",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="networks.area", verbose_name="kept by"
            ),
        ),
        migrations.AlterField(
            model_name="service",
            name="sector",
            field=models.CharField(
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
                verbose_name="sector",
            ),
        ),
        migrations.AlterField(model_name="service", name="sort_key", field=models.CharField(editable=False, max_length=240)),
        migrations.AddIndex(
            model_name="service",
            index=models.Index(condition=models.Q(("active", True)), fields=["sort_key", "id"], name="service_in_order"),
        ),
        migrations.AddIndex(
            model_name="service",
            index=models.Index(
                condition=models.Q(("active", True)), fields=["confirmed_until"], name="service_by_confirmation"
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(condition=models.Q(("age_to__lte", 29)), name="service_for_the_young"),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__in", ["basic", "demanding", "leisure", "ngo", "special"])),
                name="service_of_known_level",
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(("capacity__in", ["free", "full", "queue", "unknown"])), name="service_of_known_capacity"
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
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
                name="service_of_known_needs",
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_on", None), ("confirmed_until", None)),
                    models.Q(("confirmed_on__isnull", False), ("confirmed_until__gt", models.F("confirmed_on"))),
                    _connector="OR",
                ),
                name="service_confirmed_for_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.UniqueConstraint(fields=("area", "agency", "sort_key"), name="service_once_in_area"),
        ),
        migrations.AddField(
            model_name="serviceevent",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="serviceevent",
            name="service",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="events", to="networks.service"
            ),
        ),
        migrations.AddField(
            model_name="serviceimport",
            name="area",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="networks.area"),
        ),
        migrations.AddField(
            model_name="serviceimport",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="serviceevent",
            index=models.Index(fields=["service", "-at"], name="service_event_of_service"),
        ),
        migrations.AddConstraint(
            model_name="serviceevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("by", None), ("kind", "asked")),
                    models.Q(models.Q(("kind", "asked"), _negated=True), ("by__isnull", False)),
                    _connector="OR",
                ),
                name="service_event_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="serviceevent",
            index=models.Index(
                condition=models.Q(("kind", "asked")), fields=["kind", "service"], name="service_event_asked"
            ),
        ),
        migrations.AddIndex(
            model_name="serviceimport",
            index=models.Index(fields=["by"], name="service_import_of_person"),
        ),
    ]
