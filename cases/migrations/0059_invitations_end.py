"""Invitations end with what they stand on: a disqualification, the unit, the area. And what the asked person still read.

A message and a step of the clock named the situation to whoever was asked into it. The message tells of the invitation alone
from now on, and the step is nobody's to read but the lead's.
"""

from django.db import migrations

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
OPEN = "i.state IN ('asked_family', 'sent')"
HATS = ", ".join(role(hat) for hat in ("area", "member", "unit", "admin", "jobs"))


def mended(function: str, old: str, new: str) -> str:
    """A few words of a long function changed where they stand; refused where they don't stand there once."""
    return f"""
DO $mend$ DECLARE body text := pg_get_functiondef('{function}'::regprocedure); BEGIN
    IF array_length(string_to_array(body, $old${old}$old$), 1) <> 2 THEN RAISE EXCEPTION 'not once in {function}'; END IF;
    EXECUTE replace(body, $old${old}$old$, $new${new}$new$);
END $mend$;"""


SQL = f"""
-- Only from the functions below: takes open invitations back and ends their days.
CREATE FUNCTION sec.cancel_invitations(invitations bigint[], moment timestamptz, who bigint) RETURNS void
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE gone bigint[];
    BEGIN
        WITH ended AS (UPDATE cases_unitinvitation i SET state = 'cancelled', cancelled_at = moment, cancelled_by_id = who
            WHERE i.id = ANY (invitations) AND {OPEN} RETURNING i.id)
        SELECT array_agg(id) INTO gone FROM ended;
        UPDATE cases_escalation e SET settled_at = moment
            WHERE e.kind = 'invitation' AND e.about = ANY (gone::text[]) AND e.settled_at IS NULL;
        UPDATE cases_deadline d SET state = 'ended', ended_at = moment
            WHERE d.kind = 'invitation' AND d.about = ANY (gone::text[]) AND d.state = 'open';
    END $$;

-- Whoever is disqualified answers for no unit either, however and by whom it was marked.
CREATE FUNCTION sec.end_invitations_of_recused() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        PERFORM sec.cancel_invitations(
            ARRAY(SELECT i.id FROM cases_unitinvitation i
                  WHERE i.case_id = NEW.case_id AND i.user_id = NEW.user_id AND {OPEN} ORDER BY i.id),
            NEW.marked_at, NEW.marked_by_id);
        RETURN NULL;
    END $$;
REVOKE ALL ON FUNCTION sec.cancel_invitations(bigint[], timestamptz, bigint), sec.end_invitations_of_recused() FROM PUBLIC;
CREATE TRIGGER invitations_end_with_recusal AFTER INSERT ON cases_recusal
    FOR EACH ROW EXECUTE FUNCTION sec.end_invitations_of_recused();
SELECT sec.cancel_invitations(array_agg(i.id), now(), NULL) FROM cases_unitinvitation i
    JOIN cases_recusal r ON r.case_id = i.case_id AND r.user_id = i.user_id WHERE {OPEN};

{
    mended(
        "sec.invitation_lead(bigint)",
        "i.sent_at IS NOT NULL",
        "i.sent_at IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM cases_recusal x WHERE x.case_id = i.case_id AND x.user_id = i.user_id)",
    )
}
-- Whoever is asked and waits is marked too, before they come.
{
    mended(
        "sec.recuse(bigint, bigint, text, bigint, bigint, timestamptz, timestamptz)",
        "m.case_id = wanted AND m.user_id = who)",
        "m.case_id = wanted AND m.user_id = who)"
        f" AND NOT EXISTS (SELECT FROM cases_unitinvitation i WHERE i.case_id = wanted AND i.user_id = who AND {OPEN})",
    )
}
-- The page of an invitation shows the number of the area that leads now.
{
    mended(
        "sec.swap_lead(bigint, bigint, bigint, timestamptz, text)",
        "RETURN seat;",
        "UPDATE cases_unitinvitation SET area_id = area WHERE case_id = wanted AND area_id <> area; RETURN seat;",
    )
}
-- The unit was asked in this person: where they have gone to another, the lead asks somebody else.
{
    mended(
        "sec.end_seats_of_unit()",
        "RETURN NULL;",
        f'''INSERT INTO cases_task (id, kind, case_id, unit_id, to_id, made_at, due_at, about)
            SELECT gen_random_uuid(), 'seat_vacant', c.id, i.unit_id, c.coordinator_id, now(), now() + interval '2 days',
                   'invitation-' || i.id
            FROM cases_unitinvitation i JOIN cases_case c ON c.id = i.case_id AND c.status <> 'closed'
            WHERE i.user_id = NEW.id AND i.unit_id IS DISTINCT FROM NEW.unit_id AND {OPEN}
            ON CONFLICT DO NOTHING;
        PERFORM sec.cancel_invitations(
            ARRAY(SELECT i.id FROM cases_unitinvitation i
                  WHERE i.user_id = NEW.id AND i.unit_id IS DISTINCT FROM NEW.unit_id AND {OPEN} ORDER BY i.id),
            now(), coalesce(sec.uid(), NEW.id));
        RETURN NULL;''',
    )
}

-- The day of an answer stands on the invitation; its steps name the situation.
ALTER POLICY member_select ON cases_deadline USING (person_id = (SELECT sec.uid()) AND kind <> 'invitation');
UPDATE cases_message m SET case_id = NULL FROM cases_unitinvitation i
    WHERE m.about = i.id::text AND m.case_id IS NOT NULL AND (
        m.what IN ('unit_invited', 'unit_cancelled') OR m.what = 'invitation' AND (m.to_id = i.user_id OR m.unit_id IS NOT NULL));

-- An entry that is put back is asked about again where nobody had answered: of the steps whose day passed, the highest.
CREATE FUNCTION sec.reopen_service_questions(of_service bigint, moment timestamptz, next timestamptz) RETURNS integer
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE n integer;
    BEGIN
        UPDATE cases_escalation x SET settled_at = NULL
            FROM networks_serviceevent e JOIN networks_service s ON s.id = e.service_id
            WHERE s.id = of_service AND s.active AND e.kind = 'asked' AND e.until IS NOT DISTINCT FROM s.confirmed_until
              AND x.case_id IS NULL AND x.kind = 'service' AND x.about = e.id::text AND x.settled_at IS NOT NULL;
        WITH ended AS (
            SELECT d.id, d.step, d.due_at <= next AS past FROM networks_serviceevent e
            JOIN networks_service s ON s.id = e.service_id
            JOIN cases_deadline d ON d.case_id IS NULL AND d.kind = 'service' AND d.about = e.id::text AND d.state = 'ended'
            WHERE s.id = of_service AND s.active AND e.kind = 'asked' AND e.until IS NOT DISTINCT FROM s.confirmed_until
        ), planned AS (
            SELECT id, past, past AND step < (SELECT max(step) FROM ended WHERE past) AS merged FROM ended
        )
        UPDATE cases_deadline d SET state = CASE WHEN p.merged THEN 'merged' ELSE 'open' END,
            ended_at = CASE WHEN p.merged THEN moment END, due_at = CASE WHEN p.past AND NOT p.merged THEN next ELSE d.due_at END
            FROM planned p WHERE d.id = p.id;
        GET DIAGNOSTICS n = ROW_COUNT;
        RETURN n;
    END $$;
REVOKE ALL ON FUNCTION sec.reopen_service_questions(bigint, timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.reopen_service_questions(bigint, timestamptz, timestamptz) TO {HATS};
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0058_joined_and_ended"), ("meetings", "0027_guest_door"), ("networks", "0013_suggestions")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
