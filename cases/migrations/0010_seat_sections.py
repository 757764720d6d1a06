"""What each seat of a situation opens now, for the page of consents: asked from the rule itself, never worked out twice.

And what the network hears of consents: nothing.
"""

from django.db import migrations

from yhteiso.hats.roles import role

SQL = f"""
CREATE FUNCTION sec.seat_sections(wanted bigint) RETURNS TABLE (membership_id bigint, section text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT m.id, w FROM cases_membership m
    LEFT JOIN networks_user u ON u.id = m.user_id,
    unnest(ARRAY['time', 'network', 'themes', 'plan', 'contact']) w
    WHERE m.case_id = wanted AND sec.sees_case(wanted) AND m.ended_at IS NULL
      AND m.role NOT IN ('coordinator', 'exceptional')
      -- a seat is dead when its person has changed unit, lost the account or is disqualified
      AND (m.user_id IS NULL OR u.is_active AND m.unit_id IS NOT DISTINCT FROM u.unit_id)
      AND NOT EXISTS (SELECT FROM cases_recusal r WHERE r.case_id = m.case_id AND r.user_id = m.user_id)
      AND sec.seat_opens(m, w) $$;
REVOKE ALL ON FUNCTION sec.seat_sections(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.seat_sections(bigint) TO {role("area")};

-- What a family has said, and around it, is no news for the network: a member hears of the own unit only.
ALTER POLICY member_select ON cases_caseevent USING (
    case_id = ANY ((SELECT sec.open_cases('network'))::bigint[]) AND kind <> ALL (ARRAY[
        'consent', 'consent_confirmed', 'consent_withdrawn', 'consent_exception', 'consent_exception_ended', 'capacity',
        'hidden', 'hiding_ended', 'recused', 'exceptional', 'exceptional_reviewed'])
    OR by_id = (SELECT sec.uid()) AND case_id = ANY ((SELECT sec.my_cases())::bigint[]));
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0007_standing")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
