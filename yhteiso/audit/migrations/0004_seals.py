"""The chain over both logs, its checkpoints, and what the rules found odd.

The jobs seal rows without reading them: `sec.unsealed` gives keys and hashes, made from the row's canonical form. That
form is the concatenation of netstrings (`length:text,`, NULL is `-`; length in bytes of UTF-8) of a label with a version
and of every column's text in the order below; times are whole microseconds since 1970. It never changes: a new column
makes a new label, which seals made before it keep telling apart by their own.
"""

from django.db import migrations, models
from django.db.models import Q

from yhteiso.hats.roles import role
from yhteiso.hats.walls import append_only, family_table

USE = (
    "e.id", "AT", "e.actor_id", "e.actor_name", "e.actor_agency", "e.actor_unit", "e.hat", "e.verb", "e.case_id",
    "e.case_ids", "e.page", "e.sections", "e.why", "e.subject_kind", "e.subject_ref", "e.result_count", "e.term_hash",
    "e.request_id", "e.reason", "e.xid",
)  # fmt: skip
DISCLOSURE = (
    "e.id", "AT", "e.case_id", "e.from_person", "e.from_agency", "e.to_person", "e.to_agency", "e.sections", "e.basis",
    "e.consent_ids", "e.document_ref", "e.by_id", "e.by_name", "e.hat", "e.request_id", "e.xid",
)  # fmt: skip


def canonical(label: str, columns: tuple[str, ...]) -> str:
    texts = ["((extract(epoch FROM e.at) * 1000000)::bigint)" if column == "AT" else column for column in columns]
    return " || ".join([f"sec.netstring('{label}')", *(f"sec.netstring({text}::text)" for text in texts)])


