"""Where an address is protected: no place is stored, everybody is told it by phone, and one guardian is met at a time."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from yhteiso.hats.roles import role

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public"
COMING = "('proposed', 'confirmed')"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"

SQL = f"""
CREATE FUNCTION sec.place_by_phone(wanted bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT FROM cases_case c WHERE c.id = wanted AND c.protected)
        OR EXISTS (SELECT FROM cases_membership m JOIN networks_user u ON u.id = m.user_id AND u.protected_identity
                   WHERE m.case_id = wanted AND m.ended_at IS NULL AND m.role <> 'exceptional') $$;

CREATE FUNCTION sec.refuse_place() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        IF NEW.status IN {COMING} AND (NEW.place <> '' OR NOT NEW.by_phone) AND sec.place_by_phone(NEW.case_id) THEN
            RAISE EXCEPTION 'the place of this meeting is told by phone' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$;
CREATE TRIGGER place_by_phone BEFORE INSERT OR UPDATE OF place, by_phone, status, case_id ON meetings_meeting
    FOR EACH ROW EXECUTE FUNCTION sec.refuse_place();

-- Whoever leads gets the task with the same row that takes the place away, whichever way it went.
CREATE FUNCTION sec.ask_for_calls() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
            SELECT gen_random_uuid(), 'place_by_phone', c.id, c.coordinator_id, now(), NEW.starts_at - interval '1 day', NEW.ref
            FROM cases_case c WHERE c.id = NEW.case_id
            ON CONFLICT DO NOTHING;
        RETURN NULL;
    END $$;
CREATE TRIGGER calls_asked_for AFTER INSERT ON meetings_meeting
    FOR EACH ROW WHEN (NEW.by_phone) EXECUTE FUNCTION sec.ask_for_calls();
CREATE TRIGGER calls_asked_for_later AFTER UPDATE OF by_phone ON meetings_meeting
    FOR EACH ROW WHEN (NEW.by_phone AND NOT OLD.by_phone) EXECUTE FUNCTION sec.ask_for_calls();

-- A family is protected, a colleague with a protected identity joins or becomes one: coming meetings lose their place at once.
CREATE FUNCTION sec.empty_places() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        IF TG_TABLE_NAME = 'networks_user' THEN
            UPDATE meetings_meeting t SET place = '', by_phone = true WHERE t.status IN {COMING} AND NOT t.by_phone
                AND EXISTS (SELECT FROM cases_membership m WHERE m.case_id = t.case_id AND m.user_id = NEW.id
                            AND m.ended_at IS NULL AND m.role <> 'exceptional');
        ELSE
            UPDATE meetings_meeting t SET place = '', by_phone = true WHERE t.status IN {COMING} AND NOT t.by_phone
                AND t.case_id = (to_jsonb(NEW) ->> CASE WHEN TG_TABLE_NAME = 'cases_case' THEN 'id' ELSE 'case_id' END)::bigint
                AND sec.place_by_phone(t.case_id);
        END IF;
        RETURN NULL;
    END $$;
CREATE TRIGGER places_emptied AFTER UPDATE OF protected ON cases_case
    FOR EACH ROW WHEN (NEW.protected AND NOT OLD.protected) EXECUTE FUNCTION sec.empty_places();
CREATE TRIGGER places_emptied AFTER INSERT ON cases_membership FOR EACH ROW EXECUTE FUNCTION sec.empty_places();
CREATE TRIGGER places_emptied AFTER UPDATE OF protected_identity ON networks_user
    FOR EACH ROW WHEN (NEW.protected_identity AND NOT OLD.protected_identity) EXECUTE FUNCTION sec.empty_places();

-- Guardians who are met apart are never invited to the same meeting; one who is told by hand is invited to none.
CREATE FUNCTION sec.one_guardian() RETURNS trigger LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        IF EXISTS (SELECT FROM cases_membership m JOIN cases_person p ON p.id = m.person_id AND p.kind = 'guardian'
            JOIN cases_case c ON c.id = m.case_id WHERE m.id = NEW.membership_id AND (c.protected AND p.by_hand
                OR c.guardians_apart AND EXISTS (SELECT FROM meetings_participant o
                    JOIN cases_membership om ON om.id = o.membership_id AND om.id <> m.id
                    JOIN cases_person op ON op.id = om.person_id AND op.kind = 'guardian'
                    WHERE o.meeting_id = NEW.meeting_id)))
        THEN RAISE EXCEPTION 'these guardians are not invited together' USING ERRCODE = 'restrict_violation'; END IF;
        RETURN NEW;
    END $$;
CREATE TRIGGER one_guardian BEFORE INSERT ON meetings_participant
    FOR EACH ROW EXECUTE FUNCTION sec.one_guardian();

REVOKE ALL ON FUNCTION sec.place_by_phone(bigint), sec.refuse_place(), sec.ask_for_calls(), sec.empty_places(),
    sec.one_guardian() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.place_by_phone(bigint) TO {role("area")};

-- An invitation is taken back before the meeting, when guardians are no longer met together.
GRANT DELETE ON meetings_participant TO {role("area")};
CREATE POLICY area_delete ON meetings_participant FOR DELETE TO {role("area")} USING ({AREA_CASE} AND EXISTS (
    SELECT 1 FROM meetings_meeting t WHERE t.id = meeting_id AND t.status IN {COMING}));
GRANT SELECT (membership_id) ON meetings_commitment TO {role("jobs")};
GRANT SELECT (by_phone) ON meetings_meeting TO {role("family")}, {role("guest")};

-- Families that were protected before this.
UPDATE meetings_meeting t SET place = '', by_phone = true WHERE t.status IN {COMING} AND sec.place_by_phone(t.case_id);
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("meetings", "0003_sections_walls"), ("cases", "0006_precautions")]
    operations = [
        migrations.AddField("meeting", "by_phone", models.BooleanField(default=False)),
        migrations.AddField("participant", "place_told_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "participant",
            "place_told_by",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="meeting",
            constraint=models.CheckConstraint(
                condition=models.Q(("by_phone", False), ("place", ""), _connector="OR"), name="meeting_by_phone_has_no_place"
            ),
        ),
        migrations.AddConstraint(
            model_name="participant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("place_told_at", None), ("place_told_by", None)),
                    models.Q(("place_told_at__isnull", False), ("place_told_by__isnull", False)),
                    _connector="OR",
                ),
                name="participant_place_told_by_somebody",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
