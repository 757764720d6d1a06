"""Every hat may add its own row to the log; only the officer reads it; nobody changes it."""

from django.db import migrations

from yhteiso.hats.roles import WEB_HATS
from yhteiso.hats.walls import append_only, family_table

OWN = "actor_id IS NOT DISTINCT FROM (SELECT sec.uid())"

SQL = "\n".join(
    [
        family_table(
            "audit_logentry",
            {hat: {"I": OWN} | ({"S": "true"} if hat == "officer" else {}) for hat in WEB_HATS} | {"jobs": {"I": OWN}},
        ),
        append_only("audit_logentry"),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("yhteiso", "0001_ground")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
