"""The second wall around meetings. The logbook's themes are read by those who were invited to that meeting."""

from django.db import migrations

from yhteiso.hats.roles import HATS, role
from yhteiso.hats.walls import append_only, family_table, grants

ALL_HATS = ", ".join(role(hat) for hat in HATS)

FUNCTIONS = f"""
CREATE FUNCTION sec.my_meetings() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(p.meeting_id), '{{}}') FROM public.meetings_participant p
    JOIN public.cases_membership m ON m.id = p.membership_id
    JOIN public.networks_user u ON u.id = m.user_id AND u.is_active
    WHERE m.user_id = sec.uid() AND m.ended_at IS NULL $$;
REVOKE ALL ON FUNCTION sec.my_meetings() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_meetings() TO {ALL_HATS};
"""

MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
MY_MEETING = "meeting_id = ANY ((SELECT sec.my_meetings())::bigint[])"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"
OF_LOGBOOK = "EXISTS (SELECT 1 FROM meetings_logbook l WHERE l.id = logbook_id)"
OF_ENTRY = "EXISTS (SELECT 1 FROM meetings_logbookentry e WHERE e.id = entry_id)"
OWN_SEAT = (
    "EXISTS (SELECT 1 FROM cases_membership m WHERE m.id = membership_id AND m.ended_at IS NULL"
    " AND m.user_id = (SELECT sec.uid()))"
)
AREA = {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}

SQL = "\n".join(
    [
        FUNCTIONS,
        family_table(
            "meetings_meeting",
            {"area": AREA, "member": {"S": MY_CASE}, "jobs": {"S": "true"}},
            {"jobs": "id, case_id, kind, status, starts_at, began_at, move_reason"},
        ),
        family_table("meetings_participant", {"area": AREA, "member": {"S": MY_CASE, "U": OWN_SEAT}}),
        family_table("meetings_logbook", {"area": AREA, "member": {"S": MY_MEETING, "I": MY_MEETING, "U": MY_MEETING}}),
        family_table(
            "meetings_logbookentry",
            {hat: {"S": OF_LOGBOOK, "I": OF_LOGBOOK, "U": OF_LOGBOOK} for hat in ("area", "member")},
        ),
        family_table("meetings_entryversion", {hat: {"S": OF_ENTRY, "I": OF_ENTRY} for hat in ("area", "member")}),
        family_table(
            "meetings_commitment",
            {
                "area": {**AREA, "D": AREA_CASE},
                "member": {
                    "S": MY_CASE,
                    "I": MY_MEETING,
                    "U": f"owner_id = (SELECT sec.uid()) AND {MY_CASE} OR {MY_MEETING}",
                    "D": f"{MY_MEETING} AND agreed_at IS NULL",
                },
                "unit": {"S": "unit_id = ANY ((SELECT sec.my_units())::bigint[]) AND agreed_at IS NOT NULL"},
                "jobs": {"S": "agreed_at IS NOT NULL"},
            },
            {
                "unit": "id, kind, owner_id, unit_id, due_on, agreed_at, status, resolved_at",
                "jobs": "id, case_id, kind, unit_id, due_on, agreed_at, status, resolved_at",
            },
        ),
        append_only("meetings_entryversion"),
        grants("meetings_logbooktemplate", "S", "area", "member"),
        grants("meetings_theme", "S", "area", "member"),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("meetings", "0001_initial"), ("cases", "0002_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
