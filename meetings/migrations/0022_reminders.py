"""When a meeting's two reminders were written."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meetings", "0020_clock_walls")]
    operations = [
        migrations.AddField("meeting", "reminded_at", models.DateTimeField(null=True)),
        migrations.AddField("meeting", "reminded_morning_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "meeting",
            models.Index(fields=["starts_at"], condition=models.Q(status="confirmed"), name="meeting_to_remind_of"),
        ),
    ]
