"""A real server on a database of its own, with the web's own login, and a real browser in front of it."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError

import psycopg
import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from psycopg import sql

from tests import migrated
from yhteiso.hats.roles import OWNER, WEB

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "yhteiso_e2e_template"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is a browser test, and all of one worker share its server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


def server_settings() -> dict[str, str]:
    base = settings.DATABASES["default"]
    return {"host": base["HOST"], "port": base["PORT"], "password": base["PASSWORD"]}


def connect(dbname: str) -> psycopg.Connection:
    facts = server_settings()
    return psycopg.connect(
        host=facts["host"], port=facts["port"] or None, user=OWNER, password=facts["password"], dbname=dbname,
        autocommit=True,
    )  # fmt: skip


def url(login: str, password: str, dbname: str) -> str:
    facts = server_settings()
    return f"postgresql://{login}:{password}@/{dbname}?host={facts['host']}" + (
        f"&port={facts['port']}" if facts["port"] else ""
    )


def environment(database_url: str, static_root: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"DEBUG", "COVERAGE_PROCESS_START"}}
    return kept | {
        "DATABASE_URL": database_url, "DEMO": "1", "DEBUG": "0", "STATIC_ROOT": str(static_root), "PYTHONUNBUFFERED": "1",
    }  # fmt: skip


def manage(*args: str, env: dict[str, str]) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", *args], cwd=ROOT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"manage.py {' '.join(args)}\n{done.stdout}\n{done.stderr}"


def fresh(name: str, template: str = "template0") -> None:
    with connect("postgres") as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        conn.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)
            )
        )
        conn.execute(sql.SQL("ALTER DATABASE {} SET yhteiso.demo = 'on'").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """The seeded template database and the collected static files, made once for all workers."""
    shared = tmp_path_factory.getbasetemp().parent
    if os.environ.get("PYTEST_XDIST_WORKER") is None:
        shared = tmp_path_factory.getbasetemp()
    static = shared / "e2e-static"
    with (shared / "e2e.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "e2e.ready").exists():
            fresh(TEMPLATE, template=migrated.template())
            env = environment(url(OWNER, server_settings()["password"], TEMPLATE), static)
            manage("seed_demo", env=env)
            manage("collectstatic", "--noinput", "--verbosity", "0", env=env)
            (shared / "e2e.ready").touch()
    return TEMPLATE, static


@pytest.fixture(scope="session")
def database(seeded: tuple[str, Path]) -> Iterator[str]:
    """This worker's own database, copied from the template, and dropped in the end."""
    name = f"yhteiso_e2e_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"
    fresh(name, template=seeded[0])
    yield name
    with connect("postgres") as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def server(database: str, seeded: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The application's address. The process holds the web login and nothing else."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = environment(url(WEB, os.environ["TEST_WEB_PASSWORD"], database), seeded[1])
    log = (tmp_path_factory.getbasetemp() / "server.log").open("w")
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "yhteiso.wsgi:application", "--host",
         "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "4"],
        cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: answers(f"{address}/health/"), process, Path(log.name))
    yield address
    process.terminate()
    process.wait(timeout=20)
    log.close()
    assert "Traceback" not in Path(log.name).read_text()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return response.status == 200
    except (URLError, OSError):
        return False


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            pytest.fail(f"The server did not start:\n{log.read_text()}")
        time.sleep(0.1)  # between two looks at the door


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


class Visitor:
    """One person's browser: signs in with one click and walks by what is written on the page."""

    def __init__(self, browser: Browser, address: str, **options: object) -> None:
        self.address = address
        self.context: BrowserContext = browser.new_context(
            base_url=address, locale="fi-FI", timezone_id="Europe/Helsinki", **{"viewport": {"width": 1280, "height": 900}}
            | options,
        )  # fmt: skip
        self.context.set_default_timeout(15_000)
        self.errors: list[str] = []
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)

    def _console(self, message: object) -> None:
        text = getattr(message, "text", "")
        if getattr(message, "type", "") == "error" and "status of 4" not in text:
            self.errors.append(text)

    def sign_in(self, name: str) -> "Visitor":
        self.page.goto("/account/login/")
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_url(lambda where: "/account/login" not in where)
        return self

    def go(self, path: str) -> "Visitor":
        self.page.goto(path)
        return self

    def close(self) -> None:
        self.context.close()
        assert self.errors == [], self.errors


@pytest.fixture
def visit(browser: Browser, server: str) -> Iterator[Callable[..., Visitor]]:
    """Opens a browser window for a person; closes them all in the end, and fails on any script error."""
    open_windows: list[Visitor] = []

    def enter(name: str | None = None, **options: object) -> Visitor:
        visitor = Visitor(browser, server, **options)
        open_windows.append(visitor)
        return visitor.sign_in(name) if name else visitor

    yield enter
    for visitor in open_windows:
        visitor.close()
