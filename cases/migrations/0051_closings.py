"""Endings as rows, the family's own stop among them, and the way back: a closed situation is opened again by a function
that looks at who asks and at how long it has been closed.

Whoever opens it again leads it. The child and the guardians are in again, since it is theirs; of the others nobody is,
until they are asked back one by one.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yhteiso.lib.ids
from yhteiso.hats.roles import role
from yhteiso.hats.walls import append_only, family_table

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"
UID = "(SELECT sec.uid())"
REASONS = [
    ("everyday_works", "Everyday life works"),
    ("declined", "The family did not want it"),
    ("child_protection", "Moved to child protection"),
    ("other_help", "Help continues elsewhere"),
    ("moved_away", "The family moved"),
    ("family_stopped", "The family wanted to stop"),
]

SQL = "\n".join(
    [
        family_table("cases_closing", {"area": {"S": AREA_CASE, "I": f"{AREA_CASE} AND by_id = {UID}"}}),
        family_table("cases_reopening", {"area": {"S": AREA_CASE, "I": f"{AREA_CASE} AND by_id = {UID}"}}),
        # Those that ended before endings were rows.
        "INSERT INTO cases_closing (id, case_id, reason, at, by_id, words, told_by)"
        " SELECT uuidv7(), id, close_reason, closed_at, closed_by_id, '', '' FROM cases_case WHERE status = 'closed';",
        append_only("cases_closing"),
        append_only("cases_reopening"),
        f"""
CREATE FUNCTION sec.reopen(wanted bigint, moment timestamptz) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_case; seat bigint;
    BEGIN
        IF NOT sec.sees_case(wanted) THEN RETURN NULL; END IF;
        SELECT * INTO c FROM cases_case WHERE id = wanted FOR NO KEY UPDATE;
        IF c.status <> 'closed' OR c.close_reason = 'joined' OR c.closed_at < moment - interval '90 days'
            OR NOT sec.coordinates(sec.uid(), c.area_id)
        THEN RETURN NULL; END IF;
        -- a situation that was written as closed by hand has its ending all the same
        INSERT INTO cases_closing (id, case_id, reason, at, by_id, words, told_by)
            SELECT uuidv7(), c.id, c.close_reason, c.closed_at, c.closed_by_id, '', '' WHERE NOT EXISTS (
                SELECT FROM cases_closing k WHERE k.case_id = c.id AND k.at = c.closed_at);
        INSERT INTO cases_membership (case_id, user_id, unit_id, role, must_attend, masked, index_only, named, sections,
                                      started_at, started_by_id, end_reason)
            SELECT wanted, u.id, u.unit_id, 'coordinator', false, false, false, c.protected, '{{}}', moment, u.id, ''
            FROM networks_user u WHERE u.id = sec.uid() RETURNING id INTO seat;
        INSERT INTO cases_membership (case_id, person_id, role, must_attend, masked, index_only, named, sections,
                                      started_at, started_by_id, end_reason)
            SELECT wanted, m.person_id, m.role, m.must_attend, m.masked, m.index_only, false, '{{}}', moment, sec.uid(), ''
            FROM cases_membership m JOIN cases_person p ON p.id = m.person_id AND p.kind IN ('child', 'guardian')
            WHERE m.case_id = wanted AND m.ended_at = c.closed_at AND m.end_reason = 'closed' ORDER BY m.id;
        UPDATE cases_case SET status = CASE WHEN first_met_at IS NULL THEN 'gathering' ELSE 'follow_up' END,
            closed_at = NULL, closed_by_id = NULL, close_reason = '', coordinator_id = sec.uid(), lead_id = seat
            WHERE id = wanted;
        RETURN seat;
    END $$;
REVOKE ALL ON FUNCTION sec.reopen(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.reopen(bigint, timestamptz) TO {role("area")};
""",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0050_unit_invitation_walls"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AlterField("case", "close_reason", models.CharField(blank=True, choices=REASONS, max_length=20)),
        migrations.CreateModel(
            name="Closing",
            fields=[
                (
                    "id",
                    models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("reason", models.CharField(choices=REASONS, max_length=20)),
                ("at", models.DateTimeField()),
                ("words", models.CharField(blank=True, max_length=300)),
                ("told_by", models.CharField(blank=True, max_length=60)),
                ("told_on", models.DateField(null=True)),
                ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "case",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="closings", to="cases.case"),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), models.Q(("told_by", ""), _negated=True), _connector="OR"),
                        name="closing_words_have_a_teller",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", "family_stopped"), _negated=True),
                            models.Q(models.Q(("told_by", ""), _negated=True), ("told_on__isnull", False)),
                            _connector="OR",
                        ),
                        name="closing_by_the_family_was_told",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Reopening",
            fields=[
                (
                    "id",
                    models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("led_by", models.ForeignKey(on_delete=models.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reopenings", to="cases.case"
                    ),
                ),
                (
                    "closing",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reopening", to="cases.closing"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("reason", ""), _negated=True), name="reopening_has_a_reason"),
                ],
            },
        ),
        migrations.RunSQL(SQL, "DROP FUNCTION sec.reopen(bigint, timestamptz);"),
    ]
