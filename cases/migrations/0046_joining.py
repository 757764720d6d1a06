"""Two situations of one child become one: the link, who may see it, and the deeds of two people."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

import yhteiso.lib.ids
from yhteiso.hats.roles import role
from yhteiso.hats.walls import family_table

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
AREA = role("area")

# A side that the reader sees shows the link; the other side stays behind its own wall.
SEEN = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id IN (stays_id, closes_id))"

EVENTS = """case_id = ANY ((SELECT sec.open_cases('network'))::bigint[]) AND kind <> ALL (ARRAY[
        'consent', 'consent_confirmed', 'consent_withdrawn', 'consent_exception', 'consent_exception_ended', 'capacity',
        'hidden', 'hiding_ended', 'recused', 'exceptional', 'exceptional_reviewed', 'safe_contact', 'safe_contact_ended',
        'safe_contact_failed', 'join_proposed', 'join_ended', 'joined'])
    OR by_id = (SELECT sec.uid()) AND case_id = ANY ((SELECT sec.my_cases())::bigint[])"""

FUNCTIONS = f"""
-- Whether two situations are about one child: the same identity code, or the same names as they sound and day of birth.
CREATE FUNCTION sec.same_child(one bigint, other bigint) RETURNS boolean LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT EXISTS (SELECT FROM cases_person p JOIN cases_personidentity i ON i.person_id = p.id
            JOIN cases_personidentity j ON j.blind = i.blind AND j.case_id = other
            JOIN cases_person q ON q.id = j.person_id AND q.kind = 'child'
            WHERE p.case_id = one AND p.kind = 'child')
        OR EXISTS (SELECT FROM cases_childkey k JOIN cases_personcontact t ON t.person_id = k.person_id
            JOIN cases_childkey l ON l.case_id = other JOIN cases_personcontact u ON u.person_id = l.person_id
            WHERE k.case_id = one AND t.born_on = u.born_on AND k.given && l.given
              AND (k.family && l.family OR k.family = '{{}}' OR l.family = '{{}}')) $$;

-- Other open situations of the same child which the asker sees. By the day of birth and the code, so by an index.
CREATE FUNCTION sec.same_children(wanted bigint) RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(s.case_id), '{{}}') FROM (
        SELECT l.case_id FROM cases_childkey k JOIN cases_personcontact t ON t.person_id = k.person_id
            JOIN cases_personcontact u ON u.born_on = t.born_on JOIN cases_childkey l ON l.person_id = u.person_id
            WHERE k.case_id = wanted
        UNION SELECT j.case_id FROM cases_personidentity i JOIN cases_personidentity j ON j.blind = i.blind
            WHERE i.case_id = wanted
    ) s JOIN cases_case c ON c.id = s.case_id AND c.status <> 'closed'
    WHERE current_setting('role') = '{AREA}' AND s.case_id <> wanted AND sec.sees_case(wanted)
      AND sec.same_child(wanted, s.case_id) AND sec.sees_case(s.case_id) $$;

