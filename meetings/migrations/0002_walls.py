"""The second wall around meetings. The logbook's themes are read by those who were invited to that meeting."""

from django.db import migrations

from yhteiso.hats.roles import HATS, role
from yhteiso.hats.walls import append_only, family_table, grants

ALL_HATS = ", ".join(role(hat) for hat in HATS)

FUNCTIONS = f"""
CREATE FUNCTION sec.my_meetings() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(p.meeting_id), '{{}}') FROM public.meetings_participant p
    JOIN public.cases_membership m ON m.id = p.membership_id AND m.case_id = ANY (sec.my_cases())
    JOIN public.meetings_meeting t ON t.id = p.meeting_id AND t.case_id = m.case_id
    WHERE m.user_id = sec.uid() AND m.ended_at IS NULL $$;
REVOKE ALL ON FUNCTION sec.my_meetings() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.my_meetings() TO {ALL_HATS};

-- What was read aloud and agreed is not written any more, whoever asks.
CREATE FUNCTION sec.refuse_approved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    BEGIN
        IF TG_TABLE_NAME = 'meetings_logbook' THEN
            IF OLD.approved_at IS NOT NULL THEN
                RAISE EXCEPTION 'an approved logbook is never changed' USING ERRCODE = 'restrict_violation';
            END IF;
        ELSIF EXISTS (SELECT 1 FROM public.meetings_logbook l WHERE l.id = NEW.logbook_id AND l.approved_at IS NOT NULL)
        THEN
            RAISE EXCEPTION 'an approved logbook is never changed' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
REVOKE ALL ON FUNCTION sec.refuse_approved() FROM PUBLIC;
CREATE TRIGGER approved BEFORE UPDATE ON meetings_logbook
    FOR EACH ROW EXECUTE FUNCTION sec.refuse_approved();
CREATE TRIGGER approved BEFORE INSERT OR UPDATE ON meetings_logbookentry
    FOR EACH ROW EXECUTE FUNCTION sec.refuse_approved();

-- Rows below a case point at rows of the same case only.
ALTER TABLE cases_membership ADD CONSTRAINT membership_of_case UNIQUE (case_id, id);
ALTER TABLE meetings_meeting ADD CONSTRAINT meeting_of_case UNIQUE (case_id, id);
ALTER TABLE meetings_logbook ADD CONSTRAINT logbook_of_case UNIQUE (case_id, id);
ALTER TABLE meetings_participant
    ADD CONSTRAINT participant_meeting_of_case FOREIGN KEY (case_id, meeting_id) REFERENCES meetings_meeting (case_id, id),
    ADD CONSTRAINT participant_member_of_case FOREIGN KEY (case_id, membership_id) REFERENCES cases_membership (case_id, id);
ALTER TABLE meetings_logbook
    ADD CONSTRAINT logbook_meeting_of_case FOREIGN KEY (case_id, meeting_id) REFERENCES meetings_meeting (case_id, id);
ALTER TABLE meetings_logbookentry
    ADD CONSTRAINT entry_logbook_of_case FOREIGN KEY (case_id, logbook_id) REFERENCES meetings_logbook (case_id, id);
ALTER TABLE meetings_commitment
    ADD CONSTRAINT commitment_meeting_of_case FOREIGN KEY (case_id, meeting_id) REFERENCES meetings_meeting (case_id, id),
    ADD CONSTRAINT commitment_member_of_case FOREIGN KEY (case_id, membership_id) REFERENCES cases_membership (case_id, id);
"""

MY_CASE = "case_id = ANY ((SELECT sec.my_cases())::bigint[])"
MY_MEETING = "meeting_id = ANY ((SELECT sec.my_meetings())::bigint[])"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"
OF_LOGBOOK = "EXISTS (SELECT 1 FROM meetings_logbook l WHERE l.id = logbook_id)"
OF_ENTRY = "EXISTS (SELECT 1 FROM meetings_logbookentry e WHERE e.id = entry_id)"
OWN_SEAT = (
    "EXISTS (SELECT 1 FROM cases_membership m WHERE m.id = membership_id AND m.ended_at IS NULL"
    " AND m.user_id = (SELECT sec.uid()))"
)
AREA = {"S": AREA_CASE, "I": AREA_CASE, "U": AREA_CASE}

SQL = "\n".join(
    [
        FUNCTIONS,
        family_table(
            "meetings_meeting",
            {"area": AREA, "member": {"S": MY_CASE}, "jobs": {"S": "true"}},
            {"jobs": "id, case_id, kind, status, starts_at, began_at, move_reason"},
        ),
        family_table("meetings_participant", {"area": AREA, "member": {"S": MY_CASE, "U": OWN_SEAT}}),
        family_table("meetings_logbook", {"area": AREA, "member": {"S": MY_MEETING, "I": MY_MEETING, "U": MY_MEETING}}),
        family_table(
            "meetings_logbookentry",
            {hat: {"S": OF_LOGBOOK, "I": OF_LOGBOOK, "U": OF_LOGBOOK} for hat in ("area", "member")},
        ),
        family_table("meetings_entryversion", {hat: {"S": OF_ENTRY, "I": OF_ENTRY} for hat in ("area", "member")}),
        family_table(
            "meetings_commitment",
            {
                "area": {**AREA, "D": AREA_CASE},
                "member": {
                    # agreed ones the whole network; those being written, the people at the table
                    "S": f"{MY_MEETING} OR agreed_at IS NOT NULL AND {MY_CASE}",
                    "I": f"{MY_MEETING} AND agreed_at IS NULL",
                    "U": (
                        f"owner_id = (SELECT sec.uid()) AND {MY_CASE} OR agreed_at IS NULL AND {MY_MEETING}",
                        f"owner_id = (SELECT sec.uid()) AND {MY_CASE} OR {MY_MEETING}",
                    ),
                    "D": f"{MY_MEETING} AND agreed_at IS NULL",
                },
                "unit": {"S": "unit_id = ANY ((SELECT sec.my_units())::bigint[]) AND agreed_at IS NOT NULL"},
                "jobs": {"S": "agreed_at IS NOT NULL"},
            },
            {
                "unit": "id, kind, owner_id, unit_id, due_on, agreed_at, status, resolved_at",
                "jobs": "id, case_id, kind, unit_id, due_on, agreed_at, status, resolved_at",
            },
        ),
        # A member answers for the own seat, and moves it nowhere.
        "REVOKE UPDATE ON meetings_participant FROM hat_member;"
        "GRANT UPDATE (answer, answered_at, answered_by_id) ON meetings_participant TO hat_member;",
        append_only("meetings_entryversion"),
        grants("meetings_logbooktemplate", "S", "area", "member"),
        grants("meetings_theme", "S", "area", "member"),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("meetings", "0001_initial"), ("cases", "0002_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
