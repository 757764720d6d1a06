"""What the machine of tests/access found: two rules of 0004 that opened more than the family had said.

A guardian who was taken out of the network left the call's general yes behind, as if nobody had ever been asked. And a seat
without content, or one for a day, read what the family had said of the unit.
"""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public"
TODAY = "(now() AT TIME ZONE 'Europe/Helsinki')::date"

SQL = f"""
CREATE OR REPLACE FUNCTION sec.consented(seat cases_membership, wanted text) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    WITH finding AS (
        SELECT coalesce((SELECT k.finding FROM cases_capacity k WHERE k.case_id = seat.case_id
                         ORDER BY k.written_at DESC, k.id DESC LIMIT 1), '') = 'capable' AS child_decides
    ), people AS (
        SELECT p.id, p.kind, p.consent FROM cases_person p
        JOIN cases_membership f ON f.person_id = p.id AND f.ended_at IS NULL
        WHERE p.case_id = seat.case_id AND p.kind IN ('child', 'guardian')
    ), deciders AS (
        SELECT p.id, p.consent FROM people p, finding f
        WHERE CASE WHEN f.child_decides THEN p.kind = 'child'
                   ELSE p.kind = 'guardian' AND NOT EXISTS (SELECT FROM cases_consentexception e
                        WHERE e.guardian_id = p.id AND e.ended_at IS NULL) END
    ), agency AS (
        SELECT coalesce((SELECT a.written_consent FROM networks_unit u JOIN networks_agency a ON a.id = u.agency_id
                         WHERE u.id = seat.unit_id), true) AS written
    )
    SELECT CASE WHEN EXISTS (SELECT FROM deciders) THEN NOT EXISTS (
        SELECT FROM deciders d, agency WHERE NOT coalesce((
            SELECT k.answer = 'yes' AND k.valid_until >= {TODAY}
                AND (wanted = 'time' OR NOT agency.written OR k.confirmed_at IS NOT NULL)
            FROM cases_consent k WHERE k.giver_id = d.id AND k.section = wanted AND k.ended_at IS NULL
                AND CASE WHEN agency.written THEN k.membership_id = seat.id ELSE k.unit_id = seat.unit_id END
        ), wanted = 'time' AND d.consent = 'oral'))
    -- no guardian was ever recorded: what was told in the call is all there is
    ELSE wanted = 'time' AND NOT (SELECT child_decides FROM finding)
        AND NOT EXISTS (SELECT FROM cases_person p WHERE p.case_id = seat.case_id AND p.kind = 'guardian')
        AND EXISTS (SELECT FROM cases_case c WHERE c.id = seat.case_id AND c.consent = 'oral') END $$;

ALTER POLICY member_select ON cases_consent USING (
    case_id = ANY ((SELECT sec.open_cases('consents'))::bigint[])
    AND (unit_id = (SELECT sec.my_unit()) OR membership_id = ANY ((SELECT sec.my_seat_ids())::bigint[])));
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0010_seat_sections")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
