"""Two people for power, held by the database: no hat writes a role, a sign-in address or the state of an account.

All of it goes through the functions below. Each asks again who is asking, in which hat, and whether another person has
agreed; each answers with a word that says why not, or with '' when it is done. What is refused changes nothing.
"""

from django.db import migrations

from yhteiso.hats.roles import HATS, JOBS, OWNER, WEB, WEB_HATS, role
from yhteiso.hats.walls import append_only, family_table

ALL_HATS = ", ".join(role(hat) for hat in HATS)
ADMIN, AREA = role("admin"), role("area")
# pg_temp last: else somebody's own temporary table would stand before the real one.
PATH = "SET search_path = pg_catalog, public, pg_temp"
DEFINER = f"SECURITY DEFINER {PATH}"
TODAY = "(now() AT TIME ZONE 'Europe/Helsinki')::date"
IN_FORCE = f"r.starts_on <= {TODAY} AND (r.ends_on IS NULL OR r.ends_on >= {TODAY})"
KEPT = "name, sort_key, title, unit_id, phone, language, lp_trained_on, protected_identity"

GRANTS = f"""
GRANT SELECT (closed_at, closed_by_id, session_epoch) ON networks_user TO {ALL_HATS}, {JOBS};
REVOKE INSERT, UPDATE ON networks_user FROM {ADMIN};
GRANT UPDATE ({KEPT}) ON networks_user TO {ADMIN};
REVOKE INSERT, UPDATE, DELETE ON networks_rolemembership FROM {ADMIN}, {WEB};
REVOKE UPDATE, DELETE ON networks_accountinvitation FROM {ADMIN};
REVOKE UPDATE ON networks_accountinvitation FROM {WEB};
GRANT UPDATE (accepted_at) ON networks_accountinvitation TO {WEB};
"""

WHO = f"""
CREATE FUNCTION sec.holds(who bigint, wanted text) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM networks_rolemembership r JOIN networks_user u ON u.id = r.user_id AND u.is_active
                   WHERE r.user_id = who AND r.role = wanted AND {IN_FORCE}) $$;

CREATE FUNCTION sec.my_answered_areas() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(r.area_id), '{{}}') FROM networks_rolemembership r
    JOIN networks_user u ON u.id = r.user_id AND u.is_active
    WHERE r.user_id = sec.uid() AND r.role = 'responsible' AND r.area_id IS NOT NULL AND {IN_FORCE} $$;

-- How many open situations and promises somebody would leave behind. The applications of families replace it.
CREATE FUNCTION sec.open_duties(user_id bigint) RETURNS int LANGUAGE sql STABLE {DEFINER} AS $$ SELECT 0 $$;

-- Ends every session: each is signed with this number. One place, so that whatever else a session has is ended here too.
CREATE FUNCTION sec.end_sessions(who bigint) RETURNS void LANGUAGE sql {DEFINER} AS $$
    UPDATE networks_user SET session_epoch = session_epoch + 1 WHERE id = who $$;

-- One's own, or anybody's to the bare login, which asks before the hat goes on.
CREATE FUNCTION sec.unseen_notices(who bigint) RETURNS int LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT count(*)::int FROM networks_notice n
    WHERE n.to_id = who AND n.seen_at IS NULL AND (who = sec.uid() OR current_setting('role') = 'none') $$;

-- An administrator at work; two deeds that could leave nobody in charge wait for each other here.
CREATE FUNCTION sec.administrator_at_work() RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        IF current_setting('role') <> '{ADMIN}' THEN RETURN false; END IF;
        PERFORM pg_advisory_xact_lock(hashtext('sec.administrators'));
        RETURN sec.holds(sec.uid(), 'administrator');
    END $$;

CREATE FUNCTION sec.last_administrator(who bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.holds(who, 'administrator') AND NOT EXISTS (
        SELECT 1 FROM networks_rolemembership r JOIN networks_user u ON u.id = r.user_id AND u.is_active
        WHERE r.user_id <> who AND r.role = 'administrator' AND {IN_FORCE}) $$;
"""

