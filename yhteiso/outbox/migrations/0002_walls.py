"""Every hat that acts may add a message; only the jobs read and move it; how each try ended is never changed.

The link of a family's message leads to a page without sign-in: one function shows its area's number, and nothing else.
"""

from django.db import migrations

from yhteiso.hats.roles import WEB_HATS, role
from yhteiso.hats.walls import append_only, family_table

WRITERS = [hat for hat in WEB_HATS if hat != "report"]
FRESH = (
    "state = 'ready' AND attempts = 0 AND claim_token IS NULL AND claimed_until IS NULL AND sent_at IS NULL"
    " AND failed_at IS NULL AND dropped_at IS NULL AND drop_reason = '' AND provider_ref = '' AND last_error = ''"
)
MOVED = (
    "available_at, state, attempts, claim_token, claimed_until, sent_at, failed_at, dropped_at, drop_reason,"
    " provider_ref, last_error"
)

NUMBER = f"""
CREATE FUNCTION sec.number_behind(token text)
    RETURNS TABLE (name text, phone text, hours text) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    AS $$ SELECT a.name, a.phone, a.hours FROM public.outbox_outgoing o
          JOIN public.networks_area a ON a.id = o.area_id WHERE o.link_token = token $$;
REVOKE ALL ON FUNCTION sec.number_behind(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.number_behind(text) TO {", ".join(role(hat) for hat in WEB_HATS)};
"""

SQL = "\n".join(
    [
        family_table(
            "outbox_outgoing", {hat: {"I": FRESH} for hat in WRITERS} | {"jobs": {"S": "true", "I": FRESH, "U": "true"}}
        ),
        f"REVOKE UPDATE ON outbox_outgoing FROM hat_jobs; GRANT UPDATE ({MOVED}) ON outbox_outgoing TO hat_jobs;",
        family_table("outbox_attempt", {"jobs": {"S": "true", "I": "true"}}),
        append_only("outbox_attempt"),
        family_table("outbox_deliveryreport", {"public": {"I": "true"}, "jobs": {"S": "true", "D": "true"}}),
        NUMBER,
    ]
)
REVERSE = "DROP FUNCTION sec.number_behind(text);"


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_initial"), ("yhteiso", "0001_ground"), ("networks", "0001_initial")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
