"""A guest's link opens without an account, so a notice may lead to it; the family's other messages stay meetings' texts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbox", "0004_told")]
    operations = [
        migrations.RemoveConstraint("outgoing", "outgoing_contact_gets_a_meeting"),
        migrations.AddConstraint(
            "outgoing",
            models.CheckConstraint(
                condition=models.Q(to_contact_id__isnull=True)
                | models.Q(models.Q(text="meeting") | models.Q(kind="guest", text="notice"), link_token__isnull=False),
                name="outgoing_contact_gets_a_meeting",
            ),
        ),
    ]
