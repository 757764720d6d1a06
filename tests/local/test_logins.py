"""The one-shot command for a PostgreSQL of one's own, on a real server."""

import psycopg
from psycopg import sql

from yhteiso.hats.roles import OWNER
from yhteiso.local import instance, logins, passwords
from yhteiso.local.places import Places


def test_it_makes_everything_and_may_run_again(places: Places) -> None:
    one = instance.open_throwaway(places)
    try:
        one.start()
        assert one._postgres is not None
        folder = one._postgres.sockets
        words = {name: f"{name} ä/@".lower() for name in logins.PASSWORDS.values()}
        superuser = passwords.database_url("postgres", one.passwords.superuser, folder=folder, database="postgres")
        for _ in range(2):
            logins.main({"SUPERUSER_DATABASE_URL": superuser, **words})
        for login, name in logins.PASSWORDS.items():
            url = passwords.database_url(login, words[name], folder=folder, database=instance.DATABASE)
            with psycopg.connect(url) as conn:
                assert conn.execute("SELECT current_user").fetchone() == (login,)
                assert conn.execute("SHOW yhteiso.demo").fetchone() == ("off",)
                owner = sql.SQL("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
                assert conn.execute(owner).fetchone() == (OWNER,)
    finally:
        one.stop()
