"""The safety panel's texts: everybody reads what the panel says, those who answer for the area write the next version.

No family is here. Who wrote a version is a person's name beside a deed, so only those who may change it read that column.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from yhteiso.hats.roles import HATS, WEB
from yhteiso.hats.walls import append_only, family_table

SAID = (
    "heading_fi, heading_sv, heading_en, text_fi, text_sv, text_en, link_fi, link_sv, link_en, emergency_phone, notice_phone"
)
PANEL = f"id, area_id, {SAID}"
READERS = [hat for hat in HATS if hat not in ("area", "admin")]
BY_ME = "made_by_id = (SELECT sec.uid())"

SQL = "\n".join(
    [
        family_table(
            "networks_areatexts",
            {hat: {"S": "true"} for hat in READERS}
            | {
                "area": {"S": "true", "I": f"{BY_ME} AND area_id = ANY ((SELECT sec.my_answered_areas())::bigint[])"},
                "admin": {"S": "true", "I": BY_ME},
            },
            dict.fromkeys(READERS, PANEL),
        ),
        # An unknown address below a page of signing in shows the panel too, in no hat.
        f"GRANT SELECT ({PANEL}) ON networks_areatexts TO {WEB};"
        f"CREATE POLICY web_select ON networks_areatexts FOR SELECT TO {WEB} USING (true);",
        append_only("networks_areatexts"),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("networks", "0009_absence_walls")]
    operations = [
        migrations.CreateModel(
            name="AreaTexts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                *[(f"heading_{code}", models.CharField(blank=True, max_length=80)) for code in ("fi", "sv", "en")],
                *[(f"text_{code}", models.TextField(blank=True, max_length=400)) for code in ("fi", "sv", "en")],
                *[(f"link_{code}", models.CharField(blank=True, max_length=300)) for code in ("fi", "sv", "en")],
                ("emergency_phone", models.CharField(blank=True, max_length=30)),
                ("notice_phone", models.CharField(blank=True, max_length=30)),
                ("made_at", models.DateTimeField()),
                (
                    "area",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="texts", to="networks.area"),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={"ordering": ["-pk"]},
        ),
        migrations.AddIndex("areatexts", models.Index(fields=["area", "-id"], name="area_texts_newest")),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
