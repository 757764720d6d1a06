"""Many rows at once: COPY by the owner, while walls, links, indexes and triggers of the tables stand aside.

All in the caller's transaction, which holds the tables for itself: nobody ever sees them without their walls, and an
interrupted load leaves nothing behind. Links and indexes are made again at the end, which also proves every row.
"""

from collections.abc import Mapping
from typing import Any

from django.db import connection
from psycopg import sql


def literal(name: str) -> sql.Identifier:
    return sql.Identifier(name)


class Bulk:
    """Lines for each table, written by `flush`. `columns` maps a table to its columns as the lines have them."""

    def __init__(self, columns: Mapping[str, str]) -> None:
        self.columns = columns
        self.lines: dict[str, list[str]] = {table: [] for table in columns}
        self.counts = dict.fromkeys(columns, 0)
        self.links: list[tuple[str, str, str]] = []
        self.indexes: list[str] = []
        self.with_id = {table for table, names in columns.items() if names.split()[0] == "id"}
        self.numbered = self.with_id - {"audit_logentry"}  # whose key is no number
        self.last: dict[str, int] = {}

    def begin(self) -> None:
        """Put aside what would slow each row down, and what refuses COPY or an owner who repeats the past."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # nothing may wait for the tables that are changed here
            cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
            cursor.execute("SET LOCAL synchronous_commit = off")
            cursor.execute(
                "SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c"
                " WHERE c.contype = 'f' AND c.conparentid = 0 AND c.conrelid::regclass::text = ANY (%s) ORDER BY 1, 2",
                [list(self.columns)],
            )
            self.links = cursor.fetchall()
            cursor.execute(
                "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
                " JOIN pg_class t ON t.oid = i.indrelid AND t.relkind = 'r'"
                " WHERE t.relname = ANY (%s) AND NOT i.indisunique"  # the unique ones stay: a wrong row is told at once
                " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY 1",
                [list(self.columns)],
            )
            found = cursor.fetchall()
            self.indexes = [definition for _name, definition in found]
            for table, name, _definition in self.links:
                self._run(cursor, "ALTER TABLE {} DROP CONSTRAINT {}", table, name)
            for name, _definition in found:
                self._run(cursor, "DROP INDEX {}", name)
            for table in self.columns:
                self._run(cursor, "ALTER TABLE {} DISABLE TRIGGER USER", table)
                self._run(cursor, "ALTER TABLE {} NO FORCE ROW LEVEL SECURITY", table)
            for table in self.numbered:
                cursor.execute(sql.SQL("SELECT coalesce(max(id), 0) FROM {}").format(literal(table)))
                self.last[table] = cursor.fetchone()[0]

    def key(self, table: str) -> int:
        """The next key of a table."""
        self.last[table] += 1
        return self.last[table]

    def flush(self) -> None:
        """Write the lines that have gathered."""
        with connection.cursor() as cursor:
            for table, lines in self.lines.items():
                if not lines:
                    continue
                names = sql.SQL(", ").join(map(sql.Identifier, self.columns[table].split()))
                with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(literal(table), names)) as copy:
                    copy.write("\n".join(lines) + "\n")
                self.counts[table] += len(lines)
                lines.clear()

    def end(self, walled: set[str]) -> None:
        """Bring everything back. Raises where a row breaks a link or a unique index. `walled`: tables that had FORCE."""
        with connection.cursor() as cursor:
            for definition in self.indexes:
                cursor.execute(definition)
            for table, name, definition in self.links:
                clause = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(literal(table), literal(name))
                cursor.execute(clause + sql.SQL(definition))
            for table in self.columns:
                self._run(cursor, "ALTER TABLE {} ENABLE TRIGGER USER", table)
                if table in walled:
                    self._run(cursor, "ALTER TABLE {} FORCE ROW LEVEL SECURITY", table)
            for table in self.numbered:
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), greatest(%s, 1))", [table, self.last[table]])
            for table in self.columns:
                self._run(cursor, "ANALYZE {}", table)

    def walled(self) -> set[str]:
        """The tables whose walls stand before the owner too."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relforcerowsecurity AND relname = ANY (%s)", [list(self.columns)]
            )
            return {name for (name,) in cursor.fetchall()}

    @staticmethod
    def _run(cursor: Any, statement: str, *names: str) -> None:
        cursor.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
