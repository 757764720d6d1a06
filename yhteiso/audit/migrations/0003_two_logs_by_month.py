"""The use log gets its new columns, the disclosure log is born, and both are cut by month.

The months lie in a schema of their own, `log`, to which no hat and no login has a key: a partition has its own privileges
and its own row security, so it gets both walls besides. `xid` is the transaction that added the row; only the database
fills it in. A row outside every month lands in the DEFAULT partition and moves when its month is made.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models
from django.db.models import Q

import yhteiso.lib.ids
from yhteiso.hats.roles import HATS, JOBS, OWNER, WEB, WEB_HATS, role
from yhteiso.hats.walls import append_only, family_table

ALL_HATS = ", ".join(role(hat) for hat in HATS)

USE = """
    id uuid NOT NULL, at timestamptz NOT NULL, actor_id bigint, actor_name varchar(120) NOT NULL,
    actor_agency varchar(120) NOT NULL, actor_unit varchar(120) NOT NULL DEFAULT '', hat varchar(10) NOT NULL,
    verb varchar(12) NOT NULL, case_id bigint, case_ids jsonb NOT NULL, page varchar(60) NOT NULL,
    sections varchar(20)[] NOT NULL DEFAULT '{}', why varchar(20) NOT NULL DEFAULT '',
    subject_kind varchar(20) NOT NULL DEFAULT '', subject_ref varchar(20) NOT NULL DEFAULT '',
    result_count integer CHECK (result_count >= 0), term_hash varchar(64) NOT NULL DEFAULT '', request_id uuid,
    reason varchar(120) NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id(), PRIMARY KEY (id, at)
"""
DISCLOSURE = """
    id uuid NOT NULL, at timestamptz NOT NULL, case_id bigint NOT NULL, from_person varchar(120) NOT NULL,
    from_agency varchar(120) NOT NULL, to_person varchar(120) NOT NULL, to_agency varchar(120) NOT NULL,
    sections varchar(20)[] NOT NULL, basis varchar(10) NOT NULL, consent_ids bigint[] NOT NULL,
    document_ref varchar(20) NOT NULL, by_id bigint, by_name varchar(120) NOT NULL, hat varchar(10) NOT NULL,
    request_id uuid, xid xid8 NOT NULL DEFAULT pg_current_xact_id(), PRIMARY KEY (id, at)
"""
WRITTEN = {
    "audit_logentry": "id, at, actor_id, actor_name, actor_agency, actor_unit, hat, verb, case_id, case_ids, page,"
    " sections, why, subject_kind, subject_ref, result_count, term_hash, request_id, reason",
    "audit_disclosureentry": "id, at, case_id, from_person, from_agency, to_person, to_agency, sections, basis,"
    " consent_ids, document_ref, by_id, by_name, hat, request_id",
}


def wall(table: str, own: str) -> str:
    """Every hat may add its own row, of which it writes every column but `xid`; only the officer reads."""
    rules = {hat: {"I": own} | ({"S": "true"} if hat == "officer" else {}) for hat in WEB_HATS} | {"jobs": {"I": own}}
    return "\n".join(
        [
            family_table(table, rules),
            f"REVOKE INSERT ON {table} FROM {ALL_HATS}; GRANT INSERT ({WRITTEN[table]}) ON {table} TO {ALL_HATS};",
            append_only(table),
        ]
    )


# `parent` and `month` come from the two functions below only; nobody else may call this.
MONTHS = f"""
CREATE SCHEMA log;
REVOKE ALL ON SCHEMA log FROM PUBLIC;

