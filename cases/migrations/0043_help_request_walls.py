"""Who may write a request for help, and who reads it: anybody adds one through a function, the area's coordinators read.

The table gives no right to any hat without an account: what was sent is not shown again to whoever sent it.
"""

from django.db import migrations

from yhteiso.hats.roles import WEB_HATS, role
from yhteiso.hats.walls import family_table

AREA = role("area")
EVERYBODY = ", ".join(role(hat) for hat in WEB_HATS)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
IN_AREA = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
CASE_OR_NONE = "(case_id IS NULL OR EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id))"
SEEN = f"{IN_AREA} AND {CASE_OR_NONE} AND id <> ALL ((SELECT sec.guarded_help_requests())::bigint[])"
# What answering writes: by whom and when, and the emptied text of a consultation without names.
ANSWER = "answered_at, answered_by_id, case_id, child_name, child_age, place, everyday, strengths, phone, suits, language"
UNTOUCHED = f"{IN_AREA} AND finished_at IS NULL AND concern_id IS NULL AND help_request_id IS NULL AND version = 0"

FUNCTIONS = f"""
-- The request with the steps of its deadline, in one deed. Answers its number, the same for the same form sent again, and
-- nothing else: it compares with no child and no family. The steps come from the clock's own arithmetic; whatever they say,
-- they are about this request in this area.
CREATE FUNCTION sec.send_help_request(key uuid, area bigint, number text, moment timestamptz, told jsonb, steps jsonb)
    RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE sent bigint; guarded boolean := (told->>'protected')::boolean;
    BEGIN
        INSERT INTO cases_helprequest (ref, area_id, sent_at, form_key, source, everyday, strengths, child_name, child_age,
                                       place, phone, suits, language, interpreter, protected)
            VALUES (number, area, moment, key, told->>'source', told->>'everyday', told->>'strengths', told->>'child_name',
                    (told->>'child_age')::smallint, CASE WHEN guarded THEN '' ELSE told->>'place' END, told->>'phone',
                    told->>'suits', told->>'language', (told->>'interpreter')::boolean, guarded)
            ON CONFLICT (form_key) DO NOTHING RETURNING id INTO sent;
        IF sent IS NULL THEN
            RETURN (SELECT h.ref FROM cases_helprequest h WHERE h.form_key = key);
        END IF;
        INSERT INTO cases_deadline (id, kind, about, step, fact_at, late_at, due_at, state, ended_at, area_id)
            SELECT s.id, 'help_request', sent::text, s.step, moment, s.late_at, s.due_at, s.state, s.ended_at, area
            FROM jsonb_to_recordset(steps) AS s (id uuid, step smallint, late_at timestamptz, due_at timestamptz,
                                                 state text, ended_at timestamptz)
            WHERE s.state IN ('open', 'merged');
        RETURN number;
    END $$;

-- Those whose call is a protected family's: for whoever took the call, as the call itself is.
CREATE FUNCTION sec.guarded_help_requests() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(k.help_request_id), '{{}}') FROM cases_call k
    WHERE k.protected AND k.help_request_id IS NOT NULL AND k.area_id = ANY (sec.my_areas())
      AND k.taken_by_id IS DISTINCT FROM sec.uid() AND (k.case_id IS NULL OR NOT sec.sees_case(k.case_id)) $$;

REVOKE ALL ON FUNCTION sec.send_help_request(uuid, bigint, text, timestamptz, jsonb, jsonb), sec.guarded_help_requests()
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.send_help_request(uuid, bigint, text, timestamptz, jsonb, jsonb) TO {EVERYBODY};
GRANT EXECUTE ON FUNCTION sec.guarded_help_requests() TO {AREA};
"""

SQL = "\n".join(
    [
        # No form is needed to write through a function: how much somebody may write stands here too.
        "ALTER TABLE cases_helprequest ADD CONSTRAINT help_request_short"
        " CHECK (char_length(everyday) <= 2000 AND char_length(strengths) <= 2000);",
        FUNCTIONS,
        family_table(
            "cases_helprequest",
            {"area": {"S": SEEN, "U": (SEEN, IN_AREA)}, "jobs": {"S": "true"}},
            {"jobs": "id, area_id, sent_at, answered_at, case_id"},
        ),
        f"REVOKE UPDATE ON cases_helprequest FROM {AREA}; GRANT UPDATE ({ANSWER}) ON cases_helprequest TO {AREA};",
        f"ALTER POLICY area_delete ON cases_call USING ({UNTOUCHED});",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0042_help_request"), ("meetings", "0023_reminder_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
