"""The same answers with less work: seats and open sections found in one statement, and only where they are asked for.

Measured in a world of generate_world: `sec.my_areas()` ran once for each seat, `sec.consented` was called once for each
seat, and every table of one situation's page worked out every situation of its reader. `sec.seat_opens` and
`sec.consented` stay the rule for one seat; a test compares the two over many families.

`app.cases` narrows: the door names the situations that a page shows, and the functions look at those only. It can only
hide, never show: each row still asks for the seat and the family's yes.
"""

from django.db import migrations, models

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
TODAY = "(SELECT (now() AT TIME ZONE 'Europe/Helsinki')::date)"
UID = "(SELECT sec.uid())"

# Whole in each function, and without arguments: so PostgreSQL keeps its plan, and plans nothing for each statement.
SEATS = f"""
    FROM cases_membership m
    JOIN networks_user u ON u.id = m.user_id AND u.is_active
    WHERE m.user_id = {UID} AND m.ended_at IS NULL AND (m.expires_at IS NULL OR m.expires_at > now())
      -- a seat belongs to a person and a unit; a coordinator's to the role over the area
      AND CASE WHEN m.role = 'coordinator'
               THEN EXISTS (SELECT FROM cases_case c WHERE c.id = m.case_id
                            AND c.area_id = ANY ((SELECT sec.my_areas())::bigint[]))
               ELSE m.unit_id IS NOT DISTINCT FROM u.unit_id END
      AND m.case_id <> ALL (ARRAY (SELECT r.case_id FROM cases_recusal r WHERE r.user_id = {UID}))
      AND EXISTS (SELECT FROM networks_rolemembership r WHERE r.user_id = {UID}
        AND r.role IN ('coordinator', 'responsible', 'professional')
        AND r.starts_on <= {TODAY} AND (r.ends_on IS NULL OR r.ends_on >= {TODAY}))
"""

FUNCTIONS = f"""
CREATE FUNCTION sec.page_cases() RETURNS bigint[] LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT string_to_array(nullif(current_setting('app.cases', true), ''), ',')::bigint[] $$;

CREATE OR REPLACE FUNCTION sec.my_seats() RETURNS SETOF cases_membership LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.* {SEATS} $$;

CREATE OR REPLACE FUNCTION sec.my_cases() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(m.case_id), '{{}}') {SEATS} $$;

CREATE OR REPLACE FUNCTION sec.my_seat_ids() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(m.id), '{{}}') {SEATS} $$;

CREATE FUNCTION sec.page_seats() RETURNS SETOF cases_membership LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.* {SEATS} AND ((SELECT sec.page_cases()) IS NULL OR m.case_id = ANY ((SELECT sec.page_cases())::bigint[])) $$;

CREATE OR REPLACE FUNCTION sec.my_sections(wanted bigint) RETURNS text[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(w), '{{}}') FROM sec.page_seats() s,
        unnest(ARRAY['time', 'network', 'themes', 'plan', 'contact', 'consents']) w
    WHERE s.case_id = wanted AND sec.seat_opens(s, w) $$;

CREATE OR REPLACE FUNCTION sec.open_cases(wanted text) RETURNS bigint[] LANGUAGE sql STABLE {DEFINER}
    SET plan_cache_mode = force_generic_plan AS $$ -- planned once: planning takes longer than running
    WITH seats AS MATERIALIZED (
        SELECT s.*, coalesce((SELECT a.written_consent FROM networks_unit u JOIN networks_agency a ON a.id = u.agency_id
                              WHERE u.id = s.unit_id), true) AS written,
            CASE WHEN wanted = 'intake' THEN false
                 WHEN s.role = 'coordinator' THEN true
                 WHEN s.role = 'exceptional' THEN wanted = ANY (s.sections)
                 WHEN wanted = 'consents' THEN NOT s.index_only
                 WHEN s.index_only AND wanted NOT IN ('time', 'network') THEN false
                 WHEN wanted = 'contact' AND NOT s.named
                     AND EXISTS (SELECT FROM cases_case c WHERE c.id = s.case_id AND c.protected) THEN false END AS known
        FROM sec.page_seats() s
    ), asked AS MATERIALIZED (
        SELECT s.*, coalesce((SELECT k.finding FROM cases_capacity k WHERE k.case_id = s.case_id
                              ORDER BY k.written_at DESC, k.id DESC LIMIT 1), '') = 'capable' AS child_decides
        FROM seats s WHERE s.known IS NULL
    ), said AS (
        SELECT s.id, bool_and(coalesce((
                SELECT k.answer = 'yes' AND k.valid_until >= {TODAY}
                    AND (k.section = 'time' OR NOT s.written OR k.confirmed_at IS NOT NULL)
                FROM cases_consent k WHERE k.giver_id = p.id AND k.ended_at IS NULL
                    AND k.section = CASE wanted WHEN 'network' THEN 'time' ELSE wanted END
                    AND CASE WHEN s.written THEN k.membership_id = s.id ELSE k.unit_id = s.unit_id END
            ), wanted IN ('time', 'network') AND p.consent = 'oral')) AS agreed
        FROM asked s
        JOIN cases_person p ON p.case_id = s.case_id AND p.kind = CASE WHEN s.child_decides THEN 'child' ELSE 'guardian' END
        WHERE EXISTS (SELECT FROM cases_membership f WHERE f.person_id = p.id AND f.ended_at IS NULL)
          AND (s.child_decides OR NOT EXISTS (SELECT FROM cases_consentexception e
               WHERE e.guardian_id = p.id AND e.ended_at IS NULL))
        GROUP BY s.id
    )
    SELECT coalesce(array_agg(s.case_id), '{{}}') FROM seats s LEFT JOIN said ON said.id = s.id
    WHERE CASE WHEN s.known IS NOT NULL THEN s.known
               WHEN said.id IS NOT NULL THEN said.agreed
               -- nobody of the family who decides is recorded: the rule for one seat knows what the call told
               ELSE wanted IN ('time', 'network') AND sec.consented(
                   (SELECT m FROM cases_membership m WHERE m.id = s.id), 'time') END $$;

REVOKE ALL ON FUNCTION sec.page_cases(), sec.page_seats() FROM PUBLIC;
"""

OPEN = "case_id = ANY ((SELECT sec.open_cases('network'))::bigint[])"
OWN_SEAT = "id = ANY ((SELECT sec.my_seat_ids())::bigint[])"
# An OR is read from the left, and a subquery that nobody reaches is never run: an own row needs no look at consents.
POLICIES = f"ALTER POLICY member_select ON cases_membership USING ({OWN_SEAT} OR {OPEN});"


class Migration(migrations.Migration):
    dependencies = [("cases", "0021_case_columns"), ("meetings", "0007_joined")]
    operations = [
        migrations.RunSQL(FUNCTIONS + POLICIES, migrations.RunSQL.noop),
        migrations.AddIndex(
            "case",
            models.Index(
                models.F("area"),
                models.Case(models.When(first_met_at=None, then=False), default=True, output_field=models.BooleanField()),
                models.F("plan_by_on"),
                models.F("id"),
                condition=~models.Q(status="closed"),
                name="case_open_in_order",
            ),
        ),
    ]
