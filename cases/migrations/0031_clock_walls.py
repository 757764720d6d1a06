"""Who may read and write deadlines, what was told of them, messages, pauses and ladders.

A deadline is ended by whoever does the deed, in any hat, through one function: a row that the writer may not see would
silently stay open. Whoever was told of something takes it through another.
"""

from django.db import migrations

from yhteiso.hats.roles import HATS, role
from yhteiso.hats.walls import append_only, family_table

ALL_HATS = ", ".join(role(hat) for hat in HATS)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
MY_AREA = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"  # which has a wall of its own for this hat
OF_AREA = f"CASE WHEN case_id IS NULL THEN {MY_AREA} ELSE {AREA_CASE} END"
MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
MINE = "person_id = (SELECT sec.uid())"
TO_ME = "to_id = (SELECT sec.uid())"
NEW = "state IN ('open', 'merged')"
TOLD_HATS = ("area", "member", "unit", "officer", "admin", "report")

FUNCTIONS = f"""
-- Ends what is still ahead. `code` or `what` empty: of every kind, about everything. Answers how many steps.
CREATE FUNCTION sec.end_deadlines(of_case bigint, code text, what text, moment timestamptz) RETURNS integer
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE
        n integer;
        hat text := current_setting('role');
        all_seeing boolean := hat IN ('{role("jobs")}', '{role("officer")}') OR hat = 'none' AND session_user = 'yhteiso_owner';
    BEGIN
        IF of_case IS NULL THEN
            UPDATE cases_deadline SET state = 'ended', ended_at = moment
                WHERE case_id IS NULL AND kind = code AND about = what AND state = 'open'
                  AND (all_seeing OR person_id = sec.uid() OR area_id = ANY (sec.my_areas()));
        ELSIF all_seeing OR sec.sees_case(of_case) THEN
            UPDATE cases_deadline SET state = 'ended', ended_at = moment
                WHERE case_id = of_case AND about = coalesce(what, about) AND state = 'open'
                  AND (kind = code OR code IS NULL AND kind <> 'review');  -- a review is owed after the end too
        END IF;
        GET DIAGNOSTICS n = ROW_COUNT;
        RETURN n;
    END $$;

-- "I take care of this": of the step behind one's own message. Answers whether it was there to take.
CREATE FUNCTION sec.take_step(message uuid, moment timestamptz) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE m cases_message;
    BEGIN
        SELECT * INTO m FROM cases_message WHERE id = message AND to_id = sec.uid();
        IF m.id IS NULL OR m.key NOT LIKE 'step:%' THEN RETURN false; END IF;
        UPDATE cases_escalation e SET taken_at = coalesce(e.taken_at, moment), taken_by_id = coalesce(e.taken_by_id, sec.uid())
            WHERE e.deadline_id = split_part(m.key, ':', 2)::uuid;
        UPDATE cases_message SET seen_at = moment WHERE id = m.id AND seen_at IS NULL;
        RETURN true;
    END $$;

-- What a person has read is known on the ladder too.
CREATE FUNCTION sec.step_seen() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        UPDATE cases_escalationto t SET seen_at = NEW.seen_at FROM cases_escalation e
            WHERE e.deadline_id = split_part(NEW.key, ':', 2)::uuid AND t.escalation_id = e.id AND t.to_id = NEW.to_id
              AND t.seen_at IS NULL;
        RETURN NULL;
    END $$;
CREATE TRIGGER step_seen AFTER UPDATE OF seen_at ON cases_message FOR EACH ROW
    WHEN (OLD.seen_at IS NULL AND NEW.seen_at IS NOT NULL AND NEW.key LIKE 'step:%') EXECUTE FUNCTION sec.step_seen();

-- For the frame of every page: how many messages and notices wait. Counted with the roles, it costs no question of its own.
CREATE FUNCTION sec.unseen_messages(person bigint) RETURNS integer LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT count(*)::integer FROM cases_message WHERE to_id = person AND seen_at IS NULL AND person = sec.uid() $$;

REVOKE ALL ON FUNCTION sec.end_deadlines(bigint, text, text, timestamptz), sec.take_step(uuid, timestamptz), sec.step_seen(),
    sec.unseen_messages(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.end_deadlines(bigint, text, text, timestamptz)
    TO {role("area")}, {role("member")}, {role("officer")}, {role("jobs")};
GRANT EXECUTE ON FUNCTION sec.take_step(uuid, timestamptz) TO {", ".join(role(hat) for hat in TOLD_HATS)};
GRANT EXECUTE ON FUNCTION sec.unseen_messages(bigint) TO {ALL_HATS};
"""

