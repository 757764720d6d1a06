"""The disclosure log (luovutusloki): what went from one organisation to another, and on what ground.

Reading is the use log's. A disclosure is when something is opened to an organisation, or leaves as a copy.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from cases.models import Case, MemberRole, Membership, Reply, Section
from networks.models import User
from yhteiso.audit.models import Basis, disclose

Opened = set[tuple[int, str]]
# Told when the time of a situation opens to seats (ids) that did not see it before. Applications above add theirs.
TimeOpened = Callable[..., None]
TIME_OPENED: list[TimeOpened] = []


def opened_now(case: Case) -> Opened:
    """Every membership (by id) with each section that is open to it now. Asked by the coordinator's hat."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT membership_id, section FROM sec.seat_sections(%s)", [case.pk])
        opened = {(int(member), str(section)) for member, section in cursor.fetchall()}
    if not case.protected:
        return opened
    # Of a protected family only those whom the lead has named see who is in the network.
    named = set(case.memberships.filter(named=True).values_list("pk", flat=True))
    return {(member, section) for member, section in opened if section != Section.NETWORK or member in named}


@contextmanager
def disclosing(*, case: Case, by: User, now: datetime) -> Iterator[None]:
    """Around every write that can open something: what is open after it and was not before is written as disclosed.

    The case must be locked, so that nobody else opens or closes anything in between.
    """
    before = opened_now(case)
    yield
    disclose_opened(case=case, before=before, by=by, now=now)


def disclose_opened(*, case: Case, before: Opened, by: User, now: datetime) -> int:
    """Write a row for each member to whose organisation something has been opened since `before`. Returns how many.

    A time that opened by an oral yes to the network as a whole is no disclosure: no word of theirs names an organisation.
    """
    new: dict[int, list[str]] = defaultdict(list)
    for member, section in sorted(opened_now(case) - before):
        new[member].append(section)
    if heard := [member for member, opened in new.items() if Section.TIME in opened]:
        for tell in TIME_OPENED:
            tell(case, heard, by=by, now=now)
    seats = case.memberships.filter(pk__in=new, user__isnull=False).select_related("unit__agency")
    return sum(_disclose(case, seat, new[seat.pk], Basis.CONSENT, by, now) for seat in seats)


def disclose_copy(*, case: Case, sections: Iterable[str], document_ref: str, by: User, now: datetime) -> None:
    """Write that this person has taken a copy of these sections with them."""
    # A seat of the network comes before one for a day, and one that has expired is no seat.
    seats = list(case.memberships.seats_of(by, now).select_related("unit__agency"))
    seat = min(seats, key=lambda row: row.role == MemberRole.EXCEPTIONAL, default=None)
    let_in = seat is not None and seat.role == MemberRole.EXCEPTIONAL
    if by.hat == "area" or seat is None:
        disclose(
            case_id=case.pk, basis=Basis.OWN, sections=sections, from_agency=_agency(case.coordinator),
            to_agency=_agency(by), to_person=by.name, by_id=by.pk, by_name=by.name, hat=by.hat, now=now,
            document_ref=document_ref,
        )  # fmt: skip
        return
    _disclose(case, seat, list(sections), Basis.EMERGENCY if let_in else Basis.CONSENT, by, now, document_ref)


def disclose_exceptionally(*, case_id: int, sections: list[str], by: User, now: datetime) -> None:
    """Write what an exceptional access opened, to whom, without anybody's consent."""
    disclose(
        case_id=case_id, basis=Basis.EMERGENCY, sections=sections, from_agency="", to_agency=_agency(by), to_person=by.name,
        by_id=by.pk, by_name=by.name, hat=by.hat, now=now,
    )  # fmt: skip


def _disclose(
    case: Case, seat: Membership, sections: list[str], basis: Basis, by: User, now: datetime, document_ref: str = ""
) -> int:
    consents = _consents(case, seat) if basis == Basis.CONSENT else []
    if basis == Basis.CONSENT and not consents:
        return 0
    disclose(
        case_id=case.pk, basis=basis, sections=sections, from_agency=_agency(case.coordinator),
        **_recipient(case, seat), by_id=by.pk, by_name=by.name, hat=by.hat, now=now, consent_ids=consents,
        document_ref=document_ref,
    )  # fmt: skip
    return 1


def _recipient(case: Case, seat: Membership) -> dict[str, Any]:
    """To whom: as the network may call them. A masked, protected or hidden member stands by the number of the seat, which
    the coordinator can tell apart; the officer's page names no mask's owner and no protected family's unit.
    """
    user = seat.user
    if seat.masked or case.protected or (user and user.protected_identity):
        return {"to_agency": "", "to_person": _("Member no. %(number)d of the network") % {"number": seat.pk}}
    return {"to_agency": _agency_of(seat), "to_person": user.name if user else ""}


def _agency_of(seat: Membership) -> str:
    return seat.unit.agency.name if seat.unit else ""


def _consents(case: Case, seat: Membership) -> list[int]:
    rows = case.consents.standing().filter(answer=Reply.YES)
    mine = rows.filter(membership=seat) | rows.filter(unit=seat.unit, unit__isnull=False)
    return list(mine.values_list("pk", flat=True))


def _agency(user: User) -> str:
    return user.unit.agency.name if user.unit_id and user.unit else ""
