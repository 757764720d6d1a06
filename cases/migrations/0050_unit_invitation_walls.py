"""Who may read and answer an invitation of a unit, and the facts that an area's rules ask of a situation.

The named person reads the own row, a unit's head the unit's, both without the situation, which they may not know. An answer
is carried out in the lead's hat (decision 0019): whose hat it is, only the asked person's own row tells.
"""

from django.db import migrations

from yhteiso.hats.roles import role
from yhteiso.hats.walls import family_table

AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"  # which has a wall of its own for this hat
SENT = "sent_at IS NOT NULL"
MINE = f"user_id = (SELECT sec.uid()) AND {SENT}"
OF_MY_UNIT = f"unit_id = ANY ((SELECT sec.my_units())::bigint[]) AND {SENT}"
INVITED_READS = (
    "id, ref, area_id, unit_id, service_id, user_id, must_attend, masked, index_only, invited_by_id, invited_at, sent_at,"
    " answer_by, state, reason, words, can_decide, answered_at, substitute_id, cancelled_at"
)
HEAD_READS = "id, area_id, unit_id, service_id, user_id, sent_at, answer_by, state, answered_at, substitute_id, cancelled_at"
JOBS_READ = "id, case_id, area_id, unit_id, user_id, sent_at, state"
CHANGES = (
    "sent_at, answer_by, state, reason, words, can_decide, answered_at, answered_by_id, substitute_id, cancelled_at,"
    " cancelled_by_id"
)

SQL = f"""
{
    family_table(
        "cases_unitinvitation",
        {
            "area": {"S": AREA_CASE, "I": f"{AREA_CASE} AND invited_by_id = (SELECT sec.uid())", "U": AREA_CASE},
            "member": {"S": MINE},
            "unit": {"S": OF_MY_UNIT},
            "jobs": {"S": "true"},
        },
        {"member": INVITED_READS, "unit": HEAD_READS, "jobs": JOBS_READ},
    )
}
REVOKE UPDATE ON cases_unitinvitation FROM {role("area")};
GRANT UPDATE ({CHANGES}) ON cases_unitinvitation TO {role("area")};
{family_table("cases_caseneeds", {"area": {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}})}
REVOKE UPDATE ON cases_caseneeds FROM {role("area")};
GRANT UPDATE (needs, one_adult, children, changed_at, changed_by_id) ON cases_caseneeds TO {role("area")};

-- Who leads the situation into which the asker was invited, while that person may act in it.
CREATE FUNCTION sec.invitation_lead(invitation bigint) RETURNS bigint LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.coordinator_id FROM cases_unitinvitation i
    JOIN cases_case c ON c.id = i.case_id
    JOIN networks_user u ON u.id = c.coordinator_id AND u.is_active
    WHERE i.id = invitation AND i.user_id = sec.uid() AND i.sent_at IS NOT NULL
      AND EXISTS (SELECT FROM networks_rolemembership r WHERE r.user_id = u.id AND r.area_id = c.area_id
          AND r.role IN ('coordinator', 'responsible')
          AND r.starts_on <= (now() AT TIME ZONE 'Europe/Helsinki')::date
          AND (r.ends_on IS NULL OR r.ends_on >= (now() AT TIME ZONE 'Europe/Helsinki')::date)) $$;
REVOKE ALL ON FUNCTION sec.invitation_lead(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.invitation_lead(bigint) TO {role("member")};

-- Who was asked and who said no is the coordinators' to know: a member hears of seats only. Added to what the policy says.
DO $$
DECLARE said text;
BEGIN
    SELECT qual INTO said FROM pg_policies WHERE tablename = 'cases_caseevent' AND policyname = 'member_select';
    EXECUTE format(
        'ALTER POLICY member_select ON cases_caseevent USING ((%s) AND left(kind, 5) <> ''unit_'')', said);
END $$;
"""
REVERSE = "DROP FUNCTION sec.invitation_lead(bigint);"


class Migration(migrations.Migration):
    dependencies = [("cases", "0049_unit_invitations")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
