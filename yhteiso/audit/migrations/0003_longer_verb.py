"""A verb of its own for exceptional access."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_walls")]
    operations = [
        migrations.AlterField(
            "logentry",
            "verb",
            models.CharField(
                choices=[
                    ("view", "View"),
                    ("list", "List"),
                    ("search", "Search"),
                    ("print", "Print"),
                    ("change", "Change"),
                    ("exceptional", "Exceptional"),
                    ("deny", "Deny"),
                    ("fail", "Fail"),
                ],
                max_length=12,
            ),
        )
    ]
