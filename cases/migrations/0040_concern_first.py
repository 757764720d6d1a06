"""Drafts of concerns, talks with families, and what of a concern is told to its writer in the end."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yhteiso.lib.ids

# Only a family's yes brings a name: what was kept while a family was still thinking is not kept any longer.
NAMELESS = """
UPDATE cases_concern SET child_name = '', child_age = NULL, place = '' WHERE family_asked = 'thinking';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0039_settled"),
        ("networks", "0009_absence_walls"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ConcernDraft",
            fields=[
                ("id", models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="networks.unit"),
                ),
                (
                    "concern",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.concern"
                    ),
                ),
                ("kept", models.BooleanField(default=False)),
                ("form_key", models.UUIDField(editable=False)),
                ("version", models.PositiveIntegerField(default=1)),
                ("sealed", models.TextField()),
                ("saved_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="FamilyTalk",
            fields=[
                ("id", models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                (
                    "concern",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="talks", to="cases.concern"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "talked_by",
                    models.CharField(
                        choices=[
                            ("self", "I talked myself"),
                            ("colleague", "A colleague of mine"),
                            ("other", "Somebody else who works with the family"),
                        ],
                        max_length=10,
                    ),
                ),
                ("talked_on", models.DateField()),
                (
                    "said",
                    models.CharField(
                        choices=[
                            ("yes", "Yes, the family wants help together"),
                            ("thinking", "The family is thinking"),
                            ("no", "The family does not want it"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["at", "id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="concern",
            name="concern_without_asking_has_no_person",
        ),
        migrations.AddField(
            model_name="concern",
            name="caller_masked",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="concern",
            name="children_home",
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.AddField(
            model_name="concern",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("met", "The network has met"),
                    ("declined", "The family did not want a network"),
                    ("other", "Another way of helping was found"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="concern",
            name="outcome_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="concern",
            name="withdrawn_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="kind",
            field=models.CharField(
                choices=[
                    ("escalation", "Something is late or comes near"),
                    ("promise", "A promise is near or late"),
                    ("invitation", "An invitation or a question of times"),
                    ("meeting", "A meeting"),
                    ("family", "The family read or wrote"),
                    ("task", "Something waits for you"),
                    ("failure", "A message did not arrive"),
                    ("answer", "An answer to your concern"),
                    ("digest", "The week ahead"),
                ],
                max_length=12,
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
                    ("ask_family", "Talk with the family"),
                ],
                max_length=20,
            ),
        ),
        migrations.RunSQL(NAMELESS, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="concern",
            index=models.Index(
                condition=models.Q(("case__isnull", False), ("outcome", "")), fields=["case"], name="concern_untold_by_case"
            ),
        ),
        migrations.AddConstraint(
            model_name="concern",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("family_asked", "yes"),
                    models.Q(("child_age", None), ("child_name", ""), ("children_home", ""), ("place", "")),
                    _connector="OR",
                ),
                name="concern_without_a_yes_has_no_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="concern",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("withdrawn_at", None),
                    models.Q(
                        ("agreed", ""),
                        ("child_age", None),
                        ("child_name", ""),
                        ("children_home", ""),
                        ("everyday", ""),
                        ("place", ""),
                        ("strengths", ""),
                    ),
                    _connector="OR",
                ),
                name="concern_taken_back_is_empty",
            ),
        ),
        migrations.AddConstraint(
            model_name="concern",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", ""), ("outcome_at", None)),
                    models.Q(models.Q(("outcome", ""), _negated=True), ("outcome_at__isnull", False)),
                    _connector="OR",
                ),
                name="concern_outcome_has_its_moment",
            ),
        ),
        migrations.AddIndex(
            model_name="concerndraft",
            index=models.Index(fields=["saved_at"], name="draft_by_age"),
        ),
        migrations.AddConstraint(
            model_name="concerndraft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kept", False)), fields=("owner", "unit"), name="draft_one_a_person_and_unit"
            ),
        ),
        migrations.AddConstraint(
            model_name="concerndraft",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kept", True)), fields=("concern",), name="draft_kept_once_a_concern"
            ),
        ),
        migrations.AddConstraint(
            model_name="concerndraft",
            constraint=models.CheckConstraint(
                condition=models.Q(("kept", False), ("concern__isnull", False), _connector="OR"),
                name="draft_kept_of_a_concern",
            ),
        ),
        migrations.AddIndex(
            model_name="familytalk",
            index=models.Index(fields=["concern", "at"], name="talk_of_concern"),
        ),
    ]
