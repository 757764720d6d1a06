"""Who may read and write drafts and talks, how a concern is taken back, and how its writer is answered.

A draft is its writer's alone, in every hat. What a professional may not write of a concern (that it was taken back, how it
ended) is written by functions that look at the facts themselves.
"""

from django.db import migrations

from yhteiso.hats.roles import HATS, role
from yhteiso.hats.walls import append_only, family_table

ALL_HATS = ", ".join(role(hat) for hat in HATS)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
UID = "(SELECT sec.uid())"
MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
MY_DRAFT = f"owner_id = {UID} AND unit_id = (SELECT sec.my_unit())"
OLD = "saved_at <= now() - interval '30 days'"
OF_CONCERN = "EXISTS (SELECT 1 FROM cases_concern c WHERE c.id = concern_id)"  # which has a wall of its own for each hat
NEW = "answered_at IS NULL AND withdrawn_at IS NULL AND outcome = '' AND case_id IS NULL"

FUNCTIONS = f"""
-- Taken back by its writer, while nobody has begun to answer. Its texts are emptied. Answers its key, or nothing.
CREATE FUNCTION sec.withdraw_concern(wanted text, moment timestamptz) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_concern;
    BEGIN
        SELECT * INTO c FROM cases_concern
            WHERE ref = wanted AND logged_by_id = sec.uid() AND unit_id = sec.my_unit() FOR UPDATE;
        IF c.withdrawn_at IS NOT NULL THEN RETURN c.id; END IF;
        -- whoever begins a call holds the row: what they wrote meanwhile is seen by this next statement
        IF c.id IS NULL OR c.answered_at IS NOT NULL OR EXISTS (SELECT FROM cases_call k WHERE k.concern_id = c.id) THEN
            RETURN NULL;
        END IF;
        UPDATE cases_concern SET withdrawn_at = moment, child_name = '', child_age = NULL, place = '', children_home = '',
            strengths = '', everyday = '', agreed = '', reachable = '' WHERE id = c.id;
        RETURN c.id;
    END $$;

-- How it ended, from the facts: the network has met, the family declined, or help was found otherwise. Told once.
CREATE FUNCTION sec.answer_caller(of_case bigint, of_concern bigint)
    RETURNS TABLE (concern bigint, writer bigint, area bigint, told varchar) LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE
        hat text := current_setting('role');
        system boolean := hat = '{role("jobs")}' OR hat = 'none' AND session_user = 'yhteiso_owner';
    BEGIN
        IF of_case IS NOT NULL AND (system OR sec.sees_case(of_case)) THEN
            RETURN QUERY UPDATE cases_concern c SET
                outcome = CASE WHEN s.first_met_at IS NOT NULL THEN 'met'
                               WHEN s.close_reason IN ('declined', 'family_stopped') THEN 'declined' ELSE 'other' END,
                outcome_at = coalesce(s.first_met_at, s.closed_at)
            FROM cases_case s
            WHERE s.id = of_case AND c.case_id = of_case AND c.outcome = '' AND c.withdrawn_at IS NULL
              AND (s.first_met_at IS NOT NULL OR s.closed_at IS NOT NULL)
            RETURNING c.id, c.logged_by_id, c.area_id, c.outcome;
        ELSIF of_concern IS NOT NULL AND (system OR hat = '{role("area")}') THEN
            RETURN QUERY UPDATE cases_concern c SET outcome = 'other', outcome_at = c.answered_at
            WHERE c.id = of_concern AND c.outcome = '' AND c.case_id IS NULL AND c.answered_at IS NOT NULL
              AND (system OR c.area_id = ANY (sec.my_areas()))
            RETURNING c.id, c.logged_by_id, c.area_id, c.outcome;
        END IF;
    END $$;

-- What the professional still sees of an own concern once its text is gone: that it was answered, when, and how it ended.
DROP FUNCTION sec.my_answered_concerns();
CREATE FUNCTION sec.my_answered_concerns() RETURNS TABLE (
    id bigint, ref varchar, sent_at timestamptz, answered_at timestamptz, outcome varchar, outcome_at timestamptz)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.ref, c.sent_at, c.answered_at, c.outcome, c.outcome_at FROM cases_concern c
    WHERE c.logged_by_id = sec.uid() AND c.unit_id = sec.my_unit() AND c.answered_at IS NOT NULL
      AND (c.case_id IS NULL OR c.case_id <> ALL (sec.my_recusals())) $$;

-- The task to talk with the family is done by the talk itself, and falls away with the concern or with a network.
CREATE FUNCTION sec.family_is_asked() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE c cases_concern;
    BEGIN
        SELECT * INTO c FROM cases_concern
            WHERE id = CASE TG_TABLE_NAME WHEN 'cases_concern' THEN (to_jsonb(NEW) ->> 'id')::bigint
                            ELSE (to_jsonb(NEW) ->> 'concern_id')::bigint END;
        UPDATE cases_task SET done_at = now(), done_by_id = sec.uid()
            WHERE to_id = c.logged_by_id AND kind = 'ask_family' AND about = c.ref AND done_at IS NULL;
        RETURN NULL;
    END $$;
CREATE TRIGGER family_is_asked AFTER INSERT ON cases_familytalk FOR EACH ROW EXECUTE FUNCTION sec.family_is_asked();
CREATE TRIGGER family_is_asked AFTER UPDATE OF case_id, withdrawn_at ON cases_concern FOR EACH ROW
    WHEN (OLD.case_id IS NULL AND NEW.case_id IS NOT NULL OR OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL)
    EXECUTE FUNCTION sec.family_is_asked();
CREATE TRIGGER outcome_once BEFORE UPDATE OF outcome, outcome_at ON cases_concern FOR EACH ROW
    WHEN (OLD.outcome <> '' AND (OLD.outcome, OLD.outcome_at) IS DISTINCT FROM (NEW.outcome, NEW.outcome_at))
    EXECUTE FUNCTION sec.refuse_change();

REVOKE ALL ON FUNCTION sec.withdraw_concern(text, timestamptz), sec.answer_caller(bigint, bigint),
    sec.my_answered_concerns(), sec.family_is_asked() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.withdraw_concern(text, timestamptz) TO {role("member")};
GRANT EXECUTE ON FUNCTION sec.answer_caller(bigint, bigint) TO {role("area")}, {role("member")}, {role("jobs")};
GRANT EXECUTE ON FUNCTION sec.my_answered_concerns() TO {ALL_HATS};
"""

