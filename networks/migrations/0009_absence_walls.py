"""Who sees an absence and who writes it; everybody's own choices; and the questions that other hats ask through a function.

A name beside days away is personal data, so the tables stand behind a wall although they hold no family.
"""

from django.db import migrations

from yhteiso.hats.roles import OWNER, role
from yhteiso.hats.walls import family_table

PATH = "SET search_path = pg_catalog, public, pg_temp"
DEFINER = f"SECURITY DEFINER {PATH}"
UID = "(SELECT sec.uid())"
IN_FORCE = "r.starts_on <= day AND (r.ends_on IS NULL OR r.ends_on >= day)"
# Whoever works here. A family and a guest have no absences and no substitutes.
STAFF = ("area", "member", "unit", "report", "officer", "admin")
STAFF_ROLES = ", ".join(role(hat) for hat in STAFF)
# Who writes messages to others, or asks who takes care of a thing in somebody's place.
ASKING = ", ".join(role(hat) for hat in ("area", "member", "jobs"))

COLLEAGUES = f"""
-- Who can stand in for somebody, that day, by their strongest duty: a coordinator for a coordinator of the same area (or its
-- responsible person), a professional or unit head for people of the same unit, or of the same agency in the same area;
-- anybody else for people with the same role in the same area. One rule: the form, the wall and the clock all ask it.
CREATE FUNCTION sec.colleagues(who bigint, day date) RETURNS SETOF bigint LANGUAGE sql STABLE {DEFINER} AS $$
    WITH force AS MATERIALIZED (
        SELECT r.role, r.area_id FROM networks_rolemembership r
        WHERE r.user_id = who AND {IN_FORCE}
    ), duty AS MATERIALIZED (
        SELECT CASE WHEN bool_or(role IN ('coordinator', 'responsible')) THEN 'area'
                    WHEN bool_or(role IN ('professional', 'unit_head')) THEN 'unit' ELSE 'role' END AS kind FROM force
    ), home AS MATERIALIZED (
        SELECT n.id, n.agency_id, n.area_id FROM networks_user u JOIN networks_unit n ON n.id = u.unit_id WHERE u.id = who
    ), found AS (
        SELECT r.user_id FROM force f JOIN networks_rolemembership r ON r.area_id = f.area_id
        WHERE (SELECT kind FROM duty) = 'area' AND f.role IN ('coordinator', 'responsible')
          AND r.role IN ('coordinator', 'responsible') AND {IN_FORCE}
        UNION SELECT r.user_id FROM home h
        JOIN networks_unit n ON n.id = h.id OR (n.agency_id = h.agency_id AND n.area_id = h.area_id)
        JOIN networks_user u ON u.unit_id = n.id JOIN networks_rolemembership r ON r.user_id = u.id
        WHERE (SELECT kind FROM duty) = 'unit' AND {IN_FORCE}
          AND r.role IN ('coordinator', 'responsible', 'professional', 'unit_head')
        UNION SELECT r.user_id FROM force f
        JOIN networks_rolemembership r ON r.role = f.role AND r.area_id IS NOT DISTINCT FROM f.area_id
        WHERE (SELECT kind FROM duty) = 'role' AND f.role <> 'family' AND {IN_FORCE}
    )
    SELECT u.id FROM found JOIN networks_user u ON u.id = found.user_id WHERE u.is_active AND u.id <> who $$;

CREATE FUNCTION sec.is_colleague(who bigint, other bigint, day date) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM sec.colleagues(who, day) c WHERE c = other) $$;

-- The people of areas: their unit is there, or a role of theirs is.
CREATE FUNCTION sec.people_of(areas bigint[]) RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(p.id), '{{}}') FROM (
        SELECT u.id FROM networks_user u JOIN networks_unit n ON n.id = u.unit_id WHERE n.area_id = ANY (areas)
        UNION SELECT r.user_id FROM networks_rolemembership r WHERE r.area_id = ANY (areas)
            AND (r.ends_on IS NULL OR r.ends_on >= (now() AT TIME ZONE 'Europe/Helsinki')::date)) p $$;
CREATE FUNCTION sec.people_of_my_areas() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.people_of(sec.my_areas()) $$;
CREATE FUNCTION sec.people_i_answer_for() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.people_of(sec.my_answered_areas()) $$;
"""

