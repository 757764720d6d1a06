"""The half-yearly question of the service directory: is this still right? The directory itself is `networks`."""

from datetime import datetime

from django.db import connection, transaction

from cases.actions.deadline import begin
from cases.deadlines import next_telling
from cases.kinds import SERVICE
from networks.actions.service import SETTLED
from networks.models import Service, ServiceEvent, question_of
from yhteiso.lib.dates import helsinki_date


@transaction.atomic
def ask(*, now: datetime) -> int:
    """Ask about each service whose confirmation has run out: the question and its deadline, in one transaction.

    Works in the hat of the jobs. The same confirmation is asked of once, however often this runs. Returns how many are new.
    """
    stale = Service.objects.active().stale(helsinki_date(now)).order_by("pk")
    keys = {question_of(service): service for service in stale}
    known = set(ServiceEvent.objects.filter(pk__in=keys).values_list("pk", flat=True))
    new = {key: service for key, service in keys.items() if key not in known}
    ServiceEvent.objects.bulk_create(
        [
            ServiceEvent(pk=key, service=service, kind=ServiceEvent.Kind.ASKED, at=now, until=service.confirmed_until)
            for key, service in new.items()
        ],
        ignore_conflicts=True,
    )
    for key, service in new.items():
        begin(
            SERVICE, case=None, area_id=service.area_id, fact_at=now, now=now, about=key,
            person_id=service.confirmed_by_id, unit_id=service.unit_id,
        )  # fmt: skip
    return len(new)


def settle(service: Service, now: datetime) -> None:
    """Nobody is reminded any more of what has been answered; of what waits still after a taking out, they are again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT sec.end_service_questions(%s, %s)", [service.pk, now])
        cursor.execute("SELECT sec.reopen_service_questions(%s, %s, %s)", [service.pk, now, next_telling(now)])


def register() -> None:
    SETTLED.append(settle)
