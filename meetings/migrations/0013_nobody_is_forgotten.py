"""A protected family whose lead is gone would be seen by nobody: whoever answers for the area sees it until it has a lead.

And every open situation without a working lead is told, once, to those who answer for its area.
"""

from django.db import migrations

from yhteiso.hats.roles import HATS, role

ALL_HATS = ", ".join(role(hat) for hat in HATS)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
IN_AREA = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
# The last arm is looked at only for a protected family that is neither one's own nor opened by a name.
MY_AREA_CASE = (
    f"{IN_AREA} AND id <> ALL ((SELECT sec.my_recusals())::bigint[]) AND (NOT protected"
    " OR coordinator_id = (SELECT sec.uid()) OR id = ANY ((SELECT sec.my_named_cases())::bigint[])"
    " OR id = ANY ((SELECT sec.my_orphans())::bigint[]))"
)

SQL = f"""
-- Who takes care of an area's situations that have no working lead: those who answer for the area, and where nobody does,
-- its coordinators.
CREATE FUNCTION sec.takes_care_of(who bigint, area bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.answers_for(who, area) OR sec.coordinates(who, area)
        AND NOT EXISTS (SELECT FROM networks_user u WHERE u.is_active AND sec.answers_for(u.id, area)) $$;

CREATE FUNCTION sec.my_orphans() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(c.id), '{{}}') FROM cases_case c
    WHERE c.protected AND c.status <> 'closed' AND c.area_id = ANY ((SELECT sec.my_areas())::bigint[])
      AND NOT sec.coordinates(c.coordinator_id, c.area_id) AND sec.takes_care_of(sec.uid(), c.area_id) $$;

CREATE FUNCTION sec.leaderless_cases() RETURNS TABLE (case_id bigint, lead_id bigint, to_id bigint)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.lead_id, u.id FROM cases_case c
    JOIN networks_user u ON u.is_active AND u.id IN (
        SELECT r.user_id FROM networks_rolemembership r WHERE r.area_id = c.area_id AND r.role IN ('coordinator', 'responsible'))
    WHERE c.status <> 'closed' AND NOT sec.coordinates(c.coordinator_id, c.area_id)
      AND sec.takes_care_of(u.id, c.area_id)
      AND NOT EXISTS (SELECT FROM cases_recusal x WHERE x.case_id = c.id AND x.user_id = u.id) $$;

REVOKE ALL ON FUNCTION sec.takes_care_of(bigint, bigint), sec.my_orphans(), sec.leaderless_cases() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_orphans() TO {ALL_HATS};
GRANT EXECUTE ON FUNCTION sec.leaderless_cases() TO {role("jobs")};

ALTER POLICY area_select ON cases_case USING ({MY_AREA_CASE});
ALTER POLICY area_update ON cases_case USING ({MY_AREA_CASE}) WITH CHECK ({IN_AREA});

-- A few words of a long function changed where they stand; refused where they don't stand there once.
DO $mend$
    DECLARE
        body text := pg_get_functiondef('sec.sees_case(bigint)'::regprocedure);
        old text := 'OR c.id = ANY (sec.my_named_cases())';
    BEGIN
        IF array_length(string_to_array(body, old), 1) <> 2 THEN RAISE EXCEPTION 'not once in sec.sees_case'; END IF;
        EXECUTE replace(body, old, old || ' OR c.id = ANY (sec.my_orphans())');
    END $mend$;
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0012_agreed_by_the_plan"), ("cases", "0023_leaderless")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
