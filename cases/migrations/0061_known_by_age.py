"""Already known, where only an age was told; and which consultation a concern goes on from.

`sec.known_by_age` is the sister of `sec.already_known`: the same walls, the same silence, a weaker likeness. It looks by the
keys of a first name, and tells at most:

  a birth date that fits the age (a year either way)   own area: the situation, open or closed
                                                       another area: the area, where the family names are alike too and it is open
  no birth date, and an age that fits                  own area only, and only an open situation
  protected                                            nothing; its people get a task and its log a row, as there
"""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
ARGUMENTS = "text[], text[], integer, boolean, date, text, uuid, timestamptz"

FUNCTION = f"""
CREATE FUNCTION sec.known_by_age(
    given_keys text[], family_keys text[], years integer, dated boolean, today date, mark text, request uuid,
    moment timestamptz
) RETURNS TABLE (case_id bigint, ref text, area_id bigint, opened_at timestamptz, closed_at timestamptz)
    LANGUAGE plpgsql {DEFINER} AS $$
    #variable_conflict use_column
    DECLARE found bigint[]; areas bigint[] := sec.my_areas(); barred bigint[] := sec.my_recusals(); asker bigint := sec.uid();
    BEGIN
        IF current_setting('role') <> '{role("area")}' OR cardinality(areas) = 0 THEN RETURN; END IF;
        -- `dated`: whether children whose day of birth is known are compared too (not where the asker has told the day).
        SELECT coalesce(array_agg(c.id), '{{}}') INTO found
            FROM cases_childkey k JOIN cases_case c ON c.id = k.case_id
            LEFT JOIN cases_personcontact t ON t.person_id = k.person_id
            LEFT JOIN cases_caseheading h ON h.case_id = k.case_id
            WHERE k.given && given_keys AND (k.family && family_keys OR family_keys = '{{}}' OR k.family = '{{}}')
              AND CASE WHEN t.born_on IS NULL THEN
                    c.area_id = ANY (areas) AND c.status <> 'closed' AND abs(
                        h.child_age + extract(year FROM age(today::timestamp, c.t0_at AT TIME ZONE 'Europe/Helsinki')) - years
                    ) <= 1
                ELSE dated AND t.born_on > today - make_interval(years => years + 2)
                    AND t.born_on <= today - make_interval(years => greatest(years - 1, 0))
                    AND (c.area_id = ANY (areas) OR c.status <> 'closed' AND k.family && family_keys) END;
        INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
            SELECT gen_random_uuid(), 'protected_look', c.id, t.who, moment, moment,
                   'known-' || asker || '-' || (moment AT TIME ZONE 'Europe/Helsinki')::date
            FROM cases_case c CROSS JOIN LATERAL (
                SELECT c.coordinator_id AS who
                UNION SELECT m.user_id FROM cases_membership m WHERE m.case_id = c.id AND m.named AND NOT m.index_only
                    AND m.user_id IS NOT NULL AND m.ended_at IS NULL
            ) t WHERE c.id = ANY (found) AND c.protected AND c.status <> 'closed' AND t.who <> asker
            ON CONFLICT DO NOTHING;
        INSERT INTO audit_logentry (id, at, actor_id, actor_name, actor_agency, actor_unit, hat, verb, case_id, case_ids,
                                    page, why, term_hash, request_id, reason)
            SELECT uuidv7(), moment, u.id, u.name, coalesce(a.name, ''), coalesce(n.name, ''), 'area', 'search', c.id, '[]',
                   'call-known', 'coordinator', mark, request, 'known'
            FROM cases_case c JOIN networks_user u ON u.id = asker
            LEFT JOIN networks_unit n ON n.id = u.unit_id LEFT JOIN networks_agency a ON a.id = n.agency_id
            WHERE c.id = ANY (found) AND c.protected;
        RETURN QUERY
            SELECT c.id, c.ref::text, c.area_id, c.opened_at, c.closed_at FROM cases_case c
            WHERE c.id = ANY (found) AND NOT c.protected AND c.area_id = ANY (areas) AND c.id <> ALL (barred)
            ORDER BY c.closed_at DESC NULLS FIRST, c.opened_at DESC, c.id LIMIT 5;
        RETURN QUERY
            SELECT DISTINCT NULL::bigint, NULL::text, c.area_id, NULL::timestamptz, NULL::timestamptz FROM cases_case c
            WHERE c.id = ANY (found) AND NOT c.protected AND c.area_id <> ALL (areas) AND c.status <> 'closed'
              AND c.id <> ALL (barred) ORDER BY c.area_id;
    END $$;
REVOKE ALL ON FUNCTION sec.known_by_age({ARGUMENTS}) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.known_by_age({ARGUMENTS}) TO {role("area")};
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0060_request_stays_guarded")]
    operations = [
        migrations.AddIndex(
            "childkey", django.contrib.postgres.indexes.GinIndex(fields=["given", "family"], name="childkey_by_name")
        ),
        migrations.AddField(
            "concern",
            "continues",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="continued_by", to="cases.concern"
            ),
        ),
        migrations.RunSQL(FUNCTION, f"DROP FUNCTION sec.known_by_age({ARGUMENTS});"),
    ]
