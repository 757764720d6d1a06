"""A request for help from the family itself, and which contact a call answers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yhteiso.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0041_concern_walls"),
        ("networks", "0009_absence_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="call",
            name="source",
            field=models.CharField(
                choices=[
                    ("professional", "A professional"),
                    ("guardian", "A guardian"),
                    ("child", "A child or a young person"),
                    ("close", "Somebody close to the family"),
                ],
                default="professional",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="HelpRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(default=yhteiso.lib.ids.new_ref, editable=False, max_length=12, unique=True)),
                ("sent_at", models.DateTimeField()),
                ("form_key", models.UUIDField(editable=False, unique=True)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("guardian", "A guardian"),
                            ("child", "A child or a young person"),
                            ("close", "Somebody close to the family"),
                        ],
                        max_length=12,
                    ),
                ),
                ("everyday", models.TextField(max_length=2000)),
                ("strengths", models.TextField(blank=True, max_length=2000)),
                ("child_name", models.CharField(blank=True, max_length=60)),
                ("child_age", models.PositiveSmallIntegerField(null=True)),
                ("place", models.CharField(blank=True, max_length=120)),
                ("phone", models.CharField(max_length=40)),
                ("suits", models.CharField(blank=True, max_length=120)),
                ("language", models.CharField(blank=True, max_length=60)),
                ("interpreter", models.BooleanField(default=False)),
                ("protected", models.BooleanField(default=False)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "answered_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "area",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="networks.area"),
                ),
                (
                    "case",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="help_requests", to="cases.case"
                    ),
                ),
            ],
            options={
                "ordering": ["sent_at"],
            },
        ),
        migrations.AddField(
            model_name="call",
            name="help_request",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="call", to="cases.helprequest"
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.CheckConstraint(
                condition=models.Q(("concern", None), ("help_request", None), _connector="OR"),
                name="call_answers_one_contact",
            ),
        ),
        migrations.AddIndex(
            model_name="helprequest",
            index=models.Index(
                condition=models.Q(("answered_at", None)), fields=["area", "sent_at"], name="help_request_waiting"
            ),
        ),
        migrations.AddConstraint(
            model_name="helprequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("answered_by", None)),
                    models.Q(("answered_at__isnull", False), ("answered_by__isnull", False)),
                    _connector="OR",
                ),
                name="help_request_answered_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="helprequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("source", "professional"), _negated=True), name="help_request_from_the_family"
            ),
        ),
        migrations.AddConstraint(
            model_name="helprequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("child_age", None), ("child_age__lte", 20), _connector="OR"),
                name="help_request_child_age",
            ),
        ),
        migrations.AddConstraint(
            model_name="helprequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("protected", False), ("place", ""), _connector="OR"),
                name="help_request_protected_has_no_place",
            ),
        ),
    ]
