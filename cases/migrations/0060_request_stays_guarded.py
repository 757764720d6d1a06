"""A protected family's request stays its taker's after the call, whatever the emptied call says; it moves with its call.

A coordinator keeps a guest's link open until the meeting that has moved, and never longer than 14 days.
"""

from django.db import migrations, models

from yhteiso.hats.roles import role

AREA = role("area")
DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
AREA_CASE = "EXISTS (SELECT 1 FROM cases_case c WHERE c.id = case_id)"
ME = "(SELECT sec.uid())"

SQL = f"""
CREATE OR REPLACE FUNCTION sec.guarded_help_requests() RETURNS bigint[] LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT coalesce(array_agg(k.help_request_id), '{{}}') FROM cases_call k
    JOIN cases_helprequest h ON h.id = k.help_request_id
    WHERE (h.protected OR k.protected) AND k.area_id = ANY (sec.my_areas())
      AND k.taken_by_id IS DISTINCT FROM sec.uid() AND (k.case_id IS NULL OR NOT sec.sees_case(k.case_id)) $$;

-- The policy lets it into the own areas only.
GRANT UPDATE (area_id) ON cases_helprequest TO {AREA};

GRANT UPDATE (expires_at) ON cases_guestlink TO {AREA};
ALTER POLICY area_update ON cases_guestlink USING ({AREA_CASE} AND revoked_at IS NULL)
    WITH CHECK ({AREA_CASE} AND (revoked_by_id = {ME}
        OR revoked_at IS NULL AND expires_at <= made_at + interval '14 days'));
"""

REVERSE = (
    f"REVOKE UPDATE (area_id) ON cases_helprequest FROM {AREA}; REVOKE UPDATE (expires_at) ON cases_guestlink FROM {AREA};"
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0059_invitations_end")]
    operations = [
        migrations.RunSQL(SQL, REVERSE),
        migrations.AlterField(
            model_name="task",
            name="kind",
            field=models.CharField(
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
                    ("seat_quiet", "A member has been a year without contact"),
                    ("leaderless", "Nobody answers for a situation"),
                    ("place_by_phone", "Tell the place by phone"),
                    ("other_guardian", "Tell the other guardian by hand"),
                    ("protected_look", "A protected situation was looked for"),
                    ("reach_by_phone", "Reach by phone"),
                    ("ask_family", "Talk with the family"),
                    ("join", "Two situations of one child"),
                    ("joined", "Two situations were joined"),
                    ("precaution", "A sibling's precaution holds here"),
                    ("guest_link", "Somebody asks for a new link"),
                    ("link_ends", "A link ends before the meeting"),
                ],
                max_length=20,
            ),
        ),
    ]
