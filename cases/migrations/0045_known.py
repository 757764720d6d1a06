"""Already known? The keys of each child's names, and the one function that answers: to a coordinator, and very little.

No hat has a right to the keys. `sec.index_child` writes them, `sec.already_known` compares them.
"""

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from yhteiso.hats.roles import role
from yhteiso.hats.walls import family_table
from yhteiso.lib.phonetic import name_keys

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
BATCH = 5000

FUNCTIONS = f"""
-- The keys of a child's names, made by the application. Whoever sees the situation may write them; nobody reads them.
CREATE FUNCTION sec.index_child(child bigint, given_keys text[], family_keys text[]) RETURNS boolean
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE p cases_person;
    BEGIN
        SELECT * INTO p FROM cases_person WHERE id = child AND kind = 'child';
        IF p.id IS NULL OR NOT sec.sees_case(p.case_id) THEN RETURN false; END IF;
        INSERT INTO cases_childkey (person_id, case_id, given, family) VALUES (p.id, p.case_id, given_keys, family_keys)
            ON CONFLICT (person_id) DO UPDATE SET given = excluded.given, family = excluded.family;
        RETURN true;
    END $$;

-- Is there a situation of this child already? By the blind index of an identity code, or by keys of names and the day of
-- birth (`yhteiso.lib.phonetic.may_be_same` says the same). It answers a coordinator only, and at most:
--   own area      the situation, open or closed, with the days on which it began and ended
--   another area  the area, once, and only where a situation is open there
--   protected     nothing, to anybody; who leads it and who is named in it get a task, and the log a row of that situation
-- Of a situation in which the asker is disqualified: nothing. Whatever there is, the same statements run.
CREATE FUNCTION sec.already_known(
    given_keys text[], family_keys text[], born date, code bytea, mark text, request uuid, moment timestamptz
) RETURNS TABLE (case_id bigint, ref text, area_id bigint, opened_at timestamptz, closed_at timestamptz)
    LANGUAGE plpgsql {DEFINER} AS $$
    #variable_conflict use_column
    DECLARE found bigint[]; areas bigint[] := sec.my_areas(); barred bigint[] := sec.my_recusals(); asker bigint := sec.uid();
    BEGIN
        IF current_setting('role') <> '{role("area")}' OR cardinality(areas) = 0 THEN RETURN; END IF;
        SELECT coalesce(array_agg(s.case_id), '{{}}') INTO found FROM (
            SELECT k.case_id FROM cases_personcontact t JOIN cases_childkey k ON k.person_id = t.person_id
                WHERE t.born_on = born AND CASE WHEN given_keys = '{{}}' THEN k.family && family_keys
                    ELSE k.given && given_keys AND (k.family && family_keys OR family_keys = '{{}}' OR k.family = '{{}}') END
            UNION SELECT i.case_id FROM cases_personidentity i JOIN cases_person p ON p.id = i.person_id AND p.kind = 'child'
                WHERE i.blind = code
        ) s;
        INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
            SELECT gen_random_uuid(), 'protected_look', c.id, t.who, moment, moment,
                   'known-' || asker || '-' || (moment AT TIME ZONE 'Europe/Helsinki')::date
            FROM cases_case c CROSS JOIN LATERAL (
                SELECT c.coordinator_id AS who
                UNION SELECT m.user_id FROM cases_membership m WHERE m.case_id = c.id AND m.named AND NOT m.index_only
                    AND m.user_id IS NOT NULL AND m.ended_at IS NULL
            ) t WHERE c.id = ANY (found) AND c.protected AND c.status <> 'closed' AND t.who <> asker
            ON CONFLICT DO NOTHING;
        -- In that situation's own log stands who asked: that is where the task leads.
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
REVOKE ALL ON FUNCTION sec.index_child(bigint, text[], text[]),
    sec.already_known(text[], text[], date, bytea, text, uuid, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.index_child(bigint, text[], text[]),
    sec.already_known(text[], text[], date, bytea, text, uuid, timestamptz) TO {role("area")};
"""
REVERSE = """
DROP FUNCTION sec.already_known(text[], text[], date, bytea, text, uuid, timestamptz);
DROP FUNCTION sec.index_child(bigint, text[], text[]);
"""


def fill(apps: Any, schema_editor: Any) -> None:
    """Keys for the children who are there already, some thousands at a time."""
    people = apps.get_model("cases", "Person").objects.using(schema_editor.connection.alias).filter(kind="child")
    keys, last = apps.get_model("cases", "ChildKey").objects.using(schema_editor.connection.alias), 0
    while rows := list(
        people.filter(pk__gt=last).order_by("pk").values_list("pk", "case_id", "name", "family_name")[:BATCH]
    ):
        last = rows[-1][0]
        keys.bulk_create(
            keys.model(person_id=pk, case_id=case, given=found.given, family=found.family)
            for pk, case, name, family in rows
            for found in [name_keys(name, family)]
        )


class Migration(migrations.Migration):
    dependencies = [("cases", "0044_call_routes"), ("audit", "0005_oversight")]
    operations = [
        migrations.CreateModel(
            "ChildKey",
            [
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="cases.person",
                    ),
                ),
                ("given", django.contrib.postgres.fields.ArrayField(models.TextField())),
                ("family", django.contrib.postgres.fields.ArrayField(models.TextField())),
                ("case", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.case")),
            ],
        ),
        migrations.RunSQL(family_table("cases_childkey", {}), migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS, REVERSE),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
