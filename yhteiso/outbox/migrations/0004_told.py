"""When a failure was told to the applications. What failed before was told in the transaction that marked it."""

from django.db import migrations, models

from yhteiso.hats.roles import role

SQL = f"""
UPDATE outbox_outgoing SET told_at = failed_at WHERE state = 'failed';
GRANT UPDATE (told_at) ON outbox_outgoing TO {role("jobs")};
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_state")]
    operations = [
        migrations.AddField("outgoing", "told_at", models.DateTimeField(null=True)),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
        # A row is written as ready only (0002), so nobody can write one whose failure would never be told.
        migrations.AddConstraint(
            "outgoing",
            models.CheckConstraint(
                condition=models.Q(told_at__isnull=True) | models.Q(state="failed"), name="outgoing_told_has_failed"
            ),
        ),
    ]
