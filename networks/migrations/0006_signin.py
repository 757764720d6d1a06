"""Open sessions, identities of organisations and counted attempts. The bare web login's alone; no hat reads them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from yhteiso.hats.roles import WEB
from yhteiso.hats.walls import grants

TABLES = ("networks_opensession", "networks_organisationidentity", "networks_attempt")
KEY = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def person(name: str) -> tuple[str, models.ForeignKey]:
    to = settings.AUTH_USER_MODEL
    return "user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=name, to=to)


class Migration(migrations.Migration):
    dependencies = [("networks", "0005_powers_walls")]

    operations = [
        migrations.CreateModel(
            name="OpenSession",
            fields=[
                KEY,
                ("session_key", models.CharField(max_length=40, unique=True)),
                ("began_at", models.DateTimeField()),
                ("browser", models.CharField(blank=True, max_length=60)),
                ("shared", models.BooleanField(default=False)),
                person("open_sessions"),
            ],
        ),
        migrations.CreateModel(
            name="OrganisationIdentity",
            fields=[
                KEY,
                ("issuer", models.CharField(max_length=200)),
                ("subject", models.CharField(max_length=255)),
                ("bound_at", models.DateTimeField()),
                person("organisation_identities"),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("issuer", "subject"), name="identity_is_one_persons"),
                    models.UniqueConstraint(fields=("user", "issuer"), name="identity_once_an_issuer"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("n", models.PositiveIntegerField(default=1)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.RunSQL("\n".join(grants(table, "SIUD", WEB) for table in TABLES), migrations.RunSQL.noop),
    ]