QUESTIONS = f"""
-- Whether somebody is away on any of these days; no more is told of a colleague.
CREATE FUNCTION sec.is_away(who bigint, first date, last date) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT 1 FROM networks_absence a WHERE a.user_id = who AND a.ended_at IS NULL
                   AND a.from_on <= last AND a.until_on >= first) $$;

-- Each of these people who is away that day, and who takes care of their things: the substitute who said yes, or theirs
-- when they are away too, three steps at most and never in a circle. Nobody who is away, shut or no colleague any more.
CREATE FUNCTION sec.stand_ins(people bigint[], day date) RETURNS TABLE (person bigint, stand_in bigint)
    LANGUAGE sql STABLE {DEFINER} AS $$
    WITH RECURSIVE away AS MATERIALIZED (
        SELECT a.user_id, CASE WHEN a.accepted THEN a.substitute_id END AS next FROM networks_absence a
        WHERE a.ended_at IS NULL AND a.from_on <= day AND a.until_on >= day
    ), chain AS (
        SELECT a.user_id AS person, a.user_id AS last, a.next, ARRAY[a.user_id] AS seen FROM away a
        WHERE a.user_id = ANY (people)
        UNION ALL
        SELECT c.person, a.user_id, a.next, c.seen || a.user_id FROM chain c JOIN away a ON a.user_id = c.next
        WHERE cardinality(c.seen) < 3 AND NOT a.user_id = ANY (c.seen) AND sec.is_colleague(c.last, a.user_id, day)
    )
    SELECT c.person, max(c.next) FILTER (
        WHERE NOT EXISTS (SELECT 1 FROM away a WHERE a.user_id = c.next) AND sec.is_colleague(c.last, c.next, day))
    FROM chain c GROUP BY c.person $$;

-- What these people have chosen of one kind: a row for each of them and each box that they have ticked or emptied.
CREATE FUNCTION sec.message_choices(people bigint[], wanted_kind text)
    RETURNS TABLE (person bigint, active boolean, sms boolean, channel text, wanted boolean) LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT u.id, u.is_active, coalesce(s.sms_phone <> '' AND s.sms_phone = u.phone, false), c.channel, c.wanted
    FROM networks_user u LEFT JOIN networks_messagesettings s ON s.user_id = u.id
    LEFT JOIN networks_messagechoice c ON c.user_id = u.id AND c.kind = wanted_kind WHERE u.id = ANY (people) $$;

CREATE FUNCTION sec.quiet_hours(people bigint[]) RETURNS TABLE (person bigint, quiet_from time, quiet_to time)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT s.user_id, s.quiet_from, s.quiet_to FROM networks_messagesettings s WHERE s.user_id = ANY (people) $$;

-- The language of one's own messages. No hat but the administrator's changes anything else of a person.
CREATE FUNCTION sec.set_my_language(wanted text) RETURNS void LANGUAGE sql {DEFINER} AS $$
    UPDATE networks_user SET language = wanted WHERE id = sec.uid() AND wanted IN ('fi', 'sv', 'en') $$;
"""

WALLS = f"""
CREATE FUNCTION sec.absence_walls() RETURNS trigger LANGUAGE plpgsql {PATH} AS $$
    DECLARE me bigint := sec.uid(); hat text := current_setting('role'); keeps boolean;
    BEGIN
        IF NEW.substitute_id IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.substitute_id IS DISTINCT FROM OLD.substitute_id)
           AND NOT sec.is_colleague(NEW.user_id, NEW.substitute_id, NEW.from_on) THEN
            RAISE EXCEPTION 'a substitute is a colleague' USING ERRCODE = 'restrict_violation';
        END IF;
        IF current_user = '{OWNER}' OR TG_OP = 'INSERT' THEN RETURN NEW; END IF;
        IF OLD.ended_at IS NOT NULL THEN
            RAISE EXCEPTION 'an ended absence is never changed' USING ERRCODE = 'restrict_violation';
        END IF;
        keeps := me = OLD.user_id OR hat = '{role("admin")}';
        IF hat = '{role("area")}' THEN  -- on its own: the function is this hat's alone
            keeps := keeps OR OLD.user_id = ANY (sec.people_i_answer_for());
        END IF;
        -- Nobody says yes for another: a new substitute is asked anew.
        IF NEW.substitute_id IS DISTINCT FROM OLD.substitute_id THEN
            IF NOT keeps OR NEW.answered_at IS NOT NULL THEN
                RAISE EXCEPTION 'a new substitute is asked' USING ERRCODE = 'restrict_violation';
            END IF;
        ELSIF (NEW.answered_at, NEW.accepted) IS DISTINCT FROM (OLD.answered_at, OLD.accepted)
              AND (me IS DISTINCT FROM OLD.substitute_id OR NEW.answered_at IS NULL) THEN
            RAISE EXCEPTION 'only the substitute answers' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NEW.ended_at IS NOT NULL AND NOT keeps THEN
            RAISE EXCEPTION 'another person''s absence' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
CREATE TRIGGER absence_walls BEFORE INSERT OR UPDATE ON networks_absence
    FOR EACH ROW EXECUTE FUNCTION sec.absence_walls();
"""

