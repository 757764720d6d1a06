"""Seats that end by themselves: with the account, and after twelve months without contact, of which the lead is told two
weeks before. And the ladder of a situation that has moved to another area.

The jobs read neither the network nor what is said in it: they ask these functions, which look at every condition again.
"""

from django.db import migrations, models

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
LAST_CONTACT = """greatest(
        m.started_at,
        (SELECT max(t.starts_at) FROM meetings_participant p JOIN meetings_meeting t ON t.id = p.meeting_id
            AND t.status NOT IN ('cancelled', 'moved') WHERE p.membership_id = m.id),
        (SELECT max(greatest(k.written_at, k.agreed_at, k.resolved_at, k.due_on::timestamptz)) FROM meetings_commitment k
            WHERE k.membership_id = m.id),
        (SELECT max(e.at) FROM cases_caseevent e WHERE e.case_id = m.case_id
            AND (e.by_id = m.user_id OR e.kind = 'member_kept' AND (e.detail ->> 'member')::bigint = m.id)),
        (SELECT max(g.at) FROM cases_message g WHERE g.case_id = m.case_id AND g.to_id = m.user_id))"""

SQL = f"""
-- Seats of professionals without a meeting, promise, deed or message since then. Never the lead's, nor the family's own.
CREATE FUNCTION sec.quiet_seats(since timestamptz)
    RETURNS TABLE (case_id bigint, coordinator_id bigint, membership_id bigint, unit_id bigint, last_at timestamptz)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.case_id, c.coordinator_id, m.id, m.unit_id, x.last_at FROM cases_membership m
    JOIN cases_case c ON c.id = m.case_id AND c.status <> 'closed'
    CROSS JOIN LATERAL (SELECT {LAST_CONTACT} AS last_at) x
    WHERE m.ended_at IS NULL AND m.role IN ('member', 'caller') AND m.user_id IS NOT NULL AND m.started_at < since
      AND x.last_at < since $$;

-- Seats of people who have left for good: the account is closed, or the unit is another.
CREATE FUNCTION sec.gone_seats() RETURNS TABLE (membership_id bigint) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT m.id FROM cases_membership m
    JOIN cases_case c ON c.id = m.case_id AND c.status <> 'closed'
    JOIN networks_user u ON u.id = m.user_id
    WHERE m.ended_at IS NULL AND m.role IN ('member', 'caller')
      AND (u.closed_at IS NOT NULL OR u.unit_id IS DISTINCT FROM m.unit_id) $$;

-- Ends one seat, if it is still so. Nothing else ends by itself, and an open situation keeps its lead.
CREATE FUNCTION sec.end_seat(seat bigint, why text, moment timestamptz) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE of_case bigint; m cases_membership;
    BEGIN
        SELECT case_id INTO of_case FROM cases_membership WHERE id = seat;
        PERFORM 1 FROM cases_case WHERE id = of_case AND status <> 'closed' FOR NO KEY UPDATE;
        IF NOT FOUND THEN RETURN false; END IF;
        SELECT * INTO m FROM cases_membership WHERE id = seat AND ended_at IS NULL AND role IN ('member', 'caller')
            FOR NO KEY UPDATE;
        IF m.id IS NULL OR NOT (CASE why
            WHEN 'unit' THEN EXISTS (SELECT FROM networks_user u WHERE u.id = m.user_id
                AND (u.closed_at IS NOT NULL OR u.unit_id IS DISTINCT FROM m.unit_id))
            WHEN 'quiet' THEN m.user_id IS NOT NULL AND {LAST_CONTACT} < moment - interval '365 days' AND EXISTS (
                SELECT FROM cases_task k WHERE k.case_id = m.case_id AND k.kind = 'seat_quiet' AND k.due_at <= moment
                    AND k.about = 'quiet-' || m.id || '-' || to_char({LAST_CONTACT} AT TIME ZONE 'UTC', 'YYYYMMDD'))
            ELSE false END)
        THEN RETURN false; END IF;
        UPDATE cases_membership SET ended_at = greatest(moment, started_at), end_reason = why WHERE id = seat;
        INSERT INTO cases_caseevent (case_id, kind, at, detail) VALUES (m.case_id, 'member_ended', moment, '{{}}');
        RETURN true;
    END $$;
REVOKE ALL ON FUNCTION sec.quiet_seats(timestamptz), sec.gone_seats(), sec.end_seat(bigint, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.quiet_seats(timestamptz), sec.gone_seats(), sec.end_seat(bigint, text, timestamptz)
    TO {role("jobs")};
-- A situation moves by its lead's hand-over; its ladder follows.
GRANT UPDATE (area_id) ON cases_deadline TO {role("jobs")};
"""
REVERSE = f"""
REVOKE UPDATE (area_id) ON cases_deadline FROM {role("jobs")};
DROP FUNCTION sec.quiet_seats(timestamptz), sec.gone_seats(), sec.end_seat(bigint, text, timestamptz);
"""

KINDS = [
    ("consent_withdrawn", "A consent was withdrawn"),
    ("consent_expires", "A consent expires"),
    ("consent_paper", "A consent waits for its paper"),
    ("hand_over", "A situation is offered to you"),
    ("handed_over", "You answer for a situation now"),
    ("exceptional", "Somebody opened a situation exceptionally"),
    ("exceptional_review", "An exceptional access waits for its review"),
    ("recused", "Somebody is disqualified"),
    ("seat_vacant", "A member has left the unit"),
    ("seat_quiet", "A member has been a year without contact"),
    ("leaderless", "Nobody answers for a situation"),
    ("place_by_phone", "Tell the place by phone"),
    ("other_guardian", "Tell the other guardian by hand"),
    ("protected_look", "A protected situation was looked for"),
    ("reach_by_phone", "Reach by phone"),
]


class Migration(migrations.Migration):
    dependencies = [("cases", "0051_closings"), ("meetings", "0023_reminder_walls")]
    operations = [
        migrations.AlterField("task", "kind", models.CharField(choices=KINDS, max_length=20)),
        migrations.RunSQL(SQL, REVERSE),
    ]
