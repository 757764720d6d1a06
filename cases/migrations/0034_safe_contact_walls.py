"""A safe number or address is the coordinators' to read and the jobs' to send to. Who may be told of a meeting, in one rule.

`sec.may_be_told` is asked twice: when a message is written and again right before it leaves. A professional's seat opens
the time by the family's word; of the family it is a guardian, or a child who decides, and never in a protected family, by
hand, or where the child has hidden the time. Whoever was in until the situation closed is still told that a meeting is off.
"""

from django.db import migrations

from yhteiso.hats.roles import role
from yhteiso.hats.walls import family_table

AREA, JOBS = role("area"), role("jobs")
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"  # which has a wall of its own for this hat
ME = "(SELECT sec.uid())"
TODAY = "(SELECT (now() AT TIME ZONE 'Europe/Helsinki')::date)"

FUNCTIONS = f"""
CREATE FUNCTION sec.works_in(seat cases_membership, area bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    -- the same as sec.my_seats, asked about somebody else
    SELECT EXISTS (SELECT FROM networks_user u WHERE u.id = seat.user_id AND u.is_active
            AND (seat.role = 'coordinator' OR seat.unit_id IS NOT DISTINCT FROM u.unit_id))
        AND EXISTS (SELECT FROM networks_rolemembership r WHERE r.user_id = seat.user_id
            AND CASE WHEN seat.role = 'coordinator' THEN r.role IN ('coordinator', 'responsible') AND r.area_id = area
                     ELSE r.role IN ('coordinator', 'responsible', 'professional') END
            AND r.starts_on <= {TODAY} AND (r.ends_on IS NULL OR r.ends_on >= {TODAY}))
        AND NOT EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = seat.case_id AND r.user_id = seat.user_id) $$;

CREATE FUNCTION sec.family_told(seat cases_membership) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT FROM cases_person p JOIN cases_case c ON c.id = p.case_id
        WHERE p.id = seat.person_id AND NOT p.by_hand AND NOT c.protected
          AND CASE p.kind WHEN 'guardian' THEN true WHEN 'child' THEN coalesce((
                SELECT k.finding FROM cases_capacity k WHERE k.case_id = c.id
                ORDER BY k.written_at DESC, k.id DESC LIMIT 1), '') = 'capable' ELSE false END
          AND NOT EXISTS (SELECT FROM cases_hiding h
            WHERE h.guardian_id = p.id AND h.section = 'time' AND h.ended_at IS NULL)) $$;

CREATE FUNCTION sec.may_be_told(seats bigint[]) RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(m.id), '{{}}') FROM cases_membership m JOIN cases_case c ON c.id = m.case_id
    WHERE m.id = ANY (seats) AND m.role <> 'exceptional'
      AND (current_setting('role') = '{JOBS}' OR sec.sees_case(m.case_id))
      AND (m.ended_at IS NULL OR c.closed_at = m.ended_at)
      AND CASE WHEN m.user_id IS NULL THEN sec.family_told(m)
               WHEN NOT sec.works_in(m, c.area_id) THEN false
               -- closed: nobody of the family is in any more, so its word is the one from before, unless taken back since
               WHEN m.ended_at IS NOT NULL THEN NOT EXISTS (SELECT FROM cases_consent k WHERE k.case_id = c.id AND k.withdrawn
                    AND k.section = 'time' AND k.ended_at >= c.closed_at)
               ELSE sec.seat_opens(m, 'time') END $$;

REVOKE ALL ON FUNCTION sec.works_in(cases_membership, bigint), sec.family_told(cases_membership), sec.may_be_told(bigint[])
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.may_be_told(bigint[]) TO {AREA}, {JOBS};
"""

EVENTS = """case_id = ANY ((SELECT sec.open_cases('network'))::bigint[]) AND kind <> ALL (ARRAY[
        'consent', 'consent_confirmed', 'consent_withdrawn', 'consent_exception', 'consent_exception_ended', 'capacity',
        'hidden', 'hiding_ended', 'recused', 'exceptional', 'exceptional_reviewed', 'safe_contact', 'safe_contact_ended',
        'safe_contact_failed'])
    OR by_id = (SELECT sec.uid()) AND case_id = ANY ((SELECT sec.my_cases())::bigint[])"""

SQL = "\n".join(
    [
        family_table(
            "cases_safecontact",
            {
                "area": {
                    "S": AREA_CASE,
                    "I": f"{AREA_CASE} AND asked_by_id = {ME} AND ended_at IS NULL",
                    "U": (AREA_CASE, f"{AREA_CASE} AND ended_by_id = {ME}"),
                },
                "jobs": {"S": "true", "U": ("ended_at IS NULL", "end_reason = 'failed' AND ended_by_id IS NULL")},
            },
        ),
        *[
            f"REVOKE UPDATE ON cases_safecontact FROM {hat};"
            f" GRANT UPDATE (ended_at, ended_by_id, end_reason) ON cases_safecontact TO {hat};"
            for hat in (AREA, JOBS)
        ],
        "GRANT SELECT (person_id) ON cases_membership TO hat_jobs;",
        # The events of numbers are for whoever leads, like those of consents.
        f"ALTER POLICY member_select ON cases_caseevent USING ({EVENTS});",
        FUNCTIONS,
    ]
)
REVERSE = (
    "DROP FUNCTION sec.may_be_told(bigint[]), sec.family_told(cases_membership), sec.works_in(cases_membership, bigint);"
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0033_safe_contacts"), ("meetings", "0020_clock_walls")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