-- Propose. The other side is told by its reference: one that the asker sees, or, where the own one stays, an unprotected one
-- of another area that is about the same child (its coordinator has told the reference on the phone). Anything else answers
-- nothing, as if there were no such situation. The same proposal again is the first one. Answers its reference, or 'waits'.
CREATE FUNCTION sec.propose_join(new_ref text, here bigint, other_ref text, here_stays boolean, moment timestamptz)
    RETURNS text LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE a cases_case; b cases_case; k cases_casejoin; me bigint := sec.uid(); asked bigint;
    BEGIN
        IF current_setting('role') <> '{AREA}' OR NOT sec.sees_case(here) THEN RETURN NULL; END IF;
        PERFORM FROM cases_case c WHERE c.id = here OR c.ref = other_ref ORDER BY c.id FOR NO KEY UPDATE;
        SELECT * INTO a FROM cases_case c WHERE c.id = here;
        SELECT * INTO b FROM cases_case c WHERE c.ref = other_ref AND c.id <> here;
        IF b.id IS NULL OR a.status = 'closed' OR b.status = 'closed' OR b.id = ANY (sec.my_recusals())
            OR NOT sec.sees_case(b.id) AND NOT (here_stays AND NOT a.protected AND NOT b.protected
                                                AND b.area_id <> ALL (sec.my_areas()) AND sec.same_child(a.id, b.id))
        THEN RETURN NULL; END IF;
        -- The link would tell of the protected one to whoever sees the other.
        IF a.protected <> b.protected THEN RETURN 'protected'; END IF;
        IF NOT here_stays THEN SELECT * INTO b FROM cases_case c WHERE c.id = here;
            SELECT * INTO a FROM cases_case c WHERE c.ref = other_ref; END IF;
        -- From here on a stays and b closes. One proposal waits at a time, whichever side it would close.
        SELECT * INTO k FROM cases_casejoin j WHERE j.ended_at IS NULL AND j.accepted_at IS NULL
            AND (j.closes_id IN (a.id, b.id) OR j.stays_id = b.id) LIMIT 1;
        IF k.id IS NOT NULL THEN
            RETURN CASE WHEN k.stays_id = a.id AND k.closes_id = b.id AND k.proposed_by_id = me THEN k.ref ELSE 'waits' END;
        END IF;
        INSERT INTO cases_casejoin (ref, stays_id, closes_id, stays_area_id, closes_area_id, proposed_by_id, proposed_at)
            VALUES (new_ref, a.id, b.id, a.area_id, b.area_id, me, moment);
        INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
            SELECT s.id, 'join_proposed', moment, me, '{{}}' FROM unnest(ARRAY[a.id, b.id]) AS s (id);
        -- Who answers: the other side's lead; where the proposer leads both, somebody else who coordinates there.
        SELECT u.id INTO asked FROM networks_user u
            WHERE u.id <> me AND u.is_active AND sec.coordinates(u.id, b.area_id)
              AND NOT EXISTS (SELECT FROM cases_recusal r WHERE r.user_id = u.id AND r.case_id IN (a.id, b.id))
              AND (NOT b.protected OR u.id = b.coordinator_id OR EXISTS (SELECT FROM cases_membership m
                   WHERE m.case_id = b.id AND m.user_id = u.id AND m.named AND m.ended_at IS NULL))
            ORDER BY u.id <> CASE WHEN here_stays THEN b.coordinator_id ELSE a.coordinator_id END,
                     u.id <> b.coordinator_id, NOT sec.answers_for(u.id, b.area_id), u.id LIMIT 1;
        IF asked IS NOT NULL THEN
            INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
                VALUES (gen_random_uuid(), 'join', b.id, asked, moment, moment + interval '2 days', new_ref)
                ON CONFLICT DO NOTHING;
        END IF;
        RETURN new_ref;
    END $$;

-- Accept: somebody else, who sees the one that closes. Both are locked in one order. Answers the one to be closed, in this
-- transaction, by the application's own closing; or nothing.
CREATE FUNCTION sec.accept_join(wanted bigint, moment timestamptz) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE k cases_casejoin; me bigint := sec.uid(); lead bigint;
    BEGIN
        SELECT * INTO k FROM cases_casejoin WHERE id = wanted;
        PERFORM FROM cases_case c WHERE c.id IN (k.stays_id, k.closes_id) ORDER BY c.id FOR NO KEY UPDATE;
        SELECT * INTO k FROM cases_casejoin WHERE id = wanted FOR NO KEY UPDATE;
        IF current_setting('role') <> '{AREA}' OR k.id IS NULL OR k.accepted_at IS NOT NULL OR k.ended_at IS NOT NULL
            OR k.proposed_by_id = me OR NOT sec.sees_case(k.closes_id) OR k.stays_id = ANY (sec.my_recusals())
            OR EXISTS (SELECT FROM cases_case c WHERE c.id IN (k.stays_id, k.closes_id)
                       AND (c.status = 'closed' OR c.protected AND NOT sec.sees_case(c.id)))
        THEN RETURN NULL; END IF;
        UPDATE cases_casejoin SET accepted_at = moment, accepted_by_id = me WHERE id = k.id;
        UPDATE cases_casejoin SET ended_at = moment, ended_by_id = me
            WHERE accepted_at IS NULL AND ended_at IS NULL AND k.closes_id IN (stays_id, closes_id);
        UPDATE cases_task SET done_at = moment, done_by_id = me WHERE kind = 'join' AND about = k.ref AND done_at IS NULL;
        INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
            SELECT s.id, 'joined', moment, me, '{{}}' FROM unnest(ARRAY[k.stays_id, k.closes_id]) AS s (id);
        SELECT c.coordinator_id INTO lead FROM cases_case c WHERE c.id = k.stays_id;
        INSERT INTO cases_task (id, kind, case_id, to_id, made_at, due_at, about)
            VALUES (gen_random_uuid(), 'joined', k.stays_id, lead, moment, moment + interval '2 days', k.ref)
            ON CONFLICT DO NOTHING;
        RETURN k.closes_id;
    END $$;

