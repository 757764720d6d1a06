"""A promise that ends with the situation is nobody's failure: it has a state of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0023_reminder_walls")]
    operations = [
        migrations.AlterField(
            "commitment",
            "status",
            models.CharField(
                choices=[
                    ("open", "Agreed"),
                    ("kept", "Kept"),
                    ("partly", "Partly"),
                    ("not_kept", "Not kept"),
                    ("lapsed", "Ended with the situation"),
                ],
                default="open",
                max_length=10,
            ),
        )
    ]
