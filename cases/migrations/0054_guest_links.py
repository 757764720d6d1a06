"""Signed links for people without an account, their keys and who opened them; professionals of other organisations."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yhteiso.lib.ids


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0053_siblings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GuestLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "sees",
                    models.CharField(
                        choices=[
                            ("time", "Only the invitation and the time"),
                            ("promise", "Also that the own promise waits for its word"),
                        ],
                        max_length=10,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("bound_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "revoke_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("taken_back", "Taken back by the coordinator"),
                            ("replaced", "A new link was sent"),
                            ("left", "The membership ended"),
                            ("consent", "The family took its yes back"),
                            ("protected", "The family's address was protected"),
                            ("number", "The number or address is no longer used"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="guest_links", to="cases.case"
                    ),
                ),
                (
                    "contact",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.safecontact"),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="guest_links", to="cases.membership"
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.AlterField(
            model_name="person",
            name="kind",
            field=models.CharField(
                choices=[
                    ("child", "child"),
                    ("guardian", "guardian"),
                    ("close", "close person"),
                    ("outside", "professional without an account"),
                ],
                max_length=10,
            ),
        ),
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
                    ("guest_link", "Somebody asks for a new link"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="GuestVisit",
            fields=[
                ("id", models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("answered", "Answered"),
                            ("asked", "Asked for a new link"),
                            ("expired", "Opened after its day"),
                            ("revoked", "Opened after it was ended"),
                            ("other", "Opened on another device"),
                        ],
                        max_length=10,
                    ),
                ),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case")),
                (
                    "link",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="visits", to="cases.guestlink"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="GuestKey",
            fields=[
                (
                    "link",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="key",
                        serialize=False,
                        to="cases.guestlink",
                    ),
                ),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("sealed", models.CharField(blank=True, max_length=200)),
                ("device_hash", models.CharField(blank=True, max_length=64)),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case")),
            ],
        ),
        migrations.AddIndex(
            model_name="guestlink",
            index=models.Index(condition=models.Q(("revoked_at", None)), fields=["case"], name="guest_link_by_case"),
        ),
        migrations.AddConstraint(
            model_name="guestlink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("revoke_reason", ""), ("revoked_at", None), ("revoked_by", None)),
                    models.Q(("revoked_at__isnull", False), models.Q(("revoke_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="guest_link_ended_for_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="guestlink",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("made_at"))), name="guest_link_has_days"
            ),
        ),
        migrations.AddConstraint(
            model_name="guestlink",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)), fields=("membership",), name="guest_link_one_at_a_time"
            ),
        ),
    ]