-- No, or one's own taken back: whoever sees one of the sides, and is disqualified in neither.
CREATE FUNCTION sec.end_join(wanted bigint, moment timestamptz) RETURNS bigint LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE k cases_casejoin; me bigint := sec.uid();
    BEGIN
        SELECT * INTO k FROM cases_casejoin WHERE id = wanted;
        PERFORM FROM cases_case c WHERE c.id IN (k.stays_id, k.closes_id) ORDER BY c.id FOR NO KEY UPDATE;
        SELECT * INTO k FROM cases_casejoin WHERE id = wanted FOR NO KEY UPDATE;
        IF current_setting('role') <> '{AREA}' OR k.id IS NULL OR k.accepted_at IS NOT NULL OR k.ended_at IS NOT NULL
            OR ARRAY[k.stays_id, k.closes_id] && sec.my_recusals()
            OR NOT (sec.sees_case(k.stays_id) OR sec.sees_case(k.closes_id))
        THEN RETURN NULL; END IF;
        UPDATE cases_casejoin SET ended_at = moment, ended_by_id = me WHERE id = k.id;
        UPDATE cases_task SET done_at = moment, done_by_id = me WHERE kind = 'join' AND about = k.ref AND done_at IS NULL;
        INSERT INTO cases_caseevent (case_id, kind, at, by_id, detail)
            SELECT s.id, 'join_ended', moment, me, '{{}}' FROM unnest(ARRAY[k.stays_id, k.closes_id]) AS s (id);
        RETURN k.id;
    END $$;

REVOKE ALL ON FUNCTION sec.same_child(bigint, bigint), sec.same_children(bigint),
    sec.propose_join(text, bigint, text, boolean, timestamptz), sec.accept_join(bigint, timestamptz),
    sec.end_join(bigint, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.same_children(bigint), sec.propose_join(text, bigint, text, boolean, timestamptz),
    sec.accept_join(bigint, timestamptz), sec.end_join(bigint, timestamptz) TO {AREA};
ALTER POLICY member_select ON cases_caseevent USING ({EVENTS});
"""


def person(*, null: bool = False) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="networks.user", null=null)


def of_case(name: str) -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=name, to="cases.case")


def of_area() -> models.ForeignKey:
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="networks.area")


class Migration(migrations.Migration):
    dependencies = [("cases", "0045_known")]
    operations = [
        migrations.AlterField(
            "case",
            "close_reason",
            models.CharField(
                blank=True,
                choices=[
                    ("everyday_works", "Everyday life works"),
                    ("declined", "The family did not want it"),
                    ("child_protection", "Moved to child protection"),
                    ("other_help", "Help continues elsewhere"),
                    ("moved_away", "The family moved"),
                    ("joined", "Joined with another situation"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            "task",
            "kind",
            models.CharField(
                choices=[
                    ("consent_withdrawn", "A consent was withdrawn"),
                    ("consent_expires", "A consent expires"),
                    ("consent_paper", "A consent waits for its paper"),
                    ("hand_over", "A situation is offered to you"),
                    ("handed_over", "You answer for a situation now"),
                    ("exceptional", "Somebody opened a situation exceptionally"),
                    ("exceptional_review", "An exceptional access waits for its review"),
                    ("recused", "Somebody is disqualified"),
                    ("seat_vacant", "A member has left the unit"),
                    ("leaderless", "Nobody answers for a situation"),
                    ("place_by_phone", "Tell the place by phone"),
                    ("other_guardian", "Tell the other guardian by hand"),
                    ("protected_look", "A protected situation was looked for"),
                    ("reach_by_phone", "Reach by phone"),
                    ("join", "Two situations of one child"),
                    ("joined", "Two situations were joined"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            "CaseJoin",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("ref", models.CharField(default=yhteiso.lib.ids.new_ref, editable=False, max_length=12, unique=True)),
                ("proposed_at", models.DateTimeField()),
                ("accepted_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("stays", of_case("joins")),
                ("closes", of_case("joined_into")),
                ("stays_area", of_area()),
                ("closes_area", of_area()),
                ("proposed_by", person()),
                ("accepted_by", person(null=True)),
                ("ended_by", person(null=True)),
            ],
            options={
                "ordering": ["-proposed_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(condition=~Q(stays=F("closes")), name="join_of_two_situations"),
                    models.CheckConstraint(
                        condition=Q(accepted_by=None) | ~Q(accepted_by=F("proposed_by")), name="join_by_two_people"
                    ),
                    models.CheckConstraint(
                        condition=Q(accepted_at=None, accepted_by=None)
                        | Q(accepted_at__isnull=False, accepted_by__isnull=False, ended_at=None),
                        name="join_accepted_or_ended",
                    ),
                    models.UniqueConstraint(condition=Q(ended_at=None), fields=["closes"], name="join_one_at_a_time"),
                ],
            },
        ),
        migrations.RunSQL(family_table("cases_casejoin", {"area": {"S": SEEN}}), migrations.RunSQL.noop),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
    ]
