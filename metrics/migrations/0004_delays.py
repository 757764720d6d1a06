"""A new measure beside the two-week promise: reasons for delays. Frozen months stay as they are."""

from django.db import migrations, models

METRICS = [
    ("contacts", "Contacts"), ("two_weeks", "The two-week promise"), ("delays", "Reasons for delays"),
    ("lead_time", "Lead time"), ("promises_kept", "Promises kept in time"),
]  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("metrics", "0002_walls"), ("cases", "0031_clock_walls")]
    operations = [
        migrations.AlterField(name, "metric", models.CharField(choices=METRICS, max_length=20))
        for name in ("rawfigure", "publishedfigure")
    ]
