"""Who may read and write accounts and reference data. No family here: plain grants, no row security."""

from django.db import migrations

from yhteiso.hats.roles import HATS, JOBS, WEB, role
from yhteiso.hats.walls import grants

REFERENCE = (
    "networks_county", "networks_municipality", "networks_area", "networks_area_municipalities", "networks_agency",
    "networks_unit", "networks_service",
)  # fmt: skip
# Everything of a person but the credentials. Only the bare login reads those, to sign somebody in.
PERSON = (
    "id, email, name, sort_key, title, unit_id, phone, language, lp_trained_on, protected_identity, is_active, created_at"
)
ACCOUNTS = (
    "account_emailaddress", "account_emailconfirmation", "mfa_authenticator", "django_session",
)  # fmt: skip
ALL_HATS = ", ".join(role(hat) for hat in HATS)

SQL = "\n".join(
    [
        *[grants(table, "S", *HATS, WEB, JOBS) for table in REFERENCE],
        *[grants(table, "SIUD", "admin") for table in REFERENCE],
        f"GRANT SELECT ({PERSON}) ON networks_user TO {ALL_HATS}, {JOBS};",
        f"GRANT INSERT ({PERSON}), UPDATE ({PERSON}) ON networks_user TO {role('admin')};",
        grants("networks_user", "SIU", WEB),
        grants("networks_rolemembership", "S", *HATS, WEB),
        grants("networks_rolemembership", "SIUD", "admin"),
        grants("networks_rolemembership", "I", WEB),
        grants("networks_accountinvitation", "SIUD", "admin"),
        grants("networks_accountinvitation", "SU", WEB),
        *[grants(table, "SIUD", WEB) for table in ACCOUNTS],
        grants("django_content_type", "S", *HATS, WEB),
        grants("django_admin_log", "SI", "admin"),
        grants("django_migrations", "S", WEB, JOBS),
        """
CREATE FUNCTION sec.my_areas() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(r.area_id), '{}') FROM public.networks_rolemembership r
    JOIN public.networks_user u ON u.id = r.user_id AND u.is_active
    WHERE r.user_id = sec.uid() AND r.role IN ('coordinator', 'responsible') AND r.area_id IS NOT NULL
      AND r.starts_on <= (now() AT TIME ZONE 'Europe/Helsinki')::date
      AND (r.ends_on IS NULL OR r.ends_on >= (now() AT TIME ZONE 'Europe/Helsinki')::date) $$;

CREATE FUNCTION sec.my_led_areas() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(r.area_id), '{}') FROM public.networks_rolemembership r
    JOIN public.networks_user u ON u.id = r.user_id AND u.is_active
    WHERE r.user_id = sec.uid() AND r.role = 'leadership' AND r.area_id IS NOT NULL
      AND r.starts_on <= (now() AT TIME ZONE 'Europe/Helsinki')::date
      AND (r.ends_on IS NULL OR r.ends_on >= (now() AT TIME ZONE 'Europe/Helsinki')::date) $$;

CREATE FUNCTION sec.my_units() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(r.unit_id), '{}') FROM public.networks_rolemembership r
    JOIN public.networks_user u ON u.id = r.user_id AND u.is_active
    WHERE r.user_id = sec.uid() AND r.role = 'unit_head' AND r.unit_id IS NOT NULL
      AND r.starts_on <= (now() AT TIME ZONE 'Europe/Helsinki')::date
      AND (r.ends_on IS NULL OR r.ends_on >= (now() AT TIME ZONE 'Europe/Helsinki')::date) $$;
""",
        f"REVOKE ALL ON FUNCTION sec.my_areas(), sec.my_led_areas(), sec.my_units() FROM PUBLIC;"
        f"GRANT EXECUTE ON FUNCTION sec.my_areas(), sec.my_led_areas(), sec.my_units() TO {ALL_HATS};",
    ]
)

REVERSE = "DROP FUNCTION sec.my_areas(); DROP FUNCTION sec.my_led_areas(); DROP FUNCTION sec.my_units();"


class Migration(migrations.Migration):
    dependencies = [
        ("networks", "0001_initial"),
        ("yhteiso", "0001_ground"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunSQL(SQL, REVERSE)]
