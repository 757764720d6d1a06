"""The lint against raw SQL with values finds every way to write it, and lets constants and psycopg's composition pass."""

import pytest

from yhteiso.local.raw_sql import findings, main

BAD = {
    "f-string": 'cursor.execute(f"SELECT {name}")',
    "percent": 'cursor.execute("SELECT %s" % name)',
    "format": 'cursor.execute("SELECT {}".format(name))',
    "plus": 'cursor.execute("SELECT " + name)',
    "join": 'cursor.execute(" ".join(parts))',
    "many": 'cursor.executemany(f"INSERT INTO t VALUES ({name})", rows)',
    "copy": 'cursor.copy(f"COPY {table} FROM STDIN")',
    "raw": 'Case.objects.raw("SELECT * FROM t WHERE a = %s" % name)',
    "raw by keyword": 'Case.objects.raw(raw_query=f"SELECT {name}")',
    "RawSQL": 'RawSQL(f"a = {name}", [])',
    "RawSQL of expressions": 'expressions.RawSQL("a = " + name, [])',
    "extra": 'Case.objects.extra(where=[f"a = {name}"])',
    "extra's select": 'Case.objects.extra(select={"a": "b || %s" % name})',
    "extra's tables": 'Case.objects.extra(tables=["t", name])',
    "RunSQL outside a migration": 'migrations.RunSQL(f"DROP TABLE {name}")',
    "a local name": 'def f(name):\n    query = f"SELECT {name}"\n    cursor.execute(query)',
    "a name changed later": 'def f(name):\n    query = "SELECT 1"\n    query += name\n    cursor.execute(query)',
    "a constant made by %": 'QUERY = "SELECT %s" % NAME\ncursor.execute(QUERY)',
    "an imported name": "from elsewhere import QUERY\ncursor.execute(QUERY)",
    "a name of a loop": "for query in queries:\n    cursor.execute(query)",
    "one branch": 'cursor.execute("SELECT 1" if a else f"SELECT {name}")',
    "an attribute": "cursor.execute(self.query)",
    "another's call": "cursor.execute(make(name))",
    "SQL of a value": "cursor.execute(sql.SQL(name))",
    "SQL of an f-string, formatted": 'cursor.execute(sql.SQL(f"SELECT {name}").format(sql.Identifier("a")))',
    "text formatted like SQL": 'cursor.execute(str("SELECT {}").format(name))',
    "handed on": 'def ask(sql):\n    cursor.execute(sql)\n\nask(f"SELECT {name}")',
    "handed on by keyword": 'def ask(*, sql):\n    cursor.execute(sql)\n\nask(sql="SELECT " + name)',
    "handed on twice": 'def ask(sql):\n    cursor.execute(sql)\ndef more(sql):\n    ask(sql)\n\nmore("SELECT %s" % name)',
    "handed on by a method": 'class A:\n    def ask(self, sql):\n        self.c.execute(sql)\n\nA().ask(f"SELECT {name}")',
}
GOOD = {
    "constant": 'cursor.execute("SELECT %s", [name])',
    "two lines": 'cursor.execute("SELECT a"\n    " FROM t WHERE b = %s", [name])',
    "module's constant": 'QUERY = "SELECT 1"\n\ndef f():\n    cursor.execute(QUERY)',
    "local constant": 'def f():\n    query = "SELECT 1"\n    cursor.execute(query)',
    "composition": 'conn.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))',
    "raw": 'Case.objects.raw("SELECT * FROM t WHERE a = %s", [name])',
    "handed on": 'def ask(sql, values):\n    cursor.execute(sql, values)\n\nask("SELECT %s", [f"{name}"])',
}


@pytest.mark.parametrize("what", BAD)
def test_every_bad_sample_is_found(what: str) -> None:
    assert len(findings({"cases/x.py": BAD[what]})) == 1


@pytest.mark.parametrize("what", GOOD)
def test_every_good_sample_passes(what: str) -> None:
    assert findings({"cases/x.py": GOOD[what]}) == []


def test_sql_handed_on_is_followed_into_another_file() -> None:
    sources = {"cases/a.py": "def ask(sql):\n    cursor.execute(sql)", "cases/b.py": 'ask(f"SELECT {name}")'}
    assert [text.split(":")[0] for text in findings(sources)] == ["cases/b.py"]


def test_a_migration_may_compose_its_walls_from_constants_but_not_run_values() -> None:
    text = (
        'migrations.RunSQL(f"GRANT SELECT ON {TABLE}")\n\ndef forwards(apps, editor):\n    editor.execute(f"SELECT {name}")'
    )
    assert [found.split(": ")[1] for found in findings({"cases/migrations/0001.py": text})] == ["f'SELECT {name}'"]


def test_our_own_code_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    assert "No raw SQL" in capsys.readouterr().out
