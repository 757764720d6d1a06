"""Siblings: situations of one family, each with its own logbook, consents and two weeks.

No hat reads the rows that bind them: that a child has siblings here is told only by `sec.siblings`, and only of situations
that the asker may open; to a member, only where the family has said yes to the times of both.
"""

import django.db.models.deletion
from django.db import migrations, models

from yhteiso.hats.roles import role
from yhteiso.hats.walls import family_table

DEFINER = "SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
SQL = f"""
{family_table("cases_sibling", {})}

CREATE FUNCTION sec.siblings(wanted bigint)
    RETURNS TABLE (id bigint, ref varchar, child_name varchar, child_age smallint, protected boolean, closed boolean)
    LANGUAGE sql STABLE {DEFINER} AS $$
    SELECT c.id, c.ref, h.child_name, h.child_age, c.protected, c.status = 'closed' FROM cases_sibling s
    JOIN cases_sibling o ON o.family = s.family AND o.case_id <> s.case_id
    JOIN cases_case c ON c.id = o.case_id JOIN cases_caseheading h ON h.case_id = c.id
    WHERE s.case_id = wanted AND sec.sees_case(wanted) AND sec.sees_case(c.id)
      AND (current_setting('role') <> '{role("member")}' OR 2 = (
        SELECT count(DISTINCT m.case_id) FROM sec.my_seats() m
        WHERE m.case_id IN (wanted, c.id) AND m.role <> 'exceptional' AND sec.seat_opens(m, 'time')))
    ORDER BY c.opened_at, c.id $$;

CREATE FUNCTION sec.join_siblings(of_case bigint, newcomer bigint) RETURNS boolean LANGUAGE plpgsql {DEFINER} AS $$
    DECLARE bound uuid;
    BEGIN
        IF NOT (sec.sees_case(of_case) AND sec.sees_case(newcomer)) OR of_case = newcomer THEN RETURN false; END IF;
        PERFORM 1 FROM cases_case WHERE id IN (of_case, newcomer) ORDER BY id FOR NO KEY UPDATE;
        SELECT s.family INTO bound FROM cases_sibling s WHERE s.case_id = of_case;
        IF bound IS NULL THEN
            INSERT INTO cases_sibling (case_id, family) VALUES (of_case, gen_random_uuid()) RETURNING family INTO bound;
        END IF;
        INSERT INTO cases_sibling (case_id, family) VALUES (newcomer, bound) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN RETURN false; END IF;
        -- Whoever may not handle one child's matter may not handle the sibling's.
        INSERT INTO cases_recusal (case_id, user_id, reason, marked_by_id, marked_at)
            SELECT newcomer, r.user_id, r.reason, r.marked_by_id, now() FROM cases_recusal r WHERE r.case_id = of_case
            ON CONFLICT DO NOTHING;
        RETURN true;
    END $$;
REVOKE ALL ON FUNCTION sec.siblings(bigint), sec.join_siblings(bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sec.siblings(bigint) TO {role("area")}, {role("member")};
GRANT EXECUTE ON FUNCTION sec.join_siblings(bigint, bigint) TO {role("area")};
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0052_seats_end")]
    operations = [
        migrations.CreateModel(
            name="Sibling",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="cases.case",
                    ),
                ),
                ("family", models.UUIDField(db_index=True)),
            ],
        ),
        migrations.RunSQL(SQL, "DROP FUNCTION sec.siblings(bigint), sec.join_siblings(bigint, bigint);"),
    ]
