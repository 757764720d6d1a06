"""A call records the kind of guidance that was given, and where its route needs nobody it keeps nobody.

What earlier calls kept of people without need goes here, before the rule that holds it from now on.
"""

from django.db import migrations, models
from django.db.models import Q

NOBODY = {
    "caller_name": "", "caller_unit": "", "caller_masked": False, "child_name": "", "child_family_name": "",
    "child_born_on": None, "child_age": None, "protected": False, "guardians": "", "strengths": "", "everyday": "",
    "around": "", "consent": "", "consent_by": "", "consent_for": "",
}  # fmt: skip
KNOWING = ("oral", "waiting")
TEXTS = [name for name, value in NOBODY.items() if value == ""]
EMPTIED = f"""
UPDATE cases_concern SET child_name = '', child_age = NULL, place = '', strengths = '', everyday = '', agreed = '',
    reachable = ''
WHERE id IN (SELECT concern_id FROM cases_call WHERE finished_at IS NOT NULL AND route IN ('consultation', 'guided'));
UPDATE cases_call SET {", ".join(f"{name} = ''" for name in TEXTS)},
    child_born_on = NULL, child_age = NULL, caller_masked = false, protected = false,
    -- which it was, nobody wrote down: the usual one
    guided_to = CASE route WHEN 'guided' THEN 'shl35' ELSE '' END
WHERE finished_at IS NOT NULL AND (route IN ('consultation', 'guided') OR route = 'advice' AND consent NOT IN ('oral', 'waiting'));
"""
GUIDANCE = [
    ("shl35", "Social welfare (Social Welfare Act § 35)"), ("lsl25", "Child protection (Child Welfare Act § 25)"),
    ("112", "112, somebody is in danger now"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("cases", "0043_help_request_walls")]
    operations = [
        migrations.AddField("call", "guided_to", models.CharField(blank=True, choices=GUIDANCE, default="", max_length=5)),
        migrations.AlterField("call", "guided_to", models.CharField(blank=True, choices=GUIDANCE, max_length=5)),
        migrations.RunSQL(EMPTIED, migrations.RunSQL.noop),
        migrations.RemoveConstraint("call", "call_consultation_names_nobody"),
        migrations.AddConstraint(
            "call",
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(route="network") | Q(route="advice", consent__in=KNOWING) | Q(**NOBODY),
                name="call_of_nobody",
            ),
        ),
        migrations.AddConstraint(
            "call",
            models.CheckConstraint(
                condition=Q(finished_at=None) | ~Q(route="guided") | ~Q(guided_to=""), name="call_guided_somewhere"
            ),
        ),
        migrations.AddConstraint(
            "call",
            models.CheckConstraint(
                condition=Q(finished_at=None) | Q(route="guided") | Q(guided_to=""), name="call_guided_only_then"
            ),
        ),
        # A call moves to the area of the caller's unit, and its deadline with it; the wall lets nobody move one elsewhere.
        migrations.RunSQL(
            "GRANT UPDATE (area_id) ON cases_deadline TO hat_area;",
            "REVOKE UPDATE (area_id) ON cases_deadline FROM hat_area;",
        ),
    ]
