"""The ground of the second wall: the schema of its functions, the append-only trigger, and the cache of rate limits."""

from django.db import migrations

from yhteiso.hats.roles import HATS, JOBS, WEB, role

ALL_HATS = ", ".join(role(hat) for hat in HATS)

SQL = f"""
CREATE SCHEMA sec;
GRANT USAGE ON SCHEMA sec TO {ALL_HATS}, {WEB}, {JOBS};
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE FUNCTION sec.uid() RETURNS bigint LANGUAGE sql STABLE SET search_path = pg_catalog
    AS $$ SELECT nullif(current_setting('app.uid', true), '')::bigint $$;

CREATE FUNCTION sec.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;

CREATE TABLE yhteiso_cache (
    cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX yhteiso_cache_expires ON yhteiso_cache (expires);
GRANT SELECT, INSERT, UPDATE, DELETE ON yhteiso_cache TO {WEB};
"""

REVERSE = "DROP TABLE yhteiso_cache; DROP SCHEMA sec CASCADE;"


class Migration(migrations.Migration):
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [migrations.RunSQL(SQL, REVERSE)]
