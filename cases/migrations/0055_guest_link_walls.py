"""Links are the coordinators' to make and to end; their keys are read by nobody but the door, and by the jobs to send.

A link ends in the transaction that ends what it stands on: the membership, the family's yes, the openness of the family's
address. The first is told by a trigger at once; the family's word is looked at when the transaction ends, because a word is
replaced by ending one row and writing another.
"""

from django.db import migrations

from yhteiso.hats.roles import role
from yhteiso.hats.walls import append_only, family_table

AREA, JOBS = role("area"), role("jobs")
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"  # which has a wall of its own for this hat
ME = "(SELECT sec.uid())"
FRESH = "revoked_at IS NULL AND bound_at IS NULL AND made_by_id = (SELECT sec.uid())"
# Of the same case: a link can't be tied to another family's seat or number.
SAME_CASE = """EXISTS (SELECT FROM cases_membership m JOIN cases_safecontact k ON k.person_id = m.person_id
        AND k.id = contact_id AND k.case_id = m.case_id WHERE m.id = membership_id AND m.case_id = cases_guestlink.case_id)"""
OF_LINK = "EXISTS (SELECT FROM cases_guestlink l WHERE l.id = link_id AND l.case_id = {table}.case_id)"

TABLES = [
    family_table(
        "cases_guestlink",
        {
            "area": {
                "S": AREA_CASE,
                "I": f"{AREA_CASE} AND {FRESH} AND {SAME_CASE}",
                "U": (f"{AREA_CASE} AND revoked_at IS NULL", f"{AREA_CASE} AND revoked_by_id = {ME}"),
            },
            "jobs": {"S": "true"},
        },
    ),
    f"REVOKE UPDATE ON cases_guestlink FROM {AREA};",
    f"GRANT UPDATE (revoked_at, revoked_by_id, revoke_reason) ON cases_guestlink TO {AREA};",
    family_table(
        "cases_guestkey",
        {
            "area": {"I": f"{AREA_CASE} AND device_hash = '' AND {OF_LINK.format(table='cases_guestkey')}"},
            "jobs": {"S": "true"},
        },
        {"jobs": "link_id, case_id, sealed"},
    ),
    family_table("cases_guestvisit", {"area": {"S": AREA_CASE}}),
    append_only("cases_guestvisit"),
]

FUNCTIONS = f"""
-- How a link stands now: live, expired, or revoked by anything that it stands on.
CREATE FUNCTION sec.guest_state(g cases_guestlink) RETURNS text LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT CASE
        WHEN g.revoked_at IS NOT NULL OR NOT EXISTS (
            SELECT FROM cases_membership m JOIN cases_person p ON p.id = m.person_id JOIN cases_case c ON c.id = m.case_id
            WHERE m.id = g.membership_id AND m.ended_at IS NULL AND c.status <> 'closed'
              AND NOT c.protected AND NOT p.by_hand AND p.account_id IS NULL
              AND NOT EXISTS (SELECT FROM cases_hiding h
                WHERE h.guardian_id = p.id AND h.section = 'time' AND h.ended_at IS NULL)
              AND EXISTS (SELECT FROM cases_safecontact k WHERE k.id = g.contact_id AND k.ended_at IS NULL)
              AND sec.seat_opens(m, 'time')) THEN 'revoked'
        WHEN g.expires_at <= now() THEN 'expired'
        ELSE 'live' END $$;

-- For the jobs, right before the message leaves.
CREATE FUNCTION sec.guest_alive(wanted bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce((SELECT sec.guest_state(g) = 'live' FROM cases_guestlink g WHERE g.id = wanted), false) $$;

-- The key is needed until its message has left or never will.
CREATE FUNCTION sec.forget_guest_key() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        UPDATE cases_guestkey SET sealed = '' WHERE link_id = substr(NEW.about, 2)::bigint;
        RETURN NULL;
    END $$;
CREATE TRIGGER guest_key_forgotten AFTER UPDATE OF state ON outbox_outgoing
    FOR EACH ROW WHEN (NEW.kind = 'guest' AND NEW.state <> 'ready') EXECUTE FUNCTION sec.forget_guest_key();

CREATE FUNCTION sec.guest_leaves() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        UPDATE cases_guestlink SET revoked_at = greatest(NEW.ended_at, made_at), revoked_by_id = NEW.ended_by_id,
            revoke_reason = 'left' WHERE membership_id = NEW.id AND revoked_at IS NULL;
        RETURN NULL;
    END $$;
CREATE TRIGGER guest_links_end_with_the_seat AFTER UPDATE OF ended_at ON cases_membership
    FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL AND NEW.person_id IS NOT NULL) EXECUTE FUNCTION sec.guest_leaves();

CREATE FUNCTION sec.guests_unwanted() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE wanted bigint;
    BEGIN
        wanted := CASE TG_TABLE_NAME WHEN 'cases_case' THEN (to_jsonb(NEW) ->> 'id')::bigint
                                     ELSE (to_jsonb(NEW) ->> 'case_id')::bigint END;
        UPDATE cases_guestlink g SET revoked_at = greatest(now(), g.made_at),
            revoke_reason = CASE WHEN (SELECT c.protected FROM cases_case c WHERE c.id = wanted) THEN 'protected'
                                 WHEN EXISTS (SELECT FROM cases_safecontact k
                                     WHERE k.id = g.contact_id AND k.ended_at IS NOT NULL) THEN 'number'
                                 ELSE 'consent' END
            WHERE g.case_id = wanted AND g.revoked_at IS NULL AND sec.guest_state(g) = 'revoked';
        RETURN NULL;
    END $$;
"""