PROPOSALS = f"""
CREATE FUNCTION sec.power_proposed() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE home bigint;
    BEGIN
        IF NEW.invitation_id IS NOT NULL THEN
            SELECT i.role, i.area_id, i.unit_id, i.email, i.name INTO NEW.role, NEW.area_id, NEW.unit_id, NEW.email, NEW.name
            FROM networks_accountinvitation i WHERE i.id = NEW.invitation_id;
        ELSIF EXISTS (SELECT 1 FROM networks_user u WHERE u.id = NEW.target_id AND u.closed_at IS NOT NULL) THEN
            RAISE EXCEPTION 'a closed account gets no power' USING ERRCODE = 'restrict_violation';
        END IF;
        SELECT n.area_id INTO home FROM networks_user u JOIN networks_unit n ON n.id = u.unit_id WHERE u.id = NEW.target_id;
        NEW.concerns_id := coalesce(NEW.area_id, (SELECT n.area_id FROM networks_unit n WHERE n.id = NEW.unit_id), home);
        -- The area's responsible person answers for that area only, and for nobody who has power elsewhere.
        NEW.administrators_only := NEW.concerns_id IS NULL OR NEW.role IN ('administrator', 'officer') OR EXISTS (
            SELECT 1 FROM networks_rolemembership r LEFT JOIN networks_unit n ON n.id = r.unit_id
            WHERE r.user_id = NEW.target_id AND {IN_FORCE} AND (
                r.role IN ('administrator', 'officer') OR coalesce(r.area_id, n.area_id) <> NEW.concerns_id));
        NEW.expires_at := least(NEW.proposed_at, now()) + interval '14 days';
        RETURN NEW;
    END $$;
CREATE TRIGGER power_proposed BEFORE INSERT ON networks_powerproposal FOR EACH ROW EXECUTE FUNCTION sec.power_proposed();

CREATE FUNCTION sec.power_answered() RETURNS trigger LANGUAGE plpgsql {PATH} AS $$
    BEGIN
        IF coalesce(OLD.accepted_at, OLD.declined_at, OLD.withdrawn_at, OLD.lapsed_at) IS NOT NULL THEN
            RAISE EXCEPTION 'an answered proposal is never changed' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
CREATE TRIGGER power_answered BEFORE UPDATE ON networks_powerproposal FOR EACH ROW EXECUTE FUNCTION sec.power_answered();

CREATE FUNCTION sec.power_refusal(p networks_powerproposal) RETURNS text LANGUAGE plpgsql STABLE {DEFINER} AS $$
    DECLARE me bigint := sec.uid(); hat text := current_setting('role');
    BEGIN
        IF p.id IS NULL OR me IS NULL THEN RETURN 'gone'; END IF;
        IF coalesce(p.accepted_at, p.declined_at, p.withdrawn_at, p.lapsed_at) IS NOT NULL THEN RETURN 'answered'; END IF;
        IF p.expires_at <= now() THEN RETURN 'expired'; END IF;
        IF me = p.proposed_by_id THEN RETURN 'own'; END IF;
        IF me = p.target_id THEN RETURN 'target'; END IF;
        IF NOT ((hat = '{ADMIN}' AND sec.holds(me, 'administrator'))
                OR (hat = '{AREA}' AND NOT p.administrators_only AND p.concerns_id = ANY (sec.my_answered_areas())))
        THEN RETURN 'reach'; END IF;
        IF NOT sec.holds(p.proposed_by_id, 'administrator') THEN RETURN 'proposer'; END IF;
        IF EXISTS (SELECT 1 FROM networks_user u WHERE u.id = p.target_id AND u.closed_at IS NOT NULL)
        THEN RETURN 'closed'; END IF;
        IF p.kind = 'role' AND EXISTS (
            SELECT 1 FROM networks_rolemembership r WHERE r.user_id = p.target_id AND r.role = p.role AND {IN_FORCE}
            AND r.area_id IS NOT DISTINCT FROM p.area_id AND r.unit_id IS NOT DISTINCT FROM p.unit_id)
        THEN RETURN 'has'; END IF;
        IF p.kind = 'email' AND EXISTS (SELECT 1 FROM networks_user u WHERE u.email = lower(p.email))
        THEN RETURN 'taken'; END IF;
        RETURN '';
    END $$;

-- The only way to a power: the acceptance and what follows from it, together or not at all.
CREATE FUNCTION sec.accept_power(wanted bigint) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE p networks_powerproposal; refusal text;
    BEGIN
        SELECT * INTO p FROM networks_powerproposal WHERE id = wanted FOR UPDATE;
        PERFORM 1 FROM networks_user u WHERE u.id = p.target_id FOR NO KEY UPDATE;
        refusal := sec.power_refusal(p);
        IF refusal <> '' THEN RETURN refusal; END IF;
        UPDATE networks_powerproposal SET accepted_at = now(), accepted_by_id = sec.uid() WHERE id = p.id;
        IF p.kind = 'role' THEN
            INSERT INTO networks_rolemembership (user_id, role, area_id, unit_id, starts_on)
            VALUES (p.target_id, p.role, p.area_id, p.unit_id, {TODAY});
        ELSIF p.kind = 'invitation' THEN
            UPDATE networks_accountinvitation SET expires_at = now() + interval '7 days'
            WHERE id = p.invitation_id AND accepted_at IS NULL;
            RETURN '';
        ELSIF p.kind = 'email' THEN
            UPDATE networks_user SET email = lower(p.email) WHERE id = p.target_id;
            -- The old address would open the account too: sign-in looks here as well.
            DELETE FROM account_emailconfirmation c USING account_emailaddress a
            WHERE c.email_address_id = a.id AND a.user_id = p.target_id;
            DELETE FROM account_emailaddress WHERE user_id = p.target_id;
        ELSIF p.kind = 'second_factor' THEN
            DELETE FROM mfa_authenticator WHERE user_id = p.target_id;
        ELSIF p.kind = 'resume' THEN
            UPDATE networks_user SET is_active = true WHERE id = p.target_id;
        END IF;
        IF p.kind <> 'role' THEN PERFORM sec.end_sessions(p.target_id); END IF;
        INSERT INTO networks_accountevent (person_id, kind, at, by_id, reason)
        VALUES (p.target_id, CASE p.kind WHEN 'role' THEN 'role_given' WHEN 'email' THEN 'email_changed'
                WHEN 'second_factor' THEN 'factor_reset' ELSE 'resumed' END, now(), sec.uid(), p.reason);
        RETURN '';
    END $$;

CREATE FUNCTION sec.invitation_accepted(wanted bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM networks_powerproposal p WHERE p.invitation_id = wanted AND p.accepted_at IS NOT NULL) $$;

-- The role of a new account, exactly as it was accepted; once, for the address that was invited.
CREATE FUNCTION sec.take_invited_role(wanted bigint, who bigint) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        INSERT INTO networks_rolemembership (user_id, role, area_id, unit_id, starts_on)
        SELECT u.id, p.role, p.area_id, p.unit_id, {TODAY} FROM networks_powerproposal p
        JOIN networks_accountinvitation i ON i.id = p.invitation_id
        JOIN networks_user u ON u.id = who AND u.email = i.email
        WHERE i.id = wanted AND p.accepted_at IS NOT NULL AND i.accepted_at IS NULL
            AND NOT EXISTS (SELECT 1 FROM networks_rolemembership r WHERE r.user_id = u.id);
        RETURN FOUND;
    END $$;
"""