CREATE FUNCTION sec.wall_off(part text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    BEGIN
        EXECUTE format('REVOKE ALL ON log.%I FROM PUBLIC', part);
        EXECUTE format('ALTER TABLE log.%I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('ALTER TABLE log.%I FORCE ROW LEVEL SECURITY', part);
        EXECUTE format('CREATE POLICY owner_all ON log.%I TO {OWNER} USING (true) WITH CHECK (true)', part);
    END $$;

CREATE FUNCTION sec.add_month(parent regclass, kind text, month date) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public SET timezone = 'UTC' AS $$
    DECLARE
        part text := kind || '_' || to_char(month, 'YYYY_MM');
        rest text := kind || '_default';
        low timestamptz := month;
        high timestamptz := month + interval '1 month';
        early boolean;
    BEGIN
        IF to_regclass(format('log.%I', part)) IS NOT NULL THEN
            RETURN false;
        END IF;
        EXECUTE format('CREATE TABLE log.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
        PERFORM sec.wall_off(part);
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM log.%I WHERE at >= $1 AND at < $2)', rest) INTO early USING low, high;
        IF early THEN  -- rows that came before their month move; whoever would write there meanwhile waits
            EXECUTE format('ALTER TABLE log.%I DISABLE TRIGGER append_only', rest);
            EXECUTE format('WITH gone AS (DELETE FROM log.%I WHERE at >= $1 AND at < $2 RETURNING *)'
                           ' INSERT INTO log.%I SELECT * FROM gone', rest, part) USING low, high;
            EXECUTE format('ALTER TABLE log.%I ENABLE TRIGGER append_only', rest);
        END IF;
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION log.%I FOR VALUES FROM (%L) TO (%L)', parent, part, low, high);
        RETURN true;
    END $$;

-- Makes what is missing of this month and the 24 that follow, and of earlier months that have rows. Returns how many.
CREATE FUNCTION sec.ensure_partitions(on_day date) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, public SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
    DECLARE
        made integer := 0; month date; early date[]; parent regclass; kind text;
        this date := date_trunc('month', on_day);
    BEGIN
        IF abs(on_day - current_date) > 400 THEN
            RAISE EXCEPTION 'the day is not near today' USING ERRCODE = 'invalid_parameter_value';
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('yhteiso.log.months'));
        FOR parent, kind IN VALUES ('public.audit_logentry'::regclass, 'use'),
                                   ('public.audit_disclosureentry'::regclass, 'disclosure') LOOP
            EXECUTE format('SELECT array_agg(DISTINCT date_trunc(''month'', at)::date) FROM log.%I WHERE at < $1',
                           kind || '_default') INTO early USING this::timestamptz;
            FOREACH month IN ARRAY coalesce(early, ARRAY[]::date[]) LOOP
                made := made + sec.add_month(parent, kind, month)::integer;
            END LOOP;
            FOR n IN 0..24 LOOP
                made := made + sec.add_month(parent, kind, (this + make_interval(months => n))::date)::integer;
            END LOOP;
        END LOOP;
        RETURN made;
    END $$;

-- How many whole months after this one have their partition, in the log that has fewer.
CREATE FUNCTION sec.months_ahead(on_day date) RETURNS integer LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $$
    SELECT min(n)::integer FROM (
        SELECT count(c.oid) AS n FROM (VALUES ('public.audit_logentry', 'use'), ('public.audit_disclosureentry', 'disclosure'))
            AS parent (name, kind)
        LEFT JOIN pg_inherits i ON i.inhparent = parent.name::regclass
        LEFT JOIN pg_class c ON c.oid = i.inhrelid AND c.relname ~ '_[0-9]{{4}}_[0-9]{{2}}$'
            AND c.relname > parent.kind || '_' || to_char(on_day, 'YYYY_MM')
        GROUP BY parent.name
    ) AS each_log $$;

REVOKE ALL ON FUNCTION sec.wall_off(text), sec.add_month(regclass, text, date), sec.ensure_partitions(date),
    sec.months_ahead(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.ensure_partitions(date) TO {role("jobs")};
GRANT EXECUTE ON FUNCTION sec.months_ahead(date) TO {WEB}, {JOBS}, {ALL_HATS};
"""

SQL = "\n".join(
    [
        "ALTER TABLE audit_logentry RENAME TO audit_logentry_whole;",
        "ALTER TABLE audit_logentry_whole DROP CONSTRAINT audit_logentry_pkey;",
        "DROP INDEX log_by_time; DROP INDEX log_by_case; DROP INDEX log_by_actor;",
        f"CREATE TABLE audit_logentry ({USE}) PARTITION BY RANGE (at);",
        f"CREATE TABLE audit_disclosureentry ({DISCLOSURE}) PARTITION BY RANGE (at);",
        "CREATE INDEX log_by_time ON audit_logentry (at DESC, id DESC);",
        "CREATE INDEX log_by_case ON audit_logentry (case_id, at DESC);",
        "CREATE INDEX log_by_actor ON audit_logentry (actor_id, at DESC);",
        "CREATE INDEX log_by_listed_case ON audit_logentry USING gin (case_ids jsonb_path_ops) WHERE case_ids <> '[]';",
        "CREATE INDEX log_by_xid ON audit_logentry (xid, id);",
        "CREATE INDEX disclosure_by_time ON audit_disclosureentry (at DESC, id DESC);",
        "CREATE INDEX disclosure_by_case ON audit_disclosureentry (case_id, at DESC);",
        "CREATE INDEX disclosure_by_xid ON audit_disclosureentry (xid, id);",
        wall("audit_logentry", "actor_id IS NOT DISTINCT FROM (SELECT sec.uid())"),
        wall("audit_disclosureentry", "by_id IS NOT DISTINCT FROM (SELECT sec.uid())"),
        MONTHS,
        "CREATE TABLE log.use_default PARTITION OF audit_logentry DEFAULT; SELECT sec.wall_off('use_default');",
        "CREATE TABLE log.disclosure_default PARTITION OF audit_disclosureentry DEFAULT;",
        "SELECT sec.wall_off('disclosure_default');",
        "INSERT INTO audit_logentry (id, at, actor_id, actor_name, actor_agency, hat, verb, case_id, case_ids, page, reason)",
        "SELECT id, at, actor_id, actor_name, actor_agency, hat, verb, case_id, case_ids, page, reason"
        " FROM audit_logentry_whole;",
        "SELECT sec.ensure_partitions((now() AT TIME ZONE 'UTC')::date);",
        "DROP TABLE audit_logentry_whole;",
    ]
)

VERBS = ["view", "list", "search", "print", "export", "disclose", "change", "deny", "fail", "login", "exceptional"]


def text(size: int, **more: object) -> models.CharField:
    return models.CharField(max_length=size, blank=True, **more)


def added(name: str, field: models.Field) -> migrations.AddField:
    return migrations.AddField("logentry", name, field)


STATE = [
    migrations.AlterField(
        "logentry", "verb", models.CharField(choices=[(verb, verb.capitalize()) for verb in VERBS], max_length=12)
    ),
    added("actor_unit", text(120)),
    added("sections", django.contrib.postgres.fields.ArrayField(models.CharField(max_length=20), default=list)),
    added("why", text(20)),
    added("subject_kind", text(20)),
    added("subject_ref", text(20)),
    added("result_count", models.PositiveIntegerField(null=True)),
    added("term_hash", text(64)),
    added("request_id", models.UUIDField(null=True)),
    migrations.AddIndex(
        "logentry",
        django.contrib.postgres.indexes.GinIndex(
            condition=~Q(case_ids=[]), fields=["case_ids"], name="log_by_listed_case", opclasses=["jsonb_path_ops"]
        ),
    ),
    migrations.CreateModel(
        name="DisclosureEntry",
        fields=[
            ("id", models.UUIDField(default=yhteiso.lib.ids.uuid7, editable=False, primary_key=True, serialize=False)),
            ("at", models.DateTimeField()),
            ("case_id", models.BigIntegerField()),
            ("from_person", text(120)),
            ("from_agency", text(120)),
            ("to_person", text(120)),
            ("to_agency", text(120)),
            ("sections", django.contrib.postgres.fields.ArrayField(models.CharField(max_length=20), default=list)),
            (
                "basis",
                models.CharField(
                    choices=[("consent", "Consent"), ("law", "Law"), ("emergency", "Emergency"), ("own", "Own")],
                    max_length=10,
                ),
            ),
            ("consent_ids", django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), default=list)),
            ("document_ref", text(20)),
            ("by_id", models.BigIntegerField(null=True)),
            ("by_name", text(120)),
            ("hat", models.CharField(max_length=10)),
            ("request_id", models.UUIDField(null=True)),
        ],
        options={
            "ordering": ["-at"],
            "indexes": [
                models.Index(fields=["-at", "-id"], name="disclosure_by_time"),
                models.Index(fields=["case_id", "-at"], name="disclosure_by_case"),
            ],
        },
    ),
]


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_walls")]
    operations = [
        migrations.SeparateDatabaseAndState([migrations.RunSQL(SQL, migrations.RunSQL.noop)], STATE),
    ]
