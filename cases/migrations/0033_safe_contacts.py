"""Safe numbers and addresses of the family's people, and a new kind of task: reach by phone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0031_clock_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="task",
            name="kind",
            field=models.CharField(
                choices=[
                    ("consent_withdrawn", "A consent was withdrawn"),
                    ("consent_expires", "A consent expires"),
                    ("consent_paper", "A consent waits for its paper"),
                    ("hand_over", "A situation is offered to you"),
                    ("handed_over", "You answer for a situation now"),
                    ("exceptional", "Somebody opened a situation exceptionally"),
                    ("exceptional_review", "An exceptional access waits for its review"),
                    ("recused", "Somebody is disqualified"),
                    ("seat_vacant", "A member has left the unit"),
                    ("leaderless", "Nobody answers for a situation"),
                    ("place_by_phone", "Tell the place by phone"),
                    ("other_guardian", "Tell the other guardian by hand"),
                    ("protected_look", "A protected situation was looked for"),
                    ("reach_by_phone", "Reach by phone"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="SafeContact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(choices=[("sms", "Text message"), ("email", "E-mail")], max_length=10)),
                ("address", models.CharField(max_length=254)),
                (
                    "language",
                    models.CharField(
                        choices=[("fi", "suomi"), ("sv", "svenska"), ("en", "English")], default="fi", max_length=2
                    ),
                ),
                (
                    "way",
                    models.CharField(
                        choices=[
                            ("phone", "By phone"),
                            ("meeting", "Face to face"),
                            ("paper", "In writing"),
                            ("online", "In this service, by themselves"),
                        ],
                        max_length=10,
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("taken_back", "It is no longer safe, or not wanted"),
                            ("replaced", "Another one was given instead"),
                            ("failed", "A message did not arrive there"),
                            ("protected", "The family's address was protected"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case")),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="safe_contacts", to="cases.person"
                    ),
                ),
            ],
            options={
                "ordering": ["asked_at", "pk"],
                "indexes": [
                    models.Index(condition=models.Q(("ended_at", None)), fields=["case"], name="safe_contact_by_case")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("end_reason", ""), ("ended_at", None), ("ended_by", None)),
                            models.Q(("ended_at__isnull", False), models.Q(("end_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="safe_contact_ended_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("address__regex", "^\\+[1-9][0-9]{7,14}$"), ("channel", "sms")),
                            models.Q(("address__contains", "@"), ("channel", "email")),
                            _connector="OR",
                        ),
                        name="safe_contact_has_an_address",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("person", "channel"), name="safe_contact_once"
                    ),
                ],
            },
        ),
    ]
