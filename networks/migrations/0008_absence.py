"""Absences and substitutes; what each person wants to be told of, and how."""

import datetime

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("networks", "0007_written_consent"),
    ]

    operations = [
        migrations.CreateModel(
            name="MessageSettings",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="message_settings",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("quiet_from", models.TimeField(default=datetime.time(17, 0), verbose_name="quiet from")),
                ("quiet_to", models.TimeField(default=datetime.time(7, 0), verbose_name="quiet until")),
                ("sms_phone", models.CharField(blank=True, max_length=30)),
                ("sms_confirmed_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("sms_confirmed_at", None), ("sms_phone", "")),
                            models.Q(models.Q(("sms_phone", ""), _negated=True), ("sms_confirmed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="sms_phone_is_confirmed",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Absence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("from_on", models.DateField(verbose_name="first day away")),
                ("until_on", models.DateField(verbose_name="last day away")),
                ("made_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("accepted", models.BooleanField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "substitute",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="substitutions",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="substitute",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="absences",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "absence",
                "verbose_name_plural": "absences",
                "ordering": ["from_on", "pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["user", "from_on"], name="absence_of_person"
                    ),
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["substitute"], name="absence_by_substitute"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("from_on__lte", models.F("until_on"))), name="absence_days_in_order"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("substitute", None), models.Q(("substitute", models.F("user")), _negated=True), _connector="OR"
                        ),
                        name="absence_substitute_is_another_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("accepted", None), ("answered_at", None)),
                            models.Q(
                                ("accepted__isnull", False), ("answered_at__isnull", False), ("substitute__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="absence_answer_is_a_substitute_s",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("ended_at", None)),
                        expressions=[
                            (
                                models.Func(
                                    models.F("user_id"),
                                    models.F("user_id"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_upper=True),
                                    function="int8range",
                                    output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField(),
                                ),
                                "&&",
                            ),
                            (
                                models.Func(
                                    models.F("from_on"),
                                    models.F("until_on"),
                                    django.contrib.postgres.fields.ranges.RangeBoundary(inclusive_upper=True),
                                    function="daterange",
                                    output_field=django.contrib.postgres.fields.ranges.DateRangeField(),
                                ),
                                "&&",
                            ),
                        ],
                        name="absence_once_a_day",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="MessageChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=40)),
                (
                    "channel",
                    models.CharField(
                        choices=[("here", "Here"), ("email", "E-mail"), ("sms", "Text message")], max_length=10
                    ),
                ),
                ("wanted", models.BooleanField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="message_choices",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "kind", "channel"), name="choice_once_a_channel"),
                    models.CheckConstraint(
                        condition=models.Q(("channel__in", ["email", "here", "sms"])), name="choice_of_known_channel"
                    ),
                ],
            },
        ),
    ]