ACCOUNTS = f"""
CREATE FUNCTION sec.account_refusal(who bigint) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        IF NOT sec.administrator_at_work() THEN RETURN 'reach'; END IF;
        IF who = sec.uid() THEN RETURN 'own'; END IF;
        -- The same order as an acceptance: first what is proposed, then the person.
        PERFORM 1 FROM networks_powerproposal p WHERE p.target_id = who
            AND coalesce(p.accepted_at, p.declined_at, p.withdrawn_at, p.lapsed_at) IS NULL ORDER BY p.id FOR UPDATE;
        PERFORM 1 FROM networks_user u WHERE u.id = who FOR NO KEY UPDATE;
        IF NOT FOUND THEN RETURN 'gone'; END IF;
        IF EXISTS (SELECT 1 FROM networks_user u WHERE u.id = who AND u.closed_at IS NOT NULL) THEN RETURN 'closed'; END IF;
        IF sec.last_administrator(who) THEN RETURN 'last'; END IF;
        RETURN '';
    END $$;

CREATE FUNCTION sec.suspend_account(who bigint, why text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE refusal text := sec.account_refusal(who);
    BEGIN
        IF refusal <> '' THEN RETURN refusal; END IF;
        UPDATE networks_user SET is_active = false WHERE id = who AND is_active;
        IF NOT FOUND THEN RETURN 'suspended'; END IF;
        PERFORM sec.end_sessions(who);
        INSERT INTO networks_accountevent (person_id, kind, at, by_id, reason)
        VALUES (who, 'suspended', now(), sec.uid(), why);
        RETURN '';
    END $$;

CREATE FUNCTION sec.close_account(who bigint, why text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE refusal text := sec.account_refusal(who);
    BEGIN
        IF refusal <> '' THEN RETURN refusal; END IF;
        IF sec.open_duties(who) > 0 THEN RETURN 'duties'; END IF;
        UPDATE networks_user SET is_active = false, closed_at = now(), closed_by_id = sec.uid() WHERE id = who;
        PERFORM sec.end_sessions(who);
        INSERT INTO networks_accountevent (person_id, kind, at, by_id, reason)
        VALUES (who, 'closed', now(), sec.uid(), why);
        RETURN '';
    END $$;

-- A role ends at once, so yesterday is its last day, also of one given today. The event tells the moment.
CREATE FUNCTION sec.end_role(wanted bigint, why text) RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE r networks_rolemembership;
    BEGIN
        IF NOT sec.administrator_at_work() THEN RETURN 'reach'; END IF;
        SELECT * INTO r FROM networks_rolemembership WHERE id = wanted FOR UPDATE;
        IF r.id IS NULL THEN RETURN 'gone'; END IF;
        IF r.ends_on < {TODAY} THEN RETURN 'ended'; END IF;
        IF r.role = 'administrator' AND sec.last_administrator(r.user_id) THEN RETURN 'last'; END IF;
        UPDATE networks_rolemembership SET starts_on = least(starts_on, {TODAY} - 1), ends_on = {TODAY} - 1 WHERE id = wanted;
        INSERT INTO networks_accountevent (person_id, kind, at, by_id, reason)
        VALUES (r.user_id, 'role_ended', now(), sec.uid(), why);
        RETURN '';
    END $$;

CREATE FUNCTION sec.account_walls() RETURNS trigger LANGUAGE plpgsql {PATH} AS $$
    BEGIN
        -- The functions above run as the owner; a hat or the bare login, whatever it was granted, is refused here.
        IF current_user <> '{OWNER}' AND (NEW.id, NEW.email, NEW.is_active, NEW.closed_at, NEW.closed_by_id, NEW.session_epoch)
           IS DISTINCT FROM (OLD.id, OLD.email, OLD.is_active, OLD.closed_at, OLD.closed_by_id, OLD.session_epoch) THEN
            RAISE EXCEPTION 'an account''s address and state have functions of their own'
                USING ERRCODE = 'insufficient_privilege';
        END IF;
        IF OLD.closed_at IS NOT NULL AND NEW.closed_at IS DISTINCT FROM OLD.closed_at THEN
            RAISE EXCEPTION 'a closed account stays closed' USING ERRCODE = 'restrict_violation';
        END IF;
        IF OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL THEN
            IF sec.open_duties(NEW.id) > 0 THEN
                RAISE EXCEPTION 'open duties must be handed over first' USING ERRCODE = 'restrict_violation';
            END IF;
            UPDATE networks_rolemembership SET starts_on = least(starts_on, {TODAY} - 1), ends_on = {TODAY} - 1
                WHERE user_id = NEW.id AND (ends_on IS NULL OR ends_on >= {TODAY});
            UPDATE networks_powerproposal SET lapsed_at = now() WHERE target_id = NEW.id
                AND coalesce(accepted_at, declined_at, withdrawn_at, lapsed_at) IS NULL;
        END IF;
        RETURN NEW;
    END $$;
CREATE TRIGGER account_walls BEFORE UPDATE ON networks_user FOR EACH ROW EXECUTE FUNCTION sec.account_walls();

CREATE FUNCTION sec.role_walls() RETURNS trigger LANGUAGE plpgsql {PATH} AS $$
    BEGIN
        IF (NEW.ends_on IS NULL OR NEW.ends_on >= {TODAY})
           AND EXISTS (SELECT 1 FROM networks_user u WHERE u.id = NEW.user_id AND u.closed_at IS NOT NULL) THEN
            RAISE EXCEPTION 'a closed account has no role' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
CREATE TRIGGER role_walls BEFORE INSERT OR UPDATE ON networks_rolemembership
    FOR EACH ROW EXECUTE FUNCTION sec.role_walls();
"""