SQL = "\n".join(
    [
        family_table(
            "cases_concerndraft",
            {
                "member": {"S": MY_DRAFT, "I": MY_DRAFT, "U": MY_DRAFT, "D": MY_DRAFT},
                "jobs": {"S": OLD, "D": OLD},  # what is fresh is not even the sweep's
            },
            {"jobs": "id, saved_at"},
        ),
        "REVOKE UPDATE ON cases_concerndraft FROM hat_member;",
        "GRANT UPDATE (kept, version, sealed, saved_at) ON cases_concerndraft TO hat_member;",
        family_table(
            "cases_familytalk",
            {
                "area": {"S": OF_CONCERN},
                "member": {"S": f"by_id = {UID}", "I": f"by_id = {UID} AND {OF_CONCERN}"},
                "jobs": {"S": "true"},
            },
            {"jobs": "id, concern_id"},
        ),
        append_only("cases_familytalk"),
        f"ALTER POLICY member_insert ON cases_concern WITH CHECK (logged_by_id = {UID} AND {NEW});",
        f"ALTER POLICY member_insert ON cases_task WITH CHECK ({MY_CASE}"
        f" OR case_id IS NULL AND kind = 'ask_family' AND to_id = {UID});",
        "GRANT SELECT (withdrawn_at) ON cases_concern TO hat_jobs;",
        FUNCTIONS,
    ]
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0040_concern_first"), ("meetings", "0023_reminder_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
