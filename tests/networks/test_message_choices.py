"""What a person is told of, and how: what can't be switched off, quiet hours over midnight and over both clock changes."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from networks.access import NotAllowed
from networks.actions.message import Choices, choose, is_mobile
from networks.message_forms import HoursField
from networks.message_kinds import EMAIL, HERE, KINDS, SMS, available_at, is_quiet, open_channels, settings_of, wanted
from networks.models import Absence, MessageChoice, MessageSettings, Notice, User
from tests.personas import World, at
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import HELSINKI

NOW = at("2026-06-10 09:00")


def save(by: User, ticked: set[str], **values: Any) -> None:
    """The form as `by` sends it: the boxes as "kind:channel"."""
    pairs = frozenset((kind, channel) for kind, _colon, channel in (box.partition(":") for box in ticked))
    given_ = {"quiet_from": time(17), "quiet_to": time(7), "language": "fi", "work_phone": False} | values
    with wearing(by.hat, by.pk):
        choose(by=by, choices=Choices(ticked=pairs, **given_), now=NOW)


# -- channels


def test_every_kind_of_the_contract_has_its_channels(world: World) -> None:
    assert set(KINDS) == {"escalation", "invitation", "meeting", "promise", "family", "digest", "task", "failure", "answer"}
    got = {kind: wanted([world.member.pk], kind)[world.member.pk] for kind in KINDS}
    assert got["digest"] == {EMAIL}
    assert got["family"] == {HERE}
    assert got["failure"] == {HERE}
    assert all(got[kind] == {HERE, EMAIL} for kind in set(KINDS) - {"digest", "family", "failure"})


def test_nothing_ticked_leaves_what_the_law_and_the_ladder_need(world: World) -> None:
    save(world.member, set())
    got = {kind: wanted([world.member.pk], kind)[world.member.pk] for kind in KINDS}
    both = {"escalation", "promise"}
    assert all(got[kind] == {HERE, EMAIL} for kind in both)
    assert got["family"] == got["digest"] == set()
    assert all(got[kind] == {HERE} for kind in set(KINDS) - both - {"family", "digest"})


@given(
    st.sampled_from(sorted(KINDS)),
    st.dictionaries(st.sampled_from([HERE, EMAIL, SMS]), st.booleans()),
    st.booleans(),
)
def test_no_choice_closes_a_forced_channel_or_sends_to_an_unconfirmed_phone(
    kind: str, picks: dict[str, bool], sms: bool
) -> None:
    row = KINDS[kind]
    got = open_channels(row, picks, sms=sms)
    assert row.forced <= got
    assert sms or SMS not in got
    for channel, yes in picks.items():
        if channel not in row.offered:
            assert channel not in got
        elif channel not in row.forced and (sms or channel != SMS):
            assert (channel in got) is yes


def test_a_text_message_needs_a_confirmed_work_phone_that_is_still_the_account_s(world: World) -> None:
    with pytest.raises(NotAllowed, match="omaan työpuhelimeesi"):
        save(world.member, {"invitation:sms"})
    save(world.member, {"invitation:sms"}, work_phone=True)
    ids = [world.member.pk]
    assert wanted(ids, "invitation")[world.member.pk] == {HERE, SMS}
    User.objects.filter(pk=world.member.pk).update(phone="040 000 9999")
    assert wanted(ids, "invitation")[world.member.pk] == {HERE}
    User.objects.filter(pk=world.member.pk).update(phone="08 000 1234")
    world.member.refresh_from_db()
    with pytest.raises(NotAllowed, match="ei ole matkapuhelinnumeroa"):
        save(world.member, set(), work_phone=True)
    save(world.member, set())
    assert MessageSettings.objects.get().sms_phone == ""


@pytest.mark.parametrize(
    ("phone", "yes"),
    [("040 000 0101", True), ("+358 50 123 4567", True), ("0457-1234567", True), ("+46 70 123 45 67", True),
     ("08 000 1234", False), ("", False), ("112", False), ("+358 8 123456", False), ("040 abc", False)],
)  # fmt: skip
def test_a_mobile_number_is_known_by_its_beginning(phone: str, yes: bool) -> None:
    assert is_mobile(phone) is yes


def test_the_answer_is_the_same_in_every_hat_that_asks_in_one_query(world: World, django_assert_num_queries: Any) -> None:
    save(world.professional, {"family:email"}, quiet_from=time(20), quiet_to=time(6))
    User.objects.filter(pk=world.left.pk).update(is_active=False)
    ids = [world.professional.pk, world.member.pk, world.left.pk]
    for hat, user in (("area", world.other_coordinator), ("member", world.colleague), ("jobs", None)):
        with wearing(hat, user.pk if user else None):
            for asked in (ids[:1], ids):
                with django_assert_num_queries(1):
                    got = wanted(asked, "family")
            assert got == {world.professional.pk: {EMAIL}, world.member.pk: {HERE}, world.left.pk: set()}
            with django_assert_num_queries(1):
                hours = settings_of(ids)
            assert hours[world.professional.pk].quiet_from == time(20)
            assert hours[world.member.pk].quiet_from == time(17)
    with pytest.raises(KeyError):
        wanted(ids, "newsletter")
    assert wanted([], "family") == settings_of([]) == {}


def test_choices_are_one_s_own(world: World) -> None:
    save(world.member, {"family:email"})
    with wearing("member", world.colleague.pk):
        assert MessageChoice.objects.count() == MessageSettings.objects.count() == 0
        assert MessageChoice.objects.update(wanted=True) == 0
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        wearing("member", world.colleague.pk),
    ):
        MessageSettings.objects.create(user=world.professional)
    with wearing("jobs"):
        assert MessageChoice.objects.count() == 16
    for hat in ("public", "family", "guest"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), wearing(hat, world.member.pk):
            MessageChoice.objects.count()


def test_the_language_of_one_s_own_messages_only(world: World) -> None:
    save(world.member, set(), language="sv")
    world.member.refresh_from_db()
    assert world.member.language == "sv"
    assert set(User.objects.exclude(pk=world.member.pk).values_list("language", flat=True)) == {"fi"}
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), wearing("member", world.member.pk):
        User.people.filter(pk=world.member.pk).update(language="en")


# -- quiet hours


clocks = st.times().map(lambda at_: at_.replace(second=0, microsecond=0))
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda m: m.replace(tzinfo=UTC))
# Both nights of 2026, an hour on each side, by the minute.
nights = st.sampled_from([datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)]).flatmap(
    lambda start: st.integers(0, 6 * 60).map(lambda minutes: start + timedelta(minutes=minutes))
)


@given(clocks, clocks, moments | nights)
def test_mail_waits_for_the_end_of_the_quiet_hours_and_no_longer(start: time, end: time, now: datetime) -> None:
    row = MessageSettings(quiet_from=start, quiet_to=end)
    then = available_at(row, now)
    assert now <= then <= now + timedelta(hours=25)
    assert available_at(row, then) == then
    if then == now:
        assert not is_quiet(row, now.astimezone(HELSINKI).time())
    else:  # every moment between is quiet; in autumn the hour that comes a second time is waited through whole
        for part in range(20):
            between = (now + (then - now) * part / 20).astimezone(HELSINKI)
            assert between.fold or is_quiet(row, between.time())


@pytest.mark.parametrize(
    ("hours", "now", "then"),
    [
        ((17, 7), "2026-06-10 16:59", "2026-06-10 16:59"),
        ((17, 7), "2026-06-10 17:00", "2026-06-11 07:00"),
        ((17, 7), "2026-06-11 06:59", "2026-06-11 07:00"),
        ((17, 7), "2026-06-12 23:30", "2026-06-13 07:00"),
        ((12, 13), "2026-06-10 12:30", "2026-06-10 13:00"),
        ((0, 0), "2026-06-10 03:00", "2026-06-10 03:00"),
        ((17, 7), "2026-03-28 22:00", "2026-03-29 07:00"),
        ((17, 7), "2026-10-24 22:00", "2026-10-25 07:00"),
        ((22, 3), "2026-03-28 23:00", "2026-03-29 04:00"),
    ],
)
def test_quiet_hours_by_hand(hours: tuple[int, int], now: str, then: str) -> None:
    row = MessageSettings(quiet_from=time(hours[0]), quiet_to=time(hours[1]))
    assert available_at(row, at(now)) == at(then)


def test_a_moment_needs_its_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        available_at(MessageSettings(), datetime(2026, 6, 10, 9))


@pytest.mark.parametrize(
    ("text", "hours"),
    [("klo 17–7", (time(17), time(7))), ("17-7", (time(17), time(7))), ("klo 21.30 – 6:15", (time(21, 30), time(6, 15))),
     ("20–24", (time(20), time(0))), ("", (time(0), time(0))), ("25–7", None), ("17", None), ("ilta", None), ("17–7 ei", None),
     ("24.30–7", None), ("17.60–7", None)],
)  # fmt: skip
def test_hours_as_people_write_them(text: str, hours: tuple[time, time] | None) -> None:
    field = HoursField(required=False)
    if hours is None:
        with pytest.raises(ValidationError):
            field.clean(text)
    else:
        assert field.clean(text) == hours
        assert field.clean(field.prepare_value(hours)) == hours


# -- pages


def form(*ticked: str, **values: str) -> dict[str, Any]:
    return {"ticked": list(ticked), "hours": "klo 20–6", "language": "sv"} | values


def test_the_form_is_saved_and_shown_again(world: World) -> None:
    client = world.client(world.professional)
    page = client.get("/messages/settings/").content.decode()
    assert 'value="escalation:email" id="box-escalation-email" checked disabled' in page
    assert 'value="family:email" id="box-family-email">' in page
    done = client.post("/messages/settings/", form("family:email", "meeting:sms", work_phone="on"))
    assert (done.status_code, done["Location"]) == (302, "/messages/settings/")
    page = client.get("/messages/settings/").content.decode()
    assert 'value="family:email" id="box-family-email" checked>' in page
    assert 'value="meeting:sms" id="box-meeting-sms" checked>' in page
    assert 'value="invitation:email" id="box-invitation-email">' in page
    assert "klo\u00a020–6" in page
    assert '<option value="sv" selected>' in page


def test_a_lost_message_is_told_here_only_whatever_was_chosen(world: World) -> None:
    MessageChoice.objects.create(user=world.member, kind="failure", channel="email", wanted=True)
    assert wanted([world.member.pk], "failure")[world.member.pk] == {HERE}
    client = world.client(world.member)
    page = client.get("/messages/settings/").content.decode()
    assert 'id="box-failure-here" checked disabled' in page
    assert "box-failure-email" not in page
    assert "box-failure-sms" not in page
    assert client.post("/messages/settings/", form("failure:email")).status_code == 422


@pytest.mark.parametrize(
    ("sent", "says"),
    [({"hours": "illalla"}, "Kirjoita kellonajat näin"), ({"language": "xx"}, "Valitse kieli"),
     ({"ticked": ["nothing:sms"]}, "Tällaista valintaa ei ole"), ({"ticked": ["family:email", "task:sms"]}, "Rastita")],
)  # fmt: skip
def test_a_refused_form_keeps_what_was_sent(world: World, sent: dict[str, Any], says: str) -> None:
    answer = world.client(world.professional).post("/messages/settings/", form("family:email") | sent)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert ('id="box-family-email" checked' in page) is ("ticked" not in sent or "family:email" in sent["ticked"])
    assert sent.get("hours", "klo 20–6") in page
    assert not MessageChoice.objects.exists()


def test_an_account_without_a_mobile_number_is_told_so(world: World) -> None:
    User.objects.filter(pk=world.member.pk).update(phone="08 000 1234")
    client = world.client(world.member)
    page = client.get("/messages/settings/").content.decode()
    assert 'id="box-family-sms" disabled' in page
    assert "matkapuhelinnumeroa" in page
    assert client.post("/messages/settings/", form(work_phone="on")).status_code == 422
    assert client.post("/messages/settings/", form()).status_code == 302


def test_an_absence_from_the_form_to_the_substitute_s_answer(world: World) -> None:
    kaisa, tuula = world.client(world.professional), world.client(world.colleague)
    today = timezone.localdate()
    sent = {"from_on": f"{today:%d.%m.%Y}", "until_on": f"{today:%d.%m.%Y}", "substitute": str(world.colleague.pk)}
    assert kaisa.post("/absences/", sent).status_code == 302
    assert "kysytty, ei vielä vastausta" in kaisa.get("/absences/").content.decode()
    page = tuula.get("/absences/").content.decode()
    assert "pyytää sinua sijaiseksi" in page
    row = world.professional.absences.get()
    assert tuula.post(f"/absences/{row.pk}/answer/", {"answer": "?"}).status_code == 422
    assert tuula.post(f"/absences/{row.pk}/answer/", {"answer": "yes"}).status_code == 302
    assert "sijaisena" in kaisa.get("/absences/").content.decode()
    again = kaisa.post("/absences/", sent)
    assert again.status_code == 422
    assert "jo kerrottu" in again.content.decode()
    assert f'value="{sent["from_on"]}"' in again.content.decode()
    assert world.client(world.member).post(f"/absences/{row.pk}/end/").status_code == 404
    assert tuula.post(f"/absences/{row.pk}/end/").status_code == 422
    assert tuula.get(f"/absences/{row.pk}/substitute/").status_code == 404
    same = kaisa.post(f"/absences/{row.pk}/substitute/", {"substitute": str(world.colleague.pk)})
    assert same.status_code == 422
    assert kaisa.post(f"/absences/{row.pk}/substitute/", {"substitute": ""}).status_code == 302
    assert kaisa.post(f"/absences/{row.pk}/end/").status_code == 302
    assert kaisa.post(f"/absences/{row.pk}/end/").status_code == 422
    assert Notice.objects.filter(to=world.colleague, kind="absence_not_needed").count() == 1


@pytest.mark.parametrize(
    ("sent", "says"),
    [({}, "Kirjoita ensimmäinen päivä"), ({"from_on": "32.1.2027", "until_on": "x"}, "Tällaista päivää ei ole"),
     ({"from_on": "2.1.2030", "until_on": "1.1.2030"}, "ennen ensimmäistä"),
     ({"from_on": "1.1.2020", "until_on": "1.1.2030"}, "jo mennyt"),
     ({"from_on": "1.1.2030", "until_on": "1.1.2035"}, "yli kaksi vuotta"),
     ({"from_on": "1.1.2030", "until_on": "1.1.2030", "substitute": "999999"}, "listasta")],
)  # fmt: skip
def test_days_that_do_not_fit_are_told_beside_the_field(world: World, sent: dict[str, str], says: str) -> None:
    answer = world.client(world.professional).post("/absences/", sent)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert all(f'value="{text}"' in answer.content.decode() for name, text in sent.items() if name != "substitute")
    assert not world.professional.absences.exists()


def test_who_tells_for_somebody_ill(world: World) -> None:
    url = f"/staff/{world.professional.pk}/absence/"
    sent = {"from_on": f"{timezone.localdate():%d.%m.%Y}", "until_on": f"{timezone.localdate():%d.%m.%Y}", "substitute": ""}
    people = {world.administrator: 200, world.responsible: 200, world.coordinator: 404, world.other_responsible: 404,
              world.colleague: 404, world.officer: 404, world.unit_head: 404, world.professional: 404}  # fmt: skip
    for user, status in people.items():
        assert world.client(user).get(url).status_code == status, user.name
    assert world.client(world.responsible).post(url, sent).status_code == 302
    assert world.client(world.administrator).post(url, sent).status_code == 422
    chooser = world.client(world.responsible).get("/absences/", {"person": world.professional.pk})
    assert (chooser.status_code, chooser["Location"]) == (302, url)
    for wrong in ("999999", "x", str(world.other_coordinator.pk)):
        assert world.client(world.responsible).get("/absences/", {"person": wrong}).status_code == 404
    assert "Kaisa Koivupuro" in world.client(world.coordinator).get("/absences/").content.decode()
    assert "Kaisa Koivupuro" not in world.client(world.other_coordinator).get("/absences/").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_rows(world: World, django_assert_max_num_queries: Any) -> None:
    client = world.client(world.coordinator)

    def count() -> int:
        with django_assert_max_num_queries(60) as counted:
            client.get("/absences/")
        return len(counted)

    count()

    def away(user: User) -> None:
        today = timezone.localdate()
        Absence.objects.create(user=user, from_on=today, until_on=today, made_at=timezone.now(), made_by=user)

    away(world.professional)
    one = count()
    away(world.member)
    away(world.colleague)
    assert count() == one


def test_every_form_of_these_pages_has_its_token(world: World) -> None:
    """The blocks are included with their own context only, in which the token does not come by itself."""
    today = timezone.localdate()
    for user, substitute in ((world.professional, world.colleague), (world.colleague, world.professional)):
        Absence.objects.create(
            user=user, from_on=today, until_on=today, made_at=NOW, made_by=user, substitute=substitute,
        )  # fmt: skip
    client = world.client(world.professional)
    row = world.professional.absences.get()
    for url in ("/absences/", "/messages/settings/", f"/absences/{row.pk}/substitute/"):
        page = client.get(url).content.decode()
        assert page.count('method="post"') == page.count('name="csrfmiddlewaretoken"') > 0, url
    page = world.client(world.responsible).get(f"/staff/{world.professional.pk}/absence/").content.decode()
    assert page.count('method="post"') == page.count('name="csrfmiddlewaretoken"')
