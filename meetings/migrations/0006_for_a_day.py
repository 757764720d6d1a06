"""Who is let in for a day reads the themes that were opened, and writes none; a new lead is invited to the coming meeting."""

from django.db import migrations

from yhteiso.hats.roles import HATS, role

ALL_HATS = ", ".join(role(hat) for hat in HATS)
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public"
MY_MEETING = "meeting_id = ANY ((SELECT sec.my_meetings())::bigint[])"
LET_IN = "case_id = ANY ((SELECT sec.my_opened_themes())::bigint[])"

SQL = f"""
-- The situations whose themes are open to the asker for a day: of every meeting, since nobody was invited to any.
CREATE FUNCTION sec.my_opened_themes() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(s.case_id), '{{}}') FROM sec.my_seats() s
    WHERE s.role = 'exceptional' AND 'themes' = ANY (s.sections) $$;

-- The lead belongs to the meeting that is being agreed on. Says nothing, and a second call changes nothing.
CREATE FUNCTION sec.invite_lead(wanted bigint) RETURNS void LANGUAGE sql {DEFINER} AS $$
    INSERT INTO meetings_participant (meeting_id, case_id, membership_id, answer)
    SELECT t.id, c.id, c.lead_id, 'none' FROM cases_case c
    JOIN meetings_meeting t ON t.case_id = c.id AND t.status IN ('proposed', 'confirmed')
    WHERE c.id = wanted AND c.status <> 'closed' ON CONFLICT DO NOTHING $$;
REVOKE ALL ON FUNCTION sec.my_opened_themes(), sec.invite_lead(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_opened_themes() TO {ALL_HATS};
GRANT EXECUTE ON FUNCTION sec.invite_lead(bigint) TO {role("area")}, {role("member")};

ALTER POLICY member_select ON meetings_logbook USING ({MY_MEETING} OR approved_at IS NOT NULL AND {LET_IN});
-- An entry is written by who may write the logbook, which is more than who may read it.
ALTER POLICY member_insert ON meetings_logbookentry
    WITH CHECK (EXISTS (SELECT 1 FROM meetings_logbook l WHERE l.id = logbook_id AND l.{MY_MEETING}));
ALTER POLICY member_update ON meetings_logbookentry
    USING (EXISTS (SELECT 1 FROM meetings_logbook l WHERE l.id = logbook_id AND l.{MY_MEETING}))
    WITH CHECK (EXISTS (SELECT 1 FROM meetings_logbook l WHERE l.id = logbook_id AND l.{MY_MEETING}));
ALTER POLICY member_insert ON meetings_entryversion
    WITH CHECK (EXISTS (SELECT 1 FROM meetings_logbookentry e JOIN meetings_logbook l ON l.id = e.logbook_id
                        WHERE e.id = entry_id AND l.{MY_MEETING}));
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0004_place_by_phone"), ("cases", "0007_standing")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
