"""Sections and consent in the policies of meetings: times, themes and the plan open by what the family has said."""

from django.db import migrations

from yhteiso.hats.roles import HATS, role

ALL_HATS = ", ".join(role(hat) for hat in HATS)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public"
MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
MY_MEETING = "meeting_id = ANY ((SELECT sec.my_meetings())::bigint[])"
OPEN_TIME = "case_id = ANY ((SELECT sec.open_cases('time'))::bigint[])"
OPEN_PLAN = "case_id = ANY ((SELECT sec.open_cases('plan'))::bigint[])"
UID = "(SELECT sec.uid())"
OWN = f"owner_id = {UID} AND {MY_CASE}"
OWN_SEAT = "membership_id = ANY ((SELECT sec.my_seat_ids())::bigint[])"
NOT_RECUSED = "case_id <> ALL ((SELECT sec.my_recusals())::bigint[])"


def of_family(section: str) -> str:
    return f"case_id = ANY ((SELECT sec.my_family_cases('{section}'))::bigint[])"


SQL = f"""
-- The meetings whose themes this person may read: invited with a seat in use, and the family has said yes to it.
CREATE OR REPLACE FUNCTION sec.my_meetings() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(p.meeting_id), '{{}}') FROM sec.my_seats() s
    JOIN meetings_participant p ON p.membership_id = s.id AND p.case_id = s.case_id
    WHERE sec.seat_opens(s, 'themes') $$;

-- A promise shows when and where it was given, also to whoever sees nothing else of that meeting.
CREATE FUNCTION sec.my_promised_meetings() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(k.meeting_id), '{{}}') FROM sec.my_seats() s
    JOIN meetings_commitment k ON k.case_id = s.case_id AND k.owner_id = s.user_id AND k.agreed_at IS NOT NULL $$;

-- One invitation, opened by a link: a seat that has not ended, in a meeting that is still ahead.
CREATE FUNCTION sec.guest_seat() RETURNS bigint LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.id FROM meetings_participant p
    JOIN cases_membership m ON m.id = p.membership_id AND m.ended_at IS NULL
    JOIN meetings_meeting t ON t.id = p.meeting_id AND t.status IN ('proposed', 'confirmed')
    WHERE p.id = nullif(current_setting('app.guest', true), '')::bigint AND sec.seat_opens(m, 'time') $$;
CREATE FUNCTION sec.guest_meeting() RETURNS bigint LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.meeting_id FROM meetings_participant p WHERE p.id = sec.guest_seat() $$;
CREATE FUNCTION sec.guest_membership() RETURNS bigint LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT p.membership_id FROM meetings_participant p WHERE p.id = sec.guest_seat() $$;

-- What of somebody's duties would be left behind: situations that they lead, promises of theirs that are open.
CREATE FUNCTION sec.duties_of(who bigint) RETURNS integer LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT (SELECT count(*) FROM cases_case c WHERE c.coordinator_id = who AND c.status <> 'closed')::integer
         + (SELECT count(*) FROM meetings_commitment k WHERE k.owner_id = who AND k.status = 'open'
            AND k.agreed_at IS NOT NULL)::integer $$;

REVOKE ALL ON FUNCTION sec.my_promised_meetings(), sec.guest_seat(), sec.guest_meeting(), sec.guest_membership(),
    sec.duties_of(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_promised_meetings(), sec.guest_seat(), sec.guest_meeting(), sec.guest_membership()
    TO {ALL_HATS};

ALTER POLICY member_select ON meetings_meeting
    USING ({OPEN_TIME} OR id = ANY ((SELECT sec.my_promised_meetings())::bigint[]));
ALTER POLICY member_select ON meetings_participant USING ({OPEN_TIME} OR {OWN_SEAT} AND {MY_MEETING});
ALTER POLICY member_update ON meetings_participant USING ({OWN_SEAT} AND {OPEN_TIME})
    WITH CHECK ({OWN_SEAT} AND {OPEN_TIME});
ALTER POLICY member_select ON meetings_commitment
    USING ({MY_MEETING} OR agreed_at IS NOT NULL AND ({OPEN_PLAN} OR {OWN}));
ALTER POLICY unit_select ON meetings_commitment
    USING (unit_id = ANY ((SELECT sec.my_units())::bigint[]) AND agreed_at IS NOT NULL AND {NOT_RECUSED});

GRANT SELECT (id, case_id, ref, kind, status, starts_at, ends_at, place, began_at) ON meetings_meeting
    TO {role("family")}, {role("guest")};
GRANT SELECT ON meetings_participant TO {role("family")};
GRANT SELECT (id, meeting_id, case_id, membership_id, answer, answered_at) ON meetings_participant TO {role("guest")};
GRANT UPDATE (answer, answered_at) ON meetings_participant TO {role("guest")};
GRANT SELECT ON meetings_logbook, meetings_logbookentry, meetings_commitment, meetings_theme TO {role("family")};
GRANT SELECT (id, case_id, ref, kind, what, membership_id, due_on, status, agreed_at) ON meetings_commitment
    TO {role("guest")};
CREATE POLICY family_select ON meetings_meeting FOR SELECT TO {role("family")} USING ({of_family("time")});
CREATE POLICY family_select ON meetings_participant FOR SELECT TO {role("family")} USING ({of_family("time")});
CREATE POLICY family_select ON meetings_logbook FOR SELECT TO {role("family")}
    USING (approved_at IS NOT NULL AND {of_family("themes")});
CREATE POLICY family_select ON meetings_logbookentry FOR SELECT TO {role("family")}
    USING (EXISTS (SELECT 1 FROM meetings_logbook l WHERE l.id = logbook_id));
CREATE POLICY family_select ON meetings_commitment FOR SELECT TO {role("family")}
    USING (agreed_at IS NOT NULL AND {of_family("plan")});
CREATE POLICY guest_select ON meetings_meeting FOR SELECT TO {role("guest")} USING (id = (SELECT sec.guest_meeting()));
CREATE POLICY guest_select ON meetings_participant FOR SELECT TO {role("guest")} USING (id = (SELECT sec.guest_seat()));
CREATE POLICY guest_update ON meetings_participant FOR UPDATE TO {role("guest")}
    USING (id = (SELECT sec.guest_seat())) WITH CHECK (id = (SELECT sec.guest_seat()));
CREATE POLICY guest_select ON meetings_commitment FOR SELECT TO {role("guest")}
    USING (agreed_at IS NOT NULL AND membership_id = (SELECT sec.guest_membership()));
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0002_walls"), ("cases", "0004_access_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