SQL = "\n".join(
    [
        family_table(
            "cases_deadline",
            {
                "area": {"S": OF_AREA, "I": f"{NEW} AND ({OF_AREA} OR {MINE})", "U": OF_AREA},
                "member": {"S": MINE, "I": f"{NEW} AND ({MINE} OR {MY_CASE})"},
                "jobs": {"S": "true", "I": "true", "U": "true"},
            },
        ),
        "REVOKE UPDATE ON cases_deadline FROM hat_area, hat_jobs;",
        "GRANT UPDATE (fact_at, late_at, due_at, state, ended_at) ON cases_deadline TO hat_area, hat_jobs;",
        family_table(
            "cases_escalationto",
            {"area": {"S": AREA_CASE}, "jobs": {"S": "true", "I": "true"}},
        ),
        family_table(
            "cases_message",
            {hat: {"S": TO_ME, "U": TO_ME} | ({"I": "seen_at IS NULL"} if hat != "report" else {}) for hat in TOLD_HATS}
            | {"jobs": {"S": "true", "I": "seen_at IS NULL"}},
        ),
        *[
            f"REVOKE UPDATE ON cases_message FROM {role(hat)}; GRANT UPDATE (seen_at) ON cases_message TO {role(hat)};"
            for hat in TOLD_HATS
        ],
        family_table(
            "cases_pause",
            {
                "area": {"S": AREA_CASE, "I": f"{AREA_CASE} AND recorded_by_id = (SELECT sec.uid())", "U": AREA_CASE},
                "jobs": {"S": "true"},
            },
        ),
        "REVOKE UPDATE ON cases_pause FROM hat_area; GRANT UPDATE (until_on, ended_at, ended_by_id) ON cases_pause TO hat_area;",
        family_table(
            "cases_ladderchange",
            {hat: {"S": "true"} for hat in HATS if hat not in ("area", "admin")}
            | {
                "area": {
                    "S": "true",
                    "I": "made_by_id = (SELECT sec.uid()) AND area_id = ANY ((SELECT sec.my_answered_areas())::bigint[])",
                },
                "admin": {"S": "true", "I": "made_by_id = (SELECT sec.uid())"},
            },
        ),
        append_only("cases_ladderchange"),
        f"ALTER POLICY area_select ON cases_escalation USING ({OF_AREA});",
        f"ALTER POLICY area_update ON cases_escalation USING ({OF_AREA}) WITH CHECK ({OF_AREA});",
        "REVOKE UPDATE ON cases_escalation FROM hat_area; GRANT UPDATE (seen_at, seen_by_id) ON cases_escalation TO hat_area;",
        # What the jobs need to know at the moment of telling: states and keys, no name and no text.
        "GRANT SELECT (consent) ON cases_case TO hat_jobs;",
        "GRANT SELECT (user_id, unit_id, role, ended_at, expires_at) ON cases_membership TO hat_jobs;",
        "ALTER POLICY jobs_select ON cases_membership USING (true);",
        "GRANT SELECT (id, case_id, user_id) ON cases_recusal TO hat_jobs;",
        "CREATE POLICY jobs_select ON cases_recusal FOR SELECT TO hat_jobs USING (true);",
        "GRANT SELECT (id, case_id, user_id, verdict, review_by) ON cases_exceptionalaccess TO hat_jobs;",
        "CREATE POLICY jobs_select ON cases_exceptionalaccess FOR SELECT TO hat_jobs USING (true);",
        "GRANT INSERT, SELECT (id) ON cases_caseevent TO hat_jobs;",
        "CREATE POLICY jobs_insert ON cases_caseevent FOR INSERT TO hat_jobs WITH CHECK (by_id IS NULL);",
        "CREATE POLICY jobs_select ON cases_caseevent FOR SELECT TO hat_jobs USING (true);",
        FUNCTIONS,
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0030_clock"), ("networks", "0005_powers_walls"), ("meetings", "0013_nobody_is_forgotten")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
