"""The door of a signed link: one function that looks at the key, the device and everything that the link stands on.

The guest's hat reads no row of its own beside its invitation: what the page may show comes out of these functions, and
nothing else can. `sec.guest_door` lets the one invitation through the policies (`app.guest`); the place of a meeting and the
words of a promise are no longer this hat's to read.
"""

from django.db import migrations

from yhteiso.hats.roles import role

GUEST = role("guest")
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
TODAY = "(now() AT TIME ZONE 'Europe/Helsinki')::date"

NARROWER = f"""
REVOKE SELECT (place) ON meetings_meeting FROM {GUEST};
REVOKE SELECT (what, ref, kind) ON meetings_commitment FROM {GUEST};
-- The own answer takes the place of one that was told by phone: it is nobody's with an account.
GRANT SELECT (answered_by_id), UPDATE (answered_by_id) ON meetings_participant TO {GUEST};
ALTER POLICY guest_update ON meetings_participant USING (id = (SELECT sec.guest_seat()))
    WITH CHECK (id = (SELECT sec.guest_seat()) AND answered_by_id IS NULL);
"""

DOOR = f"""
-- The coordinating number where the lead's own may not be told, or rings for nobody.
CREATE FUNCTION sec.guest_lead(wanted bigint) RETURNS TABLE (lead text, phone text, hours text, area text)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE WHEN l.shown THEN u.name ELSE '' END,
           CASE WHEN l.shown AND u.phone <> '' AND NOT sec.is_away(u.id, {TODAY}, {TODAY}) THEN u.phone ELSE a.phone END,
           a.hours, a.name
    FROM cases_case c JOIN networks_area a ON a.id = c.area_id JOIN networks_user u ON u.id = c.coordinator_id,
    LATERAL (SELECT u.is_active AND NOT u.protected_identity AS shown) l WHERE c.id = wanted $$;

-- Who comes with this key: nobody (no row), or the state of the link and what may be shown in it. `deed` "opened" looks,
-- "answered" also binds an unbound link to the device, "looked" is a step of the same request and is not written down.
CREATE FUNCTION sec.guest_door(key text, device text, deed text) RETURNS TABLE (
        state text, link bigint, case_id bigint, seat bigint, sees text, language text, who text, until timestamptz,
        lead text, phone text, hours text, area text, invitation bigint)
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE
        k cases_guestkey;
        g cases_guestlink;
    BEGIN
        PERFORM set_config('app.guest', '', true);
        SELECT * INTO k FROM cases_guestkey WHERE token_hash = key;
        IF k.link_id IS NULL THEN RETURN; END IF;
        IF deed = 'answered' THEN  -- as every write below a situation: first its lock, then a new look
            PERFORM 1 FROM cases_case c WHERE c.id = k.case_id FOR NO KEY UPDATE;
            SELECT * INTO k FROM cases_guestkey WHERE link_id = k.link_id FOR NO KEY UPDATE;
        END IF;
        SELECT * INTO g FROM cases_guestlink WHERE id = k.link_id;
        state := sec.guest_state(g);
        IF state = 'live' AND k.device_hash <> '' AND k.device_hash <> device THEN state := 'other'; END IF;
        IF deed <> 'looked' THEN
            INSERT INTO cases_guestvisit (id, link_id, case_id, at, what)
                VALUES (uuidv7(), g.id, g.case_id, now(), CASE state WHEN 'live' THEN deed ELSE state END);
        END IF;
        IF state = 'revoked' THEN RETURN; END IF;  -- the same answer as to a key that never was
        SELECT l.lead, l.phone, l.hours, l.area INTO lead, phone, hours, area FROM sec.guest_lead(g.case_id) l;
        SELECT c.language INTO language FROM cases_safecontact c WHERE c.id = g.contact_id;
        IF state <> 'live' THEN
            SELECT a.phone, a.hours INTO phone, hours FROM cases_case c JOIN networks_area a ON a.id = c.area_id
                WHERE c.id = g.case_id;
            lead := ''; until := CASE state WHEN 'expired' THEN g.expires_at END;
            RETURN NEXT; RETURN;
        END IF;
        IF deed = 'answered' AND k.device_hash = '' AND device <> '' THEN
            UPDATE cases_guestkey SET device_hash = device WHERE link_id = g.id;
            UPDATE cases_guestlink SET bound_at = now() WHERE id = g.id;
        END IF;
        link := g.id; case_id := g.case_id; seat := g.membership_id; sees := g.sees; until := g.expires_at;
        SELECT btrim(p.name || ' ' || p.family_name) INTO who FROM cases_membership m JOIN cases_person p ON p.id = m.person_id
            WHERE m.id = g.membership_id;
        SELECT p.id INTO invitation FROM meetings_participant p
            JOIN meetings_meeting t ON t.id = p.meeting_id AND t.status IN ('proposed', 'confirmed') AND t.starts_at > now()
            WHERE p.membership_id = g.membership_id ORDER BY t.starts_at LIMIT 1;
        PERFORM set_config('app.guest', coalesce(invitation::text, ''), true);
        RETURN NEXT;
    END $$;
"""

