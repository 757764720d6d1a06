"""Inviting a unit into a network, and the facts that an area's rules ask of a situation."""

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yhteiso.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0048_service_confirmed"),
        ("networks", "0012_service_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseNeeds",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="needs",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                (
                    "needs",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=24), default=list),
                ),
                ("one_adult", models.BooleanField(default=False)),
                (
                    "children",
                    models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MaxValueValidator(15)]),
                ),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UnitInvitation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(default=yhteiso.lib.ids.new_ref, editable=False, max_length=12, unique=True)),
                ("must_attend", models.BooleanField(default=False)),
                ("masked", models.BooleanField(default=False)),
                ("index_only", models.BooleanField(default=False)),
                ("invited_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("answer_by", models.DateTimeField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked_family", "The family is asked first"),
                            ("sent", "Has not answered yet"),
                            ("accepted", "Accepted the invitation"),
                            ("declined", "Declined the invitation"),
                            ("substituted", "Passed on to a substitute"),
                            ("cancelled", "Invitation cancelled"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("no_time", "No free time"),
                            ("not_ours", "Not our service"),
                            ("consult", "We can be consulted, but do not come to the meeting"),
                            ("not_fit", "I can't take part in this, and neither can a substitute"),
                            ("other", "Another reason"),
                        ],
                        max_length=12,
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=300)),
                ("can_decide", models.BooleanField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
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
                    "cancelled_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="unit_invitations", to="cases.case"
                    ),
                ),
                (
                    "instead_of",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passed_on",
                        to="cases.unitinvitation",
                    ),
                ),
                (
                    "invited_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "service",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="networks.service"
                    ),
                ),
                (
                    "substitute",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="networks.unit"),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "sent")), fields=["user"], name="invitation_of_person"),
                    models.Index(condition=models.Q(("state", "sent")), fields=["unit"], name="invitation_of_unit"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ("asked_family", "sent"))),
                        fields=("case", "unit", "service"),
                        name="unit_is_asked_once_at_a_time",
                        nulls_distinct=False,
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("answered_at__isnull", False),
                                ("answered_by__isnull", False),
                                ("state__in", ("accepted", "declined", "substituted")),
                            ),
                            models.Q(
                                models.Q(("state__in", ("accepted", "declined", "substituted")), _negated=True),
                                ("answered_at", None),
                                ("answered_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="invitation_answered_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("cancelled_at__isnull", False), ("state", "cancelled")),
                            models.Q(
                                models.Q(("state", "cancelled"), _negated=True),
                                ("cancelled_at", None),
                                ("cancelled_by", None),
                            ),
                            _connector="OR",
                        ),
                        name="invitation_cancelled_at_some_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "declined"), models.Q(("reason", ""), _negated=True)),
                            models.Q(models.Q(("state", "declined"), _negated=True), ("reason", ""), ("words", "")),
                            _connector="OR",
                        ),
                        name="invitation_declined_for_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("can_decide__isnull", False), ("state", "accepted")),
                            models.Q(models.Q(("state", "accepted"), _negated=True), ("can_decide", None)),
                            _connector="OR",
                        ),
                        name="invitation_accepted_with_a_mandate",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "substituted"), ("substitute__isnull", False)),
                            models.Q(models.Q(("state", "substituted"), _negated=True), ("substitute", None)),
                            _connector="OR",
                        ),
                        name="invitation_passed_on_to_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer_by__isnull", False), ("sent_at__isnull", False)),
                            models.Q(("answer_by", None), ("sent_at", None), ("state__in", ["asked_family", "cancelled"])),
                            _connector="OR",
                        ),
                        name="invitation_sent_with_a_day",
                    ),
                ],
            },
        ),
    ]
