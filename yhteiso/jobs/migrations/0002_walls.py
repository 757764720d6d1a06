"""Who may read and write what is known of background work. No family here: plain grants, no row security."""

from django.db import migrations

from yhteiso.hats.roles import HATS, JOBS, WEB, role
from yhteiso.hats.walls import grants

READERS = ("admin", "officer")

SQL = "\n".join(
    [
        # Read on /health/ by anybody, in any hat and before one is on; written by the jobs only.
        grants("jobs_jobrun", "S", *HATS, WEB, JOBS),
        grants("jobs_jobrun", "IU", "jobs"),
        grants("jobs_delivery", "SIUD", "jobs"),
        grants("jobs_deadletter", "SIU", "jobs"),
        grants("jobs_deadletter", "S", *READERS),
        f"GRANT UPDATE (handled_at, handled_by_id, handled_by_name, note) ON jobs_deadletter TO "
        f"{', '.join(role(hat) for hat in READERS)};",
        # Everybody may know how many there are, and nothing else of them.
        f"GRANT SELECT (handled_at) ON jobs_deadletter TO {WEB};",
        # Whoever asks for health may be the first to notice, and the first to see that the clock is back.
        grants("jobs_silence", "S", *HATS, WEB, JOBS),
        grants("jobs_silence", "I", "jobs", WEB),
        f"GRANT UPDATE (ended_at) ON jobs_silence TO {role('jobs')}, {WEB};",
        f"GRANT UPDATE (cause, cause_at, cause_by_id, cause_by_name) ON jobs_silence TO {role('admin')};",
    ]
)


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("yhteiso", "0001_ground")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
