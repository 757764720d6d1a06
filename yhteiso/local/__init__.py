"""The two commands: makes `.venv`, runs PostgreSQL, Valkey, web, worker and beat on one machine, runs tests and checks.

`bootstrap`, `console`, `system_packages` and `keeper` use the standard library only: they run before anything is
installed.
"""