FUNCTIONS = f"""
CREATE FUNCTION sec.netstring(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog
    RETURN CASE WHEN given IS NULL THEN '-' ELSE octet_length(given) || ':' || given || ',' END;
ALTER FUNCTION sec.netstring(text) RESET ALL;  -- with a setting of its own it could not be inlined

CREATE FUNCTION sec.row_hash(e public.audit_logentry) RETURNS bytea LANGUAGE sql STABLE
    RETURN sha256(convert_to({canonical("yhteiso-use-1", USE)}, 'UTF8'));
CREATE FUNCTION sec.row_hash(e public.audit_disclosureentry) RETURNS bytea LANGUAGE sql STABLE
    RETURN sha256(convert_to({canonical("yhteiso-disclosure-1", DISCLOSURE)}, 'UTF8'));

-- The rows that can be sealed now, in the order in which their transactions began. Whatever is older than the oldest
-- running transaction is final: nothing can appear before it any more. The order and the place to go on from are the
-- transaction's 64-bit number, which never wraps and is not touched by freezing.
-- After a restore into a new cluster the numbers of the rows lie ahead of the cluster's own; such rows are final too.
CREATE FUNCTION sec.unsealed(wanted integer)
    RETURNS TABLE (log text, entry_id uuid, entry_at timestamptz, xid bigint, row_hash bytea) LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    #variable_conflict use_column
    DECLARE
        final xid8 := pg_snapshot_xmin(pg_current_snapshot());
        unborn xid8 := pg_snapshot_xmax(pg_current_snapshot());
        mine xid8 := pg_current_xact_id_if_assigned();
        reached xid8 := '0';
        place uuid := '00000000-0000-0000-0000-000000000000';  -- within one transaction the order is that of the keys
    BEGIN
        SELECT s.xid::text::xid8, s.entry_id INTO reached, place FROM audit_seal s ORDER BY s.seq DESC LIMIT 1;
        reached := coalesce(reached, '0'::xid8);
        place := coalesce(place, '00000000-0000-0000-0000-000000000000');
        IF reached > unborn THEN
            RETURN QUERY SELECT * FROM (
                SELECT 'use', e.id, e.at, e.xid::text::bigint, sec.row_hash(e) FROM audit_logentry e
                WHERE e.xid >= unborn AND e.xid IS DISTINCT FROM mine
                  AND NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = e.id)
                UNION ALL
                SELECT 'disclosure', e.id, e.at, e.xid::text::bigint, sec.row_hash(e) FROM audit_disclosureentry e
                WHERE e.xid >= unborn AND e.xid IS DISTINCT FROM mine
                  AND NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = e.id)
            ) AS restored ORDER BY 4, 2 LIMIT wanted;
            IF FOUND THEN
                RETURN;
            END IF;
            reached := '0'::xid8;
            place := '00000000-0000-0000-0000-000000000000';
        END IF;
        -- Keys first, from the index, and the hashes of those only. Behind the newest link nothing is sealed yet; only when
        -- the way begins anew, after a restore, must each row be asked.
        RETURN QUERY
            WITH ready AS MATERIALIZED (
                (SELECT 'use' AS log, e.id, e.at, e.xid FROM audit_logentry e
                 WHERE (e.xid, e.id) > (reached, place) AND e.xid < final
                   AND (reached > '0'::xid8 OR NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = e.id))
                 ORDER BY e.xid, e.id LIMIT wanted)
                UNION ALL
                (SELECT 'disclosure', e.id, e.at, e.xid FROM audit_disclosureentry e
                 WHERE (e.xid, e.id) > (reached, place) AND e.xid < final
                   AND (reached > '0'::xid8 OR NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = e.id))
                 ORDER BY e.xid, e.id LIMIT wanted)
                ORDER BY 4, 2 LIMIT wanted
            )
            SELECT r.log, r.id, r.at, r.xid::text::bigint,
                CASE r.log
                    WHEN 'use' THEN (SELECT sec.row_hash(e) FROM audit_logentry e WHERE e.id = r.id AND e.at = r.at)
                    ELSE (SELECT sec.row_hash(e) FROM audit_disclosureentry e WHERE e.id = r.id AND e.at = r.at)
                END
            FROM ready r ORDER BY r.xid, r.id;
    END $$;

-- The chain from a place on, each link with the hash that its row has now: NULL when the row is gone.
CREATE FUNCTION sec.sealed(after bigint, wanted integer)
    RETURNS TABLE (seq bigint, log text, entry_id uuid, entry_at timestamptz, xid bigint, sealed_at timestamptz,
                   row_hash bytea, chain_hash bytea, now_hash bytea) LANGUAGE sql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT s.seq, s.log, s.entry_id, s.entry_at, s.xid, s.sealed_at, s.row_hash, s.chain_hash,
        CASE s.log
            WHEN 'use' THEN (SELECT sec.row_hash(e) FROM audit_logentry e WHERE e.id = s.entry_id AND e.at = s.entry_at)
            ELSE (SELECT sec.row_hash(e) FROM audit_disclosureentry e WHERE e.id = s.entry_id AND e.at = s.entry_at)
        END
    FROM audit_seal s WHERE s.seq > after ORDER BY s.seq LIMIT wanted $$;

-- Rows that no link names although the chain has passed their transaction, and rows written long after their own time.
-- `waiting` rows are those that the sealer has not come to yet.
CREATE FUNCTION sec.strays(tolerance interval)
    RETURNS TABLE (log text, entry_id uuid, entry_at timestamptz, waiting boolean) LANGUAGE plpgsql STABLE
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    #variable_conflict use_column
    DECLARE reached xid8; newest timestamptz;
    BEGIN
        SELECT s.xid::text::xid8, s.sealed_at INTO reached, newest FROM audit_seal s ORDER BY s.seq DESC LIMIT 1;
        RETURN QUERY
            SELECT r.log, r.id, r.at, coalesce(
                reached > pg_snapshot_xmax(pg_current_snapshot())  -- restored; the sealer has not been through it yet
                OR r.xid >= reached AND r.at >= newest - tolerance, true) FROM (
                SELECT 'use' AS log, e.id, e.at, e.xid FROM audit_logentry e
                UNION ALL SELECT 'disclosure', e.id, e.at, e.xid FROM audit_disclosureentry e
            ) AS r WHERE NOT EXISTS (SELECT 1 FROM audit_seal s WHERE s.entry_id = r.id);
    END $$;

REVOKE ALL ON FUNCTION sec.unsealed(integer), sec.sealed(bigint, integer), sec.strays(interval),
    sec.row_hash(public.audit_logentry), sec.row_hash(public.audit_disclosureentry), sec.netstring(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.unsealed(integer), sec.sealed(bigint, integer), sec.strays(interval) TO {role("jobs")};
"""