FUNCTIONS = {
    "colleagues(bigint, date)": STAFF_ROLES, "is_colleague(bigint, bigint, date)": STAFF_ROLES, "people_of(bigint[])": "",
    "people_of_my_areas()": role("area"), "people_i_answer_for()": role("area"), "is_away(bigint, date, date)": STAFF_ROLES,
    "stand_ins(bigint[], date)": ASKING, "message_choices(bigint[], text)": ASKING, "quiet_hours(bigint[])": ASKING,
    "set_my_language(text)": STAFF_ROLES,
}  # fmt: skip

MINE = f"user_id = {UID} OR substitute_id = {UID}"
NEW = "answered_at IS NULL AND ended_at IS NULL"
BY_ME = f"made_by_id = {UID} AND {NEW}"
OWN = {"S": MINE, "I": f"user_id = {UID} AND {BY_ME}", "U": MINE}
ANSWERED = "user_id = ANY ((SELECT sec.people_i_answer_for())::bigint[])"
ABSENCE = {hat: OWN for hat in STAFF if hat not in ("area", "admin")} | {
    "area": {
        "S": f"{MINE} OR user_id = ANY ((SELECT sec.people_of_my_areas())::bigint[])",
        "I": f"(user_id = {UID} OR {ANSWERED}) AND {BY_ME}",
        "U": f"{MINE} OR {ANSWERED}",
    },
    "admin": {"S": "true", "I": BY_ME, "U": "true"},
    "jobs": {"S": "true"},
}
MY_ROW = f"user_id = {UID}"
CHOICES = {hat: {"S": MY_ROW, "I": MY_ROW, "U": MY_ROW} for hat in STAFF} | {"jobs": {"S": "true"}}
CHANGED = {
    "networks_absence": "substitute_id, answered_at, accepted, ended_at",
    "networks_messagechoice": "wanted",
    "networks_messagesettings": "quiet_from, quiet_to, sms_phone, sms_confirmed_at",
}
# Those who may not tell anybody anything yet, but who now tell a substitute and an answer.
TELLING_TOO = ("unit", "report")

SQL = "\n".join(
    [
        COLLEAGUES,
        QUESTIONS,
        WALLS,
        *[f"REVOKE ALL ON FUNCTION sec.{name} FROM PUBLIC;" for name in FUNCTIONS],
        *[f"GRANT EXECUTE ON FUNCTION sec.{name} TO {to};" for name, to in FUNCTIONS.items() if to],
        family_table("networks_absence", ABSENCE),
        family_table("networks_messagechoice", CHOICES),
        family_table("networks_messagesettings", CHOICES),
        *[
            f"REVOKE UPDATE ON {table} FROM {STAFF_ROLES}; GRANT UPDATE ({columns}) ON {table} TO {STAFF_ROLES};"
            for table, columns in CHANGED.items()
        ],
        *[
            f"GRANT INSERT ON networks_notice TO {role(hat)};"
            f"CREATE POLICY {hat}_insert ON networks_notice FOR INSERT TO {role(hat)} WITH CHECK (true);"
            for hat in TELLING_TOO
        ],
    ]
)


class Migration(migrations.Migration):
    dependencies = [("networks", "0008_absence"), ("networks", "0005_powers_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