FUNCTIONS = {
    "holds(bigint, text)": "", "my_answered_areas()": f"{ADMIN}, {AREA}", "open_duties(bigint)": ADMIN,
    "end_sessions(bigint)": "", "unseen_notices(bigint)": f"{ALL_HATS}, {WEB}", "administrator_at_work()": "",
    "last_administrator(bigint)": ADMIN, "power_proposed()": "", "power_refusal(networks_powerproposal)": "",
    "accept_power(bigint)": f"{ADMIN}, {AREA}", "invitation_accepted(bigint)": WEB, "account_refusal(bigint)": "",
    "take_invited_role(bigint, bigint)": WEB, "suspend_account(bigint, text)": ADMIN, "close_account(bigint, text)": ADMIN,
    "end_role(bigint, text)": ADMIN,
}  # fmt: skip

UID = "(SELECT sec.uid())"
UNANSWERED = "accepted_at IS NULL AND declined_at IS NULL AND withdrawn_at IS NULL AND lapsed_at IS NULL"
REACH = "NOT administrators_only AND concerns_id = ANY ((SELECT sec.my_answered_areas())::bigint[])"
ANSWER = (
    f"(declined_by_id IS NULL OR (declined_by_id = {UID} AND proposed_by_id <> {UID} AND target_id IS DISTINCT FROM {UID}))"
    f" AND (withdrawn_at IS NULL OR proposed_by_id = {UID}) AND (lapsed_at IS NULL OR expires_at <= now())"
)
OWN = f"to_id = {UID}"
TELLING = ("area", "member", "officer", "admin", "jobs")

