"""Protected families set and lifted later, guardians told by hand, and the reasons of it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import yhteiso.lib.ids
from yhteiso.hats.roles import role
from yhteiso.hats.walls import append_only, family_table

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"

SQL = f"""
-- Setting and lifting the protection. In the owner's right: whoever sets it without leading the situation loses sight of it
-- with this very row, which an ordinary UPDATE under row security may not do. The reason is written before.
CREATE FUNCTION sec.set_protected(wanted bigint, protect boolean) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE found bigint;
    BEGIN
        IF current_setting('role') <> '{role("area")}' AND session_user <> 'yhteiso_owner' OR NOT sec.sees_case(wanted)
        THEN RETURN NULL; END IF;
        UPDATE cases_case SET protected = protect WHERE id = wanted RETURNING id INTO found;
        RETURN found;
    END $$;
REVOKE ALL ON FUNCTION sec.set_protected(bigint, boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.set_protected(bigint, boolean) TO {role("area")};

-- In a protected family the contact details are for named people, whatever else the family has said yes to.
CREATE OR REPLACE FUNCTION sec.seat_opens(seat cases_membership, wanted text) RETURNS boolean
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE
        WHEN wanted = 'intake' THEN false
        WHEN seat.role = 'coordinator' THEN true
        WHEN seat.role = 'exceptional' THEN wanted = ANY (seat.sections)
        WHEN wanted = 'consents' THEN NOT seat.index_only
        WHEN wanted IN ('time', 'network') THEN sec.consented(seat, 'time')
        WHEN seat.index_only THEN false
        WHEN wanted = 'contact' AND NOT seat.named
            AND EXISTS (SELECT FROM cases_case c WHERE c.id = seat.case_id AND c.protected) THEN false
        ELSE sec.consented(seat, wanted) END $$;

-- The figures leave protected families out, and count a masked member under the mask.
GRANT SELECT (protected) ON cases_call TO {role("jobs")};
GRANT SELECT (id, case_id, masked) ON cases_membership TO {role("jobs")};
CREATE POLICY jobs_select ON cases_membership FOR SELECT TO {role("jobs")} USING (masked);
"""

WALLS = "\n".join(
    [
        family_table(
            "cases_precaution",
            {"area": {"S": AREA_CASE, "I": f"{AREA_CASE} AND by_id = (SELECT sec.uid())"}},
        ),
        append_only("cases_precaution"),
        "ALTER TABLE cases_precaution ADD CONSTRAINT precaution_member_of_case"
        " FOREIGN KEY (case_id, membership_id) REFERENCES cases_membership (case_id, id);",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_identity")]
    operations = [
        migrations.AddField("person", "by_hand", models.BooleanField(default=False)),
        migrations.CreateModel(
            name="Precaution",
            fields=[
                (
                    "id",
                    models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "kind",
                    models.CharField(
                        max_length=10,
                        choices=[
                            ("protected", "Protected"),
                            ("lifted", "Protection lifted"),
                            ("named", "A person was named"),
                            ("unnamed", "A person is no longer named"),
                            ("apart", "The guardians are met apart"),
                            ("together", "The guardians are met together"),
                        ],
                    ),
                ),
                ("reason", models.CharField(max_length=300)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="precautions", to="cases.case"
                    ),
                ),
                (
                    "membership",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.membership"
                    ),
                ),
            ],
            options={"ordering": ["-at", "-pk"]},
        ),
        migrations.AddConstraint(
            model_name="precaution",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="precaution_has_a_reason"
            ),
        ),
        migrations.RunSQL(SQL + WALLS, migrations.RunSQL.noop),
    ]
