"""The generated secrets of one embedded instance, in a file that only its user can read."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True, repr=False)
class Passwords:
    """One password for each login and for Valkey, Django's secret key, the keys of encrypted fields. Has no repr."""

    superuser: str
    owner: str
    web: str
    jobs: str
    valkey: str
    secret_key: str
    field_keys: str
    blind_key: str

    def logins(self) -> dict[str, str]:
        """Login name → password, as `ensure_roles` wants it."""
        return {"yhteiso_owner": self.owner, "yhteiso_web": self.web, "yhteiso_jobs": self.jobs}


def generate() -> Passwords:
    """New ones, safe to stand in a URL as they are."""
    return Passwords(
        superuser=secrets.token_urlsafe(32),
        owner=secrets.token_urlsafe(32),
        web=secrets.token_urlsafe(32),
        jobs=secrets.token_urlsafe(32),
        valkey=secrets.token_urlsafe(32),
        secret_key=secrets.token_urlsafe(64),
        field_keys=f"1:{_key()}",
        blind_key=_key(),
    )


def load_or_generate(path: Path) -> Passwords:
    """The passwords of `path`; what is missing is made and written there, whole or not at all."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    made = Passwords(**(asdict(generate()) | kept))
    if asdict(made) != kept:
        write_private(path, json.dumps(asdict(made), indent=1))
    return made


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def write_private(path: Path, text: str) -> None:
    """Writes a 0600 file that is never seen half-written, nor readable by others for a moment."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def database_url(login: str, password: str, *, folder: Path, database: str) -> str:
    """`postgresql://login:password@/database?host=/socket/folder`, escaped."""
    host = quote(str(folder), safe="/")
    return f"postgresql://{quote(login)}:{quote(password, safe='')}@/{quote(database)}?host={host}"