SQL = "\n".join(
    [
        GRANTS,
        WHO,
        PROPOSALS,
        ACCOUNTS,
        *[f"REVOKE ALL ON FUNCTION sec.{name} FROM PUBLIC;" for name in FUNCTIONS],
        *[f"GRANT EXECUTE ON FUNCTION sec.{name} TO {to};" for name, to in FUNCTIONS.items() if to],
        family_table(
            "networks_powerproposal",
            {
                "admin": {"S": "true", "I": f"proposed_by_id = {UID} AND {UNANSWERED}", "U": ("true", ANSWER)},
                "area": {"S": REACH, "U": (REACH, ANSWER)},
            },
        ),
        f"REVOKE UPDATE ON networks_powerproposal FROM {ADMIN}, {AREA};",
        "GRANT UPDATE (declined_at, declined_by_id, decline_reason, withdrawn_at, lapsed_at) ON networks_powerproposal"
        f" TO {ADMIN}, {AREA};",
        family_table("networks_accountevent", {"admin": {"S": "true"}, "officer": {"S": "true"}}),
        append_only("networks_accountevent"),
        family_table(
            "networks_notice",
            {
                hat: ({"S": OWN, "U": OWN} if hat != "jobs" else {}) | ({"I": "true"} if hat in TELLING else {})
                for hat in HATS
                if hat != "guest"
            },
        ),
        *[
            f"REVOKE UPDATE ON networks_notice FROM {role(hat)}; GRANT UPDATE (seen_at) ON networks_notice TO {role(hat)};"
            for hat in WEB_HATS
            if hat != "guest"
        ],
        # Sign-in tells a person about the own account before any hat is on.
        f"GRANT INSERT ON networks_notice TO {WEB}; CREATE POLICY web_insert ON networks_notice FOR INSERT TO {WEB}"
        " WITH CHECK (true);",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("networks", "0004_powers"), ("networks", "0002_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