# What may close the time to a guest, and the columns that may do it.
WATCHED = {
    "cases_consent": "INSERT OR UPDATE OF ended_at, answer, valid_until",
    "cases_person": "UPDATE OF consent, by_hand, account_id",
    "cases_capacity": "INSERT",
    "cases_hiding": "INSERT",
    "cases_consentexception": "UPDATE OF ended_at",
    "cases_case": "UPDATE OF protected, consent, status",
    "cases_safecontact": "UPDATE OF ended_at",
}
TRIGGERS = "\n".join(
    f"CREATE CONSTRAINT TRIGGER guests_still_wanted AFTER {verbs} ON {table} DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION sec.guests_unwanted();"
    for table, verbs in WATCHED.items()
)

LINKED = "EXISTS (SELECT FROM cases_guestlink g WHERE g.membership_id = seat.id AND g.revoke_reason IN ('', 'left'))"


def told(others: str) -> str:
    """Whom of the family a meeting is told to (0034); `others`: people who are neither guardian nor child."""
    return f"""
CREATE OR REPLACE FUNCTION sec.family_told(seat cases_membership) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT FROM cases_person p JOIN cases_case c ON c.id = p.case_id
        WHERE p.id = seat.person_id AND NOT p.by_hand AND NOT c.protected
          AND CASE p.kind WHEN 'guardian' THEN true WHEN 'child' THEN coalesce((
                SELECT k.finding FROM cases_capacity k WHERE k.case_id = c.id
                ORDER BY k.written_at DESC, k.id DESC LIMIT 1), '') = 'capable'
              ELSE {others} END
          AND NOT EXISTS (SELECT FROM cases_hiding h
            WHERE h.guardian_id = p.id AND h.section = 'time' AND h.ended_at IS NULL)) $$;
"""


# A link's messages go on reaching its person when the time changes or is off, as long as nobody has ended it.
TOLD = told(LINKED)

RIGHTS = f"""
REVOKE ALL ON FUNCTION sec.guest_state(cases_guestlink), sec.guest_alive(bigint), sec.forget_guest_key(), sec.guest_leaves(),
    sec.guests_unwanted() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.guest_alive(bigint) TO {JOBS};
"""

REVERSE = "\n".join(
    [
        told("false"),
        *[f"DROP TRIGGER guests_still_wanted ON {table};" for table in WATCHED],
        "DROP TRIGGER guest_links_end_with_the_seat ON cases_membership;",
        "DROP TRIGGER guest_key_forgotten ON outbox_outgoing;",
        "DROP FUNCTION sec.guests_unwanted(), sec.guest_leaves(), sec.forget_guest_key(), sec.guest_alive(bigint),",
        "    sec.guest_state(cases_guestlink);",
    ]
)
SQL = "\n".join([*TABLES, FUNCTIONS, TRIGGERS, TOLD, RIGHTS])


class Migration(migrations.Migration):
    dependencies = [("cases", "0054_guest_links"), ("outbox", "0005_guests")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
