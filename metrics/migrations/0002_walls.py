"""Leadership and coordinators read published figures of their own areas. The raw ones are the jobs' alone."""

from django.db import migrations

from yhteiso.hats.walls import family_table

LED = "area_id = ANY ((SELECT sec.my_led_areas())::bigint[])"
MY_AREA = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
OF_MONTH = "EXISTS (SELECT 1 FROM metrics_frozenmonth f WHERE f.id = frozen_id)"
JOBS = {"S": "true", "I": "true"}

SQL = "\n".join(
    [
        family_table("metrics_frozenmonth", {"report": {"S": LED}, "area": {"S": MY_AREA}, "jobs": JOBS}),
        family_table("metrics_publishedfigure", {"report": {"S": OF_MONTH}, "area": {"S": OF_MONTH}, "jobs": JOBS}),
        family_table("metrics_rawfigure", {"jobs": JOBS}),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("metrics", "0001_initial"), ("networks", "0002_walls"), ("cases", "0002_walls")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
