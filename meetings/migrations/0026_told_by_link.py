"""A promise that its owner told of through a signed link: marked by nobody with an account."""

from django.db import migrations, models

SOMEBODY = models.Q(resolved_by__isnull=False, by_link=False) | models.Q(resolved_by=None, by_link=True)


class Migration(migrations.Migration):
    dependencies = [("meetings", "0025_lapsed")]
    operations = [
        migrations.AddField("commitment", "by_link", models.BooleanField(default=False, db_default=False)),
        migrations.RemoveConstraint("commitment", "commitment_resolved_by_somebody"),
        migrations.AddConstraint(
            "commitment",
            models.CheckConstraint(
                condition=models.Q(status="open", resolved_at=None, resolved_by=None, by_link=False)
                | ~models.Q(status="open") & models.Q(resolved_at__isnull=False) & SOMEBODY,
                name="commitment_resolved_by_somebody",
            ),
        ),
    ]
