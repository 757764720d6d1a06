"""The service directory: finding, keeping it right, the half-yearly question, and the wall."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cases.actions.directory import ask
from cases.actions.sweep import sweep
from cases.actions.tick import tick
from cases.models import Deadline, Message
from cases.tasks import open_daily_tasks
from networks.access import NotAllowed
from networks.actions import service as actions
from networks.directory import line
from networks.models import Area, County, Need, Provider, Sector, Service, ServiceEvent, User, confirmed_until
from tests.networks.directory import add, details, ngo
from tests.personas import World, at
from yhteiso.hats.roles import HATS
from yhteiso.hats.wear import wearing

NOW = at("2026-06-10 09:00")
TODAY = date(2026, 6, 10)
LATER = at("2026-12-11 05:00")  # the confirmation of 10 June held until 10 December


def refused(deed: Callable[[], object]) -> str:
    with pytest.raises(NotAllowed) as refusal, transaction.atomic():
        deed()
    return refusal.value.code


def names(rows: Any) -> list[str]:
    return [row.name for row in rows]


def long_ago() -> Any:
    return timezone.now() - timedelta(days=220)


@pytest.mark.parametrize(
    ("day", "until"),
    [(date(2026, 6, 10), date(2026, 12, 10)), (date(2026, 8, 31), date(2027, 2, 28)), (date(2027, 8, 31), date(2028, 2, 29)),
     (date(2026, 12, 31), date(2027, 6, 30)), (date(2026, 1, 1), date(2026, 7, 1))],
)  # fmt: skip
def test_a_confirmation_holds_for_six_months(day: date, until: date) -> None:
    assert confirmed_until(day) == until


def test_found_by_area_age_need_provider_and_words(world: World) -> None:
    fathers = add(world, NOW)
    elsewhere = add(world, NOW, name="Perhetupa", sentence="", areas=[world.other_area])
    county = add(
        world, NOW, name="Päivystys", sentence="", areas=[], agency=world.guidance.agency, sector=Sector.FAMILY_SERVICES
    )
    young = add(
        world,
        NOW,
        name="Nuorten talo",
        sentence="",
        age_from=13,
        age_to=28,
        needs=[Need.FRIENDS],
        agency=world.day_care.agency,
    )
    rows = Service.objects.order_by("pk")
    assert names(rows.for_area(world.area)) == ["Isäryhmä", "Päivystys", "Nuorten talo"]
    assert names(rows.for_area(world.other_area)) == ["Perhetupa", "Päivystys"]
    far = Area.objects.create(county=County.objects.create(code="06", name="Pirkanmaa"), name="Kaukana")
    assert names(rows.for_area(far)) == []
    assert set(rows.for_age(13)) == {young, elsewhere, county} - {elsewhere, county}
    assert young not in rows.for_age(3, 6)
    assert fathers in rows.for_age(12, 15)
    assert names(rows.for_need(Need.FRIENDS)) == ["Nuorten talo"]
    assert [row.provider for row in rows] == [Provider.NGO, Provider.NGO, Provider.COUNTY, Provider.MUNICIPALITY]
    for provider in Provider:
        assert {row.pk for row in rows.of_provider(provider)} == {row.pk for row in rows if row.provider == provider}
    for text in ("isaryhma", "ISÄ talo", "isät  syövät", "vanhemmuus ryhmä"):
        assert names(rows.search(text)) == ["Isäryhmä"], text
    assert names(rows.search("100% _ %")) == []
    assert rows.search("  ").count() == 4


def test_stale_the_day_after_half_a_year_and_never_confirmed(world: World) -> None:
    row = add(world, NOW)
    assert list(Service.objects.stale(date(2026, 12, 10))) == []
    assert not row.is_stale(date(2026, 12, 10))
    assert list(Service.objects.stale(date(2026, 12, 11))) == [row]
    assert row.is_stale(date(2026, 12, 11))
    assert line(row, date(2027, 1, 12)).confirmed == "7\u00a0kk\u00a0sitten"
    Service.objects.update(confirmed_on=None, confirmed_until=None)
    assert list(Service.objects.stale(TODAY)) == [row]


def test_who_keeps_an_entry_and_who_confirms_it(world: World) -> None:
    row = add(world, NOW, unit=world.day_care, agency=world.day_care.agency)
    keeps = {world.coordinator, world.second_coordinator, world.administrator, world.responsible}
    confirms = keeps | {world.professional, world.colleague, world.unit_head}
    everybody = confirms | {world.other_coordinator, world.member, world.leader, world.officer}
    for n, user in enumerate(sorted(everybody, key=lambda user: user.pk), 1):
        now = NOW + timedelta(days=n)
        with wearing(user.hat, user.pk):
            if user in confirms:
                assert actions.confirm(service=row, by=user, now=now).confirmed_by == user
            else:
                assert refused(lambda u=user, t=now: actions.confirm(service=row, by=u, now=t)) == "reach"  # type: ignore[misc]
            change = {"agency": row.agency, "unit": row.unit, "areas": [world.area]} | details(phone=f"040 000 01{n:02}")
            if user in keeps:
                assert actions.change(service=row, by=user, now=now, **change) == ["phone"]
            else:
                assert refused(lambda u=user, t=now, c=change: actions.change(service=row, by=u, now=t, **c)) == "reach"  # type: ignore[misc]
    kinds = list(ServiceEvent.objects.filter(service=row).values_list("kind", flat=True))
    assert kinds.count("confirmed") == len(confirms)
    assert kinds.count("changed") == len(keeps)


def test_the_wall_holds_without_our_own_rules(world: World) -> None:
    """Straight at the tables, in each hat: another area's entry, another's name, the history, a column too many."""
    row = add(world, NOW, unit=world.day_care, agency=world.day_care.agency)
    theirs: dict[str, User] = {
        "area": world.other_coordinator, "member": world.member, "unit": world.unit_head, "report": world.leader,
        "officer": world.officer,
    }  # fmt: skip
    for hat, user in theirs.items():
        with wearing(hat, user.pk):
            assert Service.objects.count() == 1
            assert not written(lambda: Service.objects.filter(pk=row.pk).update(name="Kaapattu")), hat
            assert written(partial(say, row, user)) == (hat == "unit"), hat  # her own unit: she confirms
    with wearing("member", world.professional.pk):  # of the unit, but in nobody else's name and nothing but the room
        assert not written(lambda: Service.objects.filter(pk=row.pk).update(confirmed_by=world.member))
        assert not written(lambda: Service.objects.filter(pk=row.pk).update(phone="1"))
        assert written(lambda: Service.objects.filter(pk=row.pk).update(capacity="full", confirmed_by=world.professional))
    with wearing("area", world.coordinator.pk):
        assert not written(lambda: say(row, world.second_coordinator))
        assert not written(lambda: Service.objects.filter(pk=row.pk).update(area=world.other_area))
        assert not written(lambda: Service.objects.filter(pk=row.pk).delete())
    assert not written(lambda: ServiceEvent.objects.update(kind="removed"))
    for hat in set(HATS) - {"area", "admin", "member", "unit", "jobs"}:
        with wearing(hat, world.coordinator.pk):
            assert not written(lambda: say(row, world.coordinator)), hat
    assert Service.objects.get().name == "Isäryhmä"


def say(row: Service, user: User) -> int:
    ServiceEvent.objects.create(service=row, kind="confirmed", at=NOW, by=user)
    return 1


def written(deed: Callable[[], Any]) -> bool:
    """Whether anything was written; refused by a right, by the wall or by a trigger is the same: nothing."""
    try:
        with transaction.atomic():
            return bool(deed())
    except DatabaseError:
        return False


def test_removed_and_put_back_is_the_same_entry(world: World) -> None:
    row = add(world, NOW)
    with wearing("area", world.coordinator.pk):
        actions.remove(service=row, by=world.coordinator, now=NOW)
        actions.remove(service=row, by=world.coordinator, now=NOW)
        assert refused(lambda: actions.confirm(service=row, by=world.coordinator, now=LATER)) == "closed"
        assert list(Service.objects.active()) == []
        actions.put_back(service=row, by=world.coordinator, now=NOW)
    assert list(Service.objects.active()) == [row]
    assert list(ServiceEvent.objects.values_list("kind", flat=True)) == ["returned", "removed", "added"]
    with wearing("area", world.coordinator.pk):
        assert refused(lambda: add(world, NOW, name=" isä-ryhmä".strip().replace("-", ""))) == "double"


# -- the half-yearly question


def differences(now: Any) -> set[str]:
    """What the sweeper finds of the questions; what else waits to be sent is not ours."""
    return {name for name in sweep(repair=False, now=now).found if "service" in name or name in ("unsaid", "to_nobody")}


def jobs(deed: Callable[..., int], **values: Any) -> int:
    with wearing("jobs"):
        return deed(**values)


def test_half_a_year_on_it_is_asked_once_and_a_yes_ends_it(world: World) -> None:
    row = add(world, NOW, unit=world.day_care, agency=world.day_care.agency)
    assert jobs(ask, now=at("2026-12-10 23:00")) == 0
    assert (jobs(ask, now=LATER), jobs(ask, now=LATER)) == (1, 0)
    assert differences(LATER) == set()
    assert tick(now=at("2026-12-11 08:00")) == 1
    told = {message.to for message in Message.objects.filter(what="service")}
    assert told == {world.coordinator, world.unit_head}
    assert {m.kind for m in Message.objects.all()} == {"task"}
    with wearing("unit", world.unit_head.pk):
        actions.confirm(service=row, by=world.unit_head, now=at("2026-12-11 09:00"))
    assert set(Deadline.objects.values_list("state", flat=True)) == {"told", "ended"}
    assert differences(at("2026-12-11 09:00")) == set()
    assert tick(now=at("2027-02-01 08:00")) == 0  # the coordinators hear nothing of what has been answered
    row.refresh_from_db()
    assert (row.confirmed_by, row.confirmed_until) == (world.unit_head, date(2027, 6, 11))
    assert jobs(ask, now=at("2027-06-12 05:00")) == 1  # and it is asked anew


def test_a_question_nobody_answers_goes_to_the_coordinators(world: World) -> None:
    row = add(world, NOW, by=world.administrator, unit=world.day_care, agency=world.day_care.agency)
    jobs(ask, now=LATER)
    tick(now=at("2026-12-11 08:00"))
    assert tick(now=at("2027-01-15 08:00")) == 1
    last = {message.to for message in Message.objects.filter(step=2)}
    assert last == {world.coordinator, world.second_coordinator}
    with wearing("area", world.coordinator.pk):
        actions.remove(service=row, by=world.coordinator, now=at("2027-01-15 09:00"))
    assert not Deadline.objects.open().exists()
    assert jobs(ask, now=at("2027-01-16 09:00")) == 0


def test_what_is_put_back_is_asked_about_again_by_itself(world: World) -> None:
    row = add(world, NOW, by=world.administrator, unit=world.day_care, agency=world.day_care.agency)
    jobs(ask, now=LATER)
    before = set(Deadline.objects.values_list("step", "due_at", "state"))
    with wearing("admin", world.administrator.pk):
        actions.remove(service=row, by=world.administrator, now=LATER)
    assert not Deadline.objects.open().exists()
    with wearing("admin", world.administrator.pk):
        actions.put_back(service=row, by=world.administrator, now=LATER + timedelta(hours=1))
    assert set(Deadline.objects.values_list("step", "due_at", "state")) == before
    assert differences(LATER + timedelta(hours=1)) == set()
    with wearing("admin", world.administrator.pk):
        actions.remove(service=row, by=world.administrator, now=LATER)
        actions.put_back(service=row, by=world.administrator, now=at("2027-03-02 09:00"))  # long after both days
    assert list(Deadline.objects.order_by("step").values_list("state", "due_at"))[1:] == [("open", at("2027-03-03 08:00"))]
    assert Deadline.objects.get(step=1).state == "merged"
    assert tick(now=at("2027-03-03 08:00")) == 1


def test_the_daily_job_asks_and_the_sweeper_would_find_what_it_missed(world: World) -> None:
    add(world, long_ago())
    open_daily_tasks()
    assert Deadline.objects.filter(kind="service").count() == 2
    Deadline.objects.all().delete()
    assert sweep(repair=True, now=timezone.now()).mended == {"missing_service": 1}
    assert Deadline.objects.filter(kind="service").count() == 2


def test_the_message_leads_there_and_one_press_answers(world: World) -> None:
    row = add(world, long_ago())
    jobs(ask, now=timezone.now() - timedelta(days=4))
    tick(now=timezone.now())
    client = world.client(world.coordinator)
    press = reverse("service-confirmation", args=[row.pk])
    page = client.get(reverse("messages")).content.decode()
    assert "Palvelun tiedot odottavat vahvistusta" in page
    assert "Isäryhmä, Perheiden talo ry" in page
    assert f'action="{press}"' in page
    answer = client.post(press, {"next": "messages"})
    assert answer.status_code == 302
    assert answer["Location"] == reverse("messages")
    row.refresh_from_db()
    assert row.confirmed_on == timezone.localdate()
    assert f'action="{press}"' not in client.get(reverse("messages")).content.decode()


# -- pages


def test_the_list_tells_what_is_needed_and_no_query_grows(world: World) -> None:
    client = world.client(world.professional)
    add(world, timezone.now())
    with CaptureQueriesContext(
        connection,
    ) as one:
        page = client.get(reverse("service-list")).content.decode()
    assert "tilaa kolmelle" in page
    assert "0–12 v" in page
    assert "Lisää palvelu" not in page
    for n in range(3):
        add(world, long_ago(), name=f"Ryhmä {n}", areas=[world.area, world.other_area])
    with CaptureQueriesContext(connection) as four:
        page = client.get(reverse("service-list")).content.decode()
    assert len(four) == len(one) <= 22
    assert "7\u00a0kk\u00a0sitten" in page
    assert "3 palvelun tiedot odottavat vahvistusta" in page


def test_limits_and_more_by_keyset(world: World) -> None:
    client, url = world.client(world.coordinator), reverse("service-list")
    assert "Luettelo on tyhjä" in client.get(url).content.decode()
    for n in range(17):
        add(world, timezone.now(), name=f"Kerho {n:02}", age_from=7, age_to=12, capacity="full" if n else "free")
    page = client.get(url, {"age": "7-12"}).content.decode()
    assert "Näytä lisää (2)" in page
    assert "Kerho 14" in page
    assert "Kerho 15" not in page
    last = str(Service.objects.get(name="Kerho 14").pk)
    assert f"?age=7-12&amp;after={last}" in page
    rest = client.get(url, {"age": "7-12", "after": last}).content.decode()
    assert "Kerho 15" in rest
    assert "Kerho 16" in rest
    assert "Kerho 14" not in rest
    assert "Kerho 00" in client.get(url, {"capacity": "free"}).content.decode()
    assert "ei löytynyt mitään" in client.get(url, {"age": "0-2"}).content.decode()
    odds = [
        {"after": "9" * 30}, {"after": "²"}, {"age": "7"}, {"need": "x"}, {"q": "\x00"}, {"area": "999999999999999999"},
        {"q": "x" * 500}, {"gone": "1"},
    ]  # fmt: skip
    for odd in odds:
        assert client.get(url, odd).status_code == 200, odd


def test_the_oldest_waits_first_for_whoever_may_answer(world: World) -> None:
    add(world, long_ago(), name="Toinen")
    add(world, long_ago() - timedelta(days=9), name="Vanhin", unit=world.day_care, agency=world.day_care.agency)
    for user, shown in [(world.coordinator, True), (world.administrator, True), (world.professional, True),
                        (world.unit_head, True), (world.member, False), (world.other_coordinator, False)]:  # fmt: skip
        page = world.client(user).get(reverse("service-list")).content.decode()
        assert ("Kyllä, vahvista tänään" in page) == shown, user.name
        assert ("<b>Vanhin, " in page) == shown, user.name


def posted(world: World, **values: Any) -> dict[str, Any]:
    given = details(agency=str(ngo().pk), areas=[str(world.area.pk)], consultation="yes", consultation_when="ti klo 12")
    return {name: value for name, value in (given | values).items() if value is not None}


def test_added_changed_and_refused_with_what_was_typed_kept(world: World) -> None:
    client = world.client(world.coordinator)
    answer = client.post(reverse("service-new"), posted(world))
    row = Service.objects.get()
    assert answer["Location"] == reverse("service", args=[row.pk])
    assert (row.area, row.consultation, row.capacity_on) == (world.area, True, timezone.localdate())
    again = client.post(reverse("service-new"), posted(world, sentence="Toinen lause."))
    assert again.status_code == 422
    assert "Toinen lause." in again.content.decode()
    assert "samanniminen palvelu" in again.content.decode()
    assert Service.objects.count() == 1
    wrong = posted(world, age_from=12, age_to=3, phone="", unit=str(world.guidance.pk), name="Väärä <b>")
    answer = client.post(reverse("service", args=[row.pk]), wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Väärä &lt;b&gt;" in page
    for sentence in ("Alaikäraja on suurempi", "Puhelinnumero puuttuu", "toisen järjestäjän"):
        assert sentence in page
    changed = posted(world, phone="08 000 2233", capacity="full")
    assert client.post(reverse("service", args=[row.pk]), changed).status_code == 302
    page = client.get(reverse("service", args=[row.pk])).content.decode()
    assert "tietoja muutettu: puhelin, tila" in page
    assert "08 000 2233" in page
    assert client.post(reverse("service-removal", args=[row.pk])).status_code == 302
    assert "Palauta luetteloon" in client.get(reverse("service", args=[row.pk])).content.decode()
    assert world.client(world.professional).get(reverse("service", args=[row.pk])).status_code == 404
    assert client.post(reverse("service-restoration", args=[row.pk])).status_code == 302


def test_a_reader_reads_and_changes_nothing(world: World) -> None:
    row = add(world, timezone.now())
    url = reverse("service", args=[row.pk])
    for user in (world.professional, world.other_coordinator, world.leader, world.officer, world.unit_head):
        client = world.client(user)
        page = client.get(url).content.decode()
        assert "Isät syövät yhdessä." in page, user.name
        assert "Tallenna ja vahvista" not in page, user.name
        assert client.post(url, posted(world, name="Kaapattu")).status_code == 404
        for deed in ("service-removal", "service-restoration", "service-confirmation"):
            assert client.post(reverse(deed, args=[row.pk])).status_code == 422, (user.name, deed)
    row.refresh_from_db()
    assert (row.name, row.active) == ("Isäryhmä", True)
    assert row.events.count() == 1


def test_a_protected_colleague_is_not_named_in_the_history(world: World) -> None:
    User.objects.filter(pk=world.second_coordinator.pk).update(protected_identity=True)
    row = add(world, timezone.now(), by=User.objects.get(pk=world.second_coordinator.pk))
    page = world.client(world.professional).get(reverse("service", args=[row.pk])).content.decode()
    assert "Noora Lehtovaara" not in page
    assert "NL" in page
