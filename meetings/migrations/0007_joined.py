"""Where the applications meet: duties hold an account open, a suspension ends the sessions, a disqualified officer reads no row.

And every definer function looks for its tables in our schema before anybody's temporary ones.
"""

from django.db import migrations

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
NOT_RECUSED = (
    "(case_id IS NULL OR case_id <> ALL ((SELECT sec.my_recusals())::bigint[]))"
    " AND NOT case_ids @> ANY (SELECT to_jsonb(c) FROM unnest((SELECT sec.my_recusals())::bigint[]) c)"
)

SQL = f"""
CREATE OR REPLACE FUNCTION sec.open_duties(user_id bigint) RETURNS int LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT sec.duties_of(user_id) $$;

CREATE OR REPLACE FUNCTION sec.end_sessions(who bigint) RETURNS void LANGUAGE plpgsql {DEFINER} AS $$
    BEGIN
        UPDATE networks_user SET session_epoch = session_epoch + 1 WHERE id = who;
        DELETE FROM django_session s USING networks_opensession o WHERE o.user_id = who AND s.session_key = o.session_key;
        DELETE FROM networks_opensession o WHERE o.user_id = who;
    END $$;

ALTER POLICY officer_select ON audit_logentry USING ({NOT_RECUSED});

DO $$
    DECLARE f regprocedure;
    BEGIN
        FOR f IN SELECT p.oid::regprocedure FROM pg_proc p
            WHERE p.pronamespace = 'sec'::regnamespace AND p.prosecdef AND NOT proconfig::text LIKE '%pg_temp%'
        LOOP EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, public, pg_temp', f); END LOOP;
    END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0006_for_a_day"),
        ("cases", "0020_narrower_words"),
        ("networks", "0007_written_consent"),
        ("audit", "0005_oversight"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