PROMISES = f"""
-- The own promises that wait for a word, or got it through a link: when and how, never what. `mark` tells them apart on
-- the page without a number that means anything elsewhere.
CREATE FUNCTION sec.guest_promises(key text, device text) RETURNS TABLE (mark text, due_on date, status varchar)
    LANGUAGE sql VOLATILE {DEFINER} AS $$
    SELECT left(encode(sha256((key || ':' || k.id)::bytea), 'hex'), 16), k.due_on, k.status
    FROM sec.guest_door(key, device, 'looked') d
    JOIN meetings_commitment k ON k.membership_id = d.seat AND k.agreed_at IS NOT NULL AND (k.status = 'open' OR k.by_link)
    WHERE d.state = 'live' AND d.sees = 'promise' ORDER BY k.due_on, k.id $$;

-- How an own promise went. Answers whether it was there to be told of.
CREATE FUNCTION sec.guest_promise(key text, device text, which text, went text, moment timestamptz) RETURNS boolean
    LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE
        d record;
        k meetings_commitment;
    BEGIN
        SELECT * INTO d FROM sec.guest_door(key, device, 'looked');
        IF d.state IS DISTINCT FROM 'live' OR d.sees <> 'promise' OR went NOT IN ('kept', 'partly', 'not_kept') THEN
            RETURN false;
        END IF;
        PERFORM 1 FROM cases_case c WHERE c.id = d.case_id FOR NO KEY UPDATE;
        SELECT c.* INTO k FROM meetings_commitment c
            WHERE c.membership_id = d.seat AND c.agreed_at IS NOT NULL AND (c.status = 'open' OR c.by_link)
              AND left(encode(sha256((key || ':' || c.id)::bytea), 'hex'), 16) = which FOR NO KEY UPDATE;
        IF k.id IS NULL THEN RETURN false; END IF;
        IF k.status = went THEN RETURN true; END IF;
        UPDATE meetings_commitment SET status = went, resolved_at = moment, resolved_by_id = NULL, by_link = true
            WHERE id = k.id;
        UPDATE cases_deadline SET state = 'ended', ended_at = moment
            WHERE case_id = k.case_id AND kind = 'promise' AND about = k.id::text AND state = 'open';
        INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
            VALUES (k.case_id, 'commitment_resolved', moment, NULL, jsonb_build_object('status', went));
        RETURN true;
    END $$;

-- "Send me a new link": whoever leads has it as a task. Nothing is sent by itself, and nothing is told of how it went.
CREATE FUNCTION sec.guest_asks(key text, moment timestamptz) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE
        g cases_guestlink;
    BEGIN
        SELECT l.* INTO g FROM cases_guestkey k JOIN cases_guestlink l ON l.id = k.link_id WHERE k.token_hash = key;
        IF g.id IS NULL OR sec.guest_state(g) = 'revoked' THEN RETURN false; END IF;
        INSERT INTO cases_guestvisit (id, link_id, case_id, at, what) VALUES (uuidv7(), g.id, g.case_id, now(), 'asked');
        INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
            SELECT uuidv7(), 'guest_link', c.id, c.coordinator_id, moment, moment + interval '1 day', 'g' || g.id
            FROM cases_case c WHERE c.id = g.case_id
            ON CONFLICT (kind, case_id, to_id, about) DO UPDATE
                SET made_at = excluded.made_at, due_at = excluded.due_at, done_at = NULL, done_by_id = NULL
                WHERE cases_task.done_at IS NOT NULL;
        RETURN true;
    END $$;

REVOKE ALL ON FUNCTION sec.guest_lead(bigint), sec.guest_door(text, text, text), sec.guest_promises(text, text),
    sec.guest_promise(text, text, text, text, timestamptz), sec.guest_asks(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.guest_door(text, text, text), sec.guest_promises(text, text),
    sec.guest_promise(text, text, text, text, timestamptz), sec.guest_asks(text, timestamptz) TO {GUEST};
"""
SQL = NARROWER + DOOR + PROMISES
REVERSE = """
DROP FUNCTION sec.guest_asks(text, timestamptz), sec.guest_promise(text, text, text, text, timestamptz),
    sec.guest_promises(text, text), sec.guest_door(text, text, text), sec.guest_lead(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0026_told_by_link"),
        ("cases", "0055_guest_link_walls"),
        ("networks", "0009_absence_walls"),
    ]
    operations = [migrations.RunSQL(SQL, REVERSE)]
