"""Who keeps the service directory: the area's people and the administrator. A service's own unit confirms and tells its room.

Nothing of a family, but rows that others rely on: nobody writes another area's entry, and nobody confirms in another's name.
"""

from django.db import migrations

from yhteiso.hats.roles import HATS, JOBS, WEB, role
from yhteiso.hats.walls import append_only, family_table

UID = "(SELECT sec.uid())"
KEPT = "area_id = ANY ((SELECT sec.my_areas())::bigint[])"
KEPT_SERVICE = f"service_id IN (SELECT s.id FROM networks_service s WHERE s.{KEPT})"
HOME = f"SELECT u.unit_id FROM networks_user u WHERE u.id = {UID}"
OF_MY_UNIT = {"member": f"unit_id = ({HOME})", "unit": "unit_id = ANY ((SELECT sec.my_units())::bigint[])"}
# Whoever works here reads who did what to an entry.
STAFF = ("area", "member", "unit", "report", "officer", "admin")
CONFIRMING = "capacity, capacity_note, capacity_on, confirmed_on, confirmed_by_id, confirmed_until"

SERVICE = {hat: {"S": "true"} for hat in HATS}
SERVICE["area"] |= {"I": KEPT, "U": KEPT}
SERVICE["admin"] |= {"I": "true", "U": "true"}
AREAS = {hat: {"S": "true"} for hat in HATS}
AREAS["area"] |= {"I": KEPT_SERVICE, "D": KEPT_SERVICE}
AREAS["admin"] |= {"I": "true", "D": "true"}
EVENT = {hat: {"S": "true"} for hat in (*STAFF, "jobs")}
EVENT["area"] |= {"I": f"by_id = {UID} AND {KEPT_SERVICE}"}
EVENT["admin"] |= {"I": f"by_id = {UID}"}
EVENT["jobs"] |= {"I": "kind = 'asked'"}
for hat, mine in OF_MY_UNIT.items():
    SERVICE[hat] |= {"U": (mine, f"{mine} AND confirmed_by_id = {UID}")}
    EVENT[hat] |= {
        "I": f"by_id = {UID} AND kind = 'confirmed' AND service_id IN (SELECT s.id FROM networks_service s WHERE s.{mine})"
    }
OWN_FILE = {
    "area": {"S": f"by_id = {UID}", "I": f"by_id = {UID} AND {KEPT}", "D": f"by_id = {UID}"},
    "admin": {"S": f"by_id = {UID}", "I": f"by_id = {UID}", "D": f"by_id = {UID}"},
    "jobs": {"S": "true", "D": "true"},
}
EVERYBODY = ", ".join([*(role(hat) for hat in HATS), WEB, JOBS])
UNITS = ", ".join(role(hat) for hat in OF_MY_UNIT)

SQL = "\n".join(
    [
        # Granted with the rest of the reference data (0002), before the directory had a wall of its own.
        f"REVOKE ALL ON networks_service FROM {EVERYBODY};",
        family_table("networks_service", SERVICE),
        f"REVOKE UPDATE ON networks_service FROM {UNITS};",
        f"GRANT UPDATE ({CONFIRMING}) ON networks_service TO {UNITS};",
        family_table("networks_service_areas", AREAS),
        family_table("networks_serviceevent", EVENT),
        append_only("networks_serviceevent"),
        family_table("networks_serviceimport", OWN_FILE),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("networks", "0011_service_directory")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
