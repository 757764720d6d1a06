"""A database with every migration in it, made once for each state of the migrations: others are copied from it."""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

import psycopg
from django.conf import settings
from psycopg import sql

from yhteiso.hats.roles import OWNER

ROOT = Path(__file__).resolve().parents[1]


def template() -> str:
    """The name of the database to copy. Made under a lock where it is missing; a half-made one is made again."""
    name = f"yhteiso_migrated_{_digest()}"
    with (Path(tempfile.gettempdir()) / f"{name}.lock").open("w") as lock, _server() as conn:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = "SELECT count(*) FROM pg_database WHERE datname = %s AND shobj_description(oid, 'pg_database') = 'ready'"
        if conn.execute(ready, [name]).fetchone() == (0,):
            _make(conn, name)
    return name


def _digest() -> str:
    """Of all that decides what migrating makes: the migrations, and the SQL that they take from elsewhere."""
    files = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("yhteiso/*/migrations/*.py"), *ROOT.glob("yhteiso/hats/*.py")]
    total = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(files):
        total.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return total.hexdigest()[:12]


def _make(conn: psycopg.Connection, name: str) -> None:
    facts, quoted = settings.DATABASES["default"], sql.Identifier(name)
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(quoted))
    conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 OWNER {}").format(quoted, sql.Identifier(OWNER)))
    where = urlencode({"host": facts["HOST"]} | ({"port": facts["PORT"]} if facts["PORT"] else {}))
    address = f"postgresql://{OWNER}:{facts['PASSWORD']}@/{name}?{where}"
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=ROOT, env=os.environ | {"DATABASE_URL": address},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"manage.py migrate\n{done.stdout}\n{done.stderr}")
    conn.execute(sql.SQL("COMMENT ON DATABASE {} IS 'ready'").format(quoted))


def _server() -> psycopg.Connection:
    facts = settings.DATABASES["default"]
    return psycopg.connect(
        host=facts["HOST"], port=facts["PORT"] or None, user=OWNER, password=facts["PASSWORD"], dbname="postgres",
        autocommit=True,
    )  # fmt: skip
