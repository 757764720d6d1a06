"""The second wall around a family: who may read and write which row, hat by hat.

`area` sees the areas that the person coordinates, `member` the cases that the person is in, `jobs` dates and states
without a name or a text. Nobody else has a right here at all.
"""

from django.db import migrations

from yhteiso.hats.roles import HATS, role
from yhteiso.hats.walls import append_only, family_table

ALL_HATS = ", ".join(role(hat) for hat in HATS)

FUNCTIONS = f"""
CREATE FUNCTION sec.my_cases() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(m.case_id), '{{}}') FROM public.cases_membership m
    JOIN public.networks_user u ON u.id = m.user_id AND u.is_active
    JOIN public.cases_case c ON c.id = m.case_id
    WHERE m.user_id = sec.uid() AND m.ended_at IS NULL
      -- who coordinated is in the case by that role only: it ends when the role over the area does
      AND (m.role <> 'coordinator' OR c.area_id = ANY (sec.my_areas())) $$;

-- A member's action below a case locks through this: a lock needs the right to update, which a member does not have,
-- and without it PostgreSQL would silently find no row. Checks, locks, returns the id; NULL when it is not theirs.
CREATE FUNCTION sec.lock_case(wanted bigint) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    DECLARE found bigint; hat text := current_setting('role');
    BEGIN
        SELECT c.id INTO found FROM public.cases_case c WHERE c.id = wanted AND (
            (hat = '{role("area")}' AND c.area_id = ANY (sec.my_areas()))
            OR (hat = '{role("member")}' AND c.id = ANY (sec.my_cases()))
            OR (hat = 'none' AND session_user = 'yhteiso_owner')
        ) FOR NO KEY UPDATE;
        RETURN found;
    END $$;
REVOKE ALL ON FUNCTION sec.my_cases(), sec.lock_case(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_cases(), sec.lock_case(bigint) TO {ALL_HATS};
"""

MY_AREA = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"  # which has a wall of its own for this hat
MINE = "logged_by_id = (SELECT sec.uid())"
# The only row of a family that a hat may delete: a call begun by mistake, in which nothing was ever written.
UNTOUCHED = f"{MY_AREA} AND finished_at IS NULL AND concern_id IS NULL AND version = 0"
CLOCK = "id, area_id, status, t0_at, day14_on, plan_by_on, first_met_at, delay_reason, close_reason"

CASE = {
    "area": {"S": MY_AREA, "I": MY_AREA, "U": MY_AREA},
    "member": {"S": "id = ANY ((SELECT sec.my_cases())::bigint[])"},
    "jobs": {"S": "true", "U": "true"},
}

SQL = "\n".join(
    [
        FUNCTIONS,
        family_table("cases_case", CASE, {"jobs": CLOCK}),
        # The right to one column is what a row lock needs; the jobs change none of them.
        "REVOKE UPDATE ON cases_case FROM hat_jobs; GRANT UPDATE (delay_reason) ON cases_case TO hat_jobs;",
        family_table("cases_casetext", {"area": {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}}),
        family_table(
            "cases_concern",
            {"area": {"S": MY_AREA, "U": MY_AREA}, "member": {"S": MINE, "I": MINE}, "jobs": {"S": "true"}},
            {"jobs": "id, area_id, unit_id, sent_at, family_asked, answered_at, case_id"},
        ),
        family_table(
            "cases_call",
            {"area": {"S": MY_AREA, "I": MY_AREA, "U": MY_AREA, "D": UNTOUCHED}, "jobs": {"S": "true"}},
            {"jobs": "id, area_id, began_at, finished_at, route, case_id, concern_id"},
        ),
        family_table(
            "cases_person",
            {"area": {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}, "member": {"S": MY_CASE}},
        ),
        family_table("cases_personcontact", {"area": {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}}),
        family_table(
            "cases_membership",
            {"area": {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}, "member": {"S": MY_CASE}},
        ),
        family_table(
            "cases_caseevent",
            {
                "area": {"S": AREA_CASE, "I": f"{AREA_CASE} AND (by_id IS NULL OR by_id = (SELECT sec.uid()))"},
                "member": {"S": MY_CASE, "I": f"{MY_CASE} AND by_id = (SELECT sec.uid())"},
            },
        ),
        family_table("cases_startcorrection", {"area": {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}}),
        family_table(
            "cases_twoweekoutcome",
            {"area": {"S": AREA_CASE, "I": AREA_CASE}, "member": {"S": MY_CASE}, "jobs": {"S": "true", "I": "true"}},
        ),
        family_table(
            "cases_escalation",
            {"area": {"S": AREA_CASE, "U": AREA_CASE}, "jobs": {"S": "true", "I": "true"}},
        ),
        append_only("cases_caseevent"),
        append_only("cases_twoweekoutcome"),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("networks", "0002_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