WALLS = "\n".join(
    [
        family_table("audit_seal", {"jobs": {"S": "true", "I": "true"}, "officer": {"S": "true"}}),
        append_only("audit_seal"),
        family_table("audit_checkpoint", {"jobs": {"S": "true", "I": "true"}, "officer": {"S": "true"}}),
        append_only("audit_checkpoint"),
        family_table(
            "audit_oddity",
            {
                "jobs": {"S": "true", "I": "decision = ''"},
                "officer": {"S": "true", "U": ("true", "decided_by_id = (SELECT sec.uid())")},
            },
        ),
        # What was found stays as it was found: the officer writes the decision only.
        f"REVOKE UPDATE ON audit_oddity FROM {role('officer')};",
        f"GRANT UPDATE (decision, decided_by_id, decided_by_name, decided_at, note) ON audit_oddity TO {role('officer')};",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_two_logs_by_month")]
    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("log", models.CharField(choices=[("use", "Use"), ("disclosure", "Disclosure")], max_length=10)),
                ("entry_id", models.UUIDField(unique=True)),
                ("entry_at", models.DateTimeField()),
                ("xid", models.BigIntegerField()),
                ("row_hash", models.BinaryField()),
                ("chain_hash", models.BinaryField()),
                ("sealed_at", models.DateTimeField()),
            ],
            options={"db_table": "audit_seal"},
        ),
        migrations.CreateModel(
            name="Checkpoint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(choices=[("head", "Head"), ("whole", "Whole"), ("broken", "Broken")], max_length=10),
                ),
                ("seq", models.BigIntegerField()),
                ("head", models.CharField(max_length=64)),
                ("count", models.BigIntegerField()),
            ],
            options={"indexes": [models.Index(fields=["kind", "-at"], name="checkpoint_by_kind")]},
        ),
        migrations.CreateModel(
            name="Oddity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entry_id", models.UUIDField()),
                ("entry_at", models.DateTimeField()),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("no_relation", "No Relation"),
                            ("same_name", "Same Name"),
                            ("mass", "Mass"),
                            ("night", "Night"),
                            ("protected", "Protected"),
                        ],
                        max_length=12,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[("fine", "Fine"), ("asked", "Asked"), ("inquiry", "Inquiry")],
                        max_length=10,
                    ),
                ),
                ("decided_by_id", models.BigIntegerField(null=True)),
                ("decided_by_name", models.CharField(blank=True, max_length=120)),
                ("decided_at", models.DateTimeField(null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("entry_id", "rule"), name="oddity_once_for_row_and_rule"),
                    models.CheckConstraint(
                        condition=Q(decided_at=None, decided_by_id=None, decision="", note="")
                        | (~Q(decision="") & Q(decided_at__isnull=False, decided_by_id__isnull=False)),
                        name="oddity_decided_by_somebody",
                    ),
                ],
                "indexes": [
                    models.Index(condition=Q(decision=""), fields=["-entry_at", "-id"], name="oddity_open"),
                    models.Index(fields=["-entry_at", "-id"], name="oddity_by_time"),
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, migrations.RunSQL.noop),
        migrations.RunSQL(WALLS, migrations.RunSQL.noop),
    ]
