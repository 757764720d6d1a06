"""Who has looked: for the family's own network, for the data protection officer, and for the rules that look for oddities.

The functions know the tables of the cases, which the audit's Python does not. They answer with log rows, references and
codes: never with a child's name.
"""

from django.db import migrations

from yhteiso.hats.roles import role

AREA, MEMBER, OFFICER, JOBS = (role(hat) for hat in ("area", "member", "officer", "jobs"))

SQL = f"""
-- Those who opened, printed or changed something of one case, newest first, a page at a time. Whoever the network knows
-- by a mask stays masked here too. The data protection officer's searches in the log are left out: they saw nothing of
-- the family, and a suspicion must not be told to whom it is about.
CREATE FUNCTION sec.readers_of(wanted bigint, before timestamptz, before_id uuid, rows integer)
    RETURNS TABLE (id uuid, at timestamptz, actor_id bigint, masked boolean, who text, unit text, agency text, hat text,
                   verb text, page text, sections text[], why text) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT e.id, e.at, e.actor_id, m.masked,
        CASE WHEN m.masked THEN '' ELSE e.actor_name END, CASE WHEN m.masked THEN '' ELSE e.actor_unit END,
        CASE WHEN m.masked THEN '' ELSE e.actor_agency END, e.hat, e.verb, e.page, e.sections::text[], e.why
    FROM audit_logentry e
    CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT 1 FROM cases_membership s WHERE s.case_id = wanted AND s.user_id = e.actor_id AND s.masked) AS masked) m
    WHERE sec.sees_case(wanted) AND e.case_id = wanted AND e.verb NOT IN ('deny', 'fail', 'login')
      AND e.hat <> 'officer'
      AND e.at <= before AND (e.at, e.id) < (before, before_id)
    ORDER BY e.at DESC, e.id DESC LIMIT least(rows, 500) $$;

CREATE FUNCTION sec.case_of_ref(wanted text) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$ SELECT c.id FROM cases_case c WHERE c.ref = wanted $$;

CREATE FUNCTION sec.refs_of(wanted bigint[]) RETURNS TABLE (id bigint, ref text) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$ SELECT c.id, c.ref::text FROM cases_case c WHERE c.id = ANY (wanted) $$;

CREATE FUNCTION sec.masked_in(wanted bigint) RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(DISTINCT m.user_id), '{{}}') FROM cases_membership m
    WHERE m.case_id = wanted AND m.masked AND m.user_id IS NOT NULL $$;

-- What is looked at again, of whole days in Helsinki: the key of a log row and the code of a rule, nothing else.
-- A rule names a person and a case once a day, mass a person once an hour. Masses are counted over any sixty minutes.
CREATE FUNCTION sec.find_oddities(first_day date, last_day date)
    RETURNS TABLE (entry_id uuid, entry_at timestamptz, rule text) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public SET timezone = 'Europe/Helsinki' AS $$
    WITH acts AS MATERIALIZED (
        SELECT e.id, e.at, e.actor_id, e.hat, e.verb, e.case_id, e.case_ids,
            string_to_array(lower(regexp_replace(e.actor_name, '^.*\\s', '')), '-') AS surname
        FROM audit_logentry e
        WHERE e.at >= first_day::timestamptz - interval '1 hour' AND e.at < (last_day + 1)::timestamptz
          AND e.actor_id IS NOT NULL AND e.hat IN ('{AREA[4:]}', '{MEMBER[4:]}', 'unit')
          AND e.verb NOT IN ('deny', 'fail', 'login')
    ), opened AS MATERIALIZED (
        SELECT *, at::date AS day FROM acts WHERE case_id IS NOT NULL AND verb <> 'list' AND at >= first_day::timestamptz
    ), touched AS (  -- each case that a person had before them; a coordinator's own board shows the whole area each time
        SELECT id, at, actor_id, case_id AS thing FROM acts WHERE case_id IS NOT NULL AND verb <> 'list'
        UNION ALL
        SELECT a.id, a.at, a.actor_id, listed::bigint FROM acts a, jsonb_array_elements_text(a.case_ids) AS listed
        WHERE a.hat <> '{AREA[4:]}' OR a.verb <> 'list'
    ), fresh AS (
        SELECT *, lag(at) OVER (PARTITION BY actor_id, thing ORDER BY at, id) AS before FROM touched
    ), counted AS (
        SELECT id, at, actor_id, count(*) OVER (PARTITION BY actor_id ORDER BY at RANGE interval '1 hour' PRECEDING) AS n
        FROM fresh WHERE before IS NULL OR before < at - interval '1 hour'
        UNION ALL
        SELECT id, at, actor_id, count(*) OVER (PARTITION BY actor_id ORDER BY at RANGE interval '1 hour' PRECEDING)
        FROM acts WHERE hat = '{AREA[4:]}' AND verb = 'list'
    ), hits AS (
        SELECT 'no_relation' AS rule, o.id, o.at, o.actor_id, o.case_id, o.day::timestamp AS span FROM opened o
        WHERE NOT EXISTS (
            SELECT 1 FROM cases_membership m WHERE m.case_id = o.case_id AND m.user_id = o.actor_id
            AND m.role <> 'exceptional' AND m.started_at <= o.at + interval '30 days'
            AND (m.ended_at IS NULL OR m.ended_at >= o.at - interval '30 days')
        ) AND NOT EXISTS (
            SELECT 1 FROM networks_rolemembership r JOIN cases_case c ON c.area_id = r.area_id
            WHERE c.id = o.case_id AND r.user_id = o.actor_id AND r.role IN ('coordinator', 'responsible')
            AND r.starts_on <= o.day + 30 AND (r.ends_on IS NULL OR r.ends_on >= o.day - 30)
        )
        UNION ALL
        SELECT 'same_name', o.id, o.at, o.actor_id, o.case_id, o.day FROM opened o WHERE EXISTS (
            SELECT 1 FROM cases_person p WHERE p.case_id = o.case_id AND p.kind IN ('child', 'guardian')
            AND p.family_name <> '' AND string_to_array(lower(p.family_name), '-') && o.surname
        )
        UNION ALL
        SELECT 'night', o.id, o.at, o.actor_id, o.case_id, o.day FROM opened o
        WHERE extract(hour FROM o.at) >= 22 OR extract(hour FROM o.at) < 6
        UNION ALL
        SELECT 'protected', o.id, o.at, o.actor_id, o.case_id, o.day FROM opened o
        WHERE EXISTS (SELECT 1 FROM cases_case c WHERE c.id = o.case_id AND c.protected)
        UNION ALL
        SELECT 'mass', n.id, n.at, n.actor_id, NULL, date_trunc('hour', n.at)::timestamp FROM counted n
        WHERE n.n > 50 AND n.at >= first_day::timestamptz
    )
    SELECT DISTINCT ON (rule, actor_id, case_id, span) id, at, rule FROM hits
    ORDER BY rule, actor_id, case_id, span, at, id $$;

REVOKE ALL ON FUNCTION sec.readers_of(bigint, timestamptz, uuid, integer), sec.case_of_ref(text),
    sec.refs_of(bigint[]), sec.masked_in(bigint), sec.find_oddities(date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.readers_of(bigint, timestamptz, uuid, integer) TO {AREA}, {MEMBER};
GRANT EXECUTE ON FUNCTION sec.case_of_ref(text), sec.refs_of(bigint[]), sec.masked_in(bigint) TO {OFFICER};
GRANT EXECUTE ON FUNCTION sec.find_oddities(date, date) TO {JOBS};
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_seals"), ("cases", "0004_access_walls"), ("networks", "0002_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
