"""Finding the time, the answers, moving and holding: as the pages do it, for those who may and those who may not."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from cases.actions.case import close
from cases.models import Case, TwoWeekOutcome
from meetings.actions import meeting as meetings
from meetings.models import Meeting, MeetingStatus
from meetings.views.meeting import day_text
from tests.meetings.steps import a_case, fi, held, opened, proposed, today, working_day
from tests.personas import World, at
from yhteiso.audit.models import LogEntry, Verb
from yhteiso.lib.dates import holiday_name, is_working_day

pytestmark = pytest.mark.django_db

RLO, NUL = "\u202e", "\x00"


def new_url(case: Case) -> str:
    return f"/cases/{case.ref}/meetings/new/"


def url_of(meeting: Meeting, tail: str = "") -> str:
    return f"/cases/{meeting.case.ref}/meetings/{meeting.ref}/{tail}"


def time_fields(day: date | None = None, **more: str) -> dict[str, str]:
    return {"day": fi(day or working_day(3)), "clock": "14.30", "minutes": "75", "place": "Pieni huone"} | more


# -- proposing


def test_a_time_is_proposed_and_everybody_invited(world: World) -> None:
    case = a_case(world)
    form = time_fields(note_taker=str(world.professional.pk))
    answer = world.client(world.coordinator).post(new_url(case), form, follow=True)
    meeting = Meeting.objects.get(case=case)
    assert answer.redirect_chain == [(url_of(meeting), 302)]
    assert "Aika on ehdotettu." in answer.content.decode()
    assert meeting.note_taker == world.professional
    assert meeting.participants.count() == case.memberships.filter(ended_at=None).count()
    assert LogEntry.objects.filter(case_id=case.pk, verb=Verb.CHANGE, page="meeting-new").count() == 1


def test_a_double_click_proposes_one_meeting(world: World) -> None:
    case, client = a_case(world), world.client(world.coordinator)
    first, second = (client.post(new_url(case), time_fields()) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert Meeting.objects.filter(case=case).count() == 1


def test_a_second_time_is_refused_and_what_was_typed_is_kept(world: World) -> None:
    case = a_case(world)
    proposed(world, case)
    form = time_fields(working_day(6), place="Toinen paikka")
    answer = world.client(world.coordinator).post(new_url(case), form)
    assert answer.status_code == 422
    assert "Toinen paikka" in answer.content.decode()
    assert Meeting.objects.filter(case=case).count() == 1


def test_the_page_leads_to_the_time_that_is_being_agreed_on(world: World) -> None:
    meeting = proposed(world, a_case(world))
    answer = world.client(world.coordinator).get(new_url(meeting.case))
    assert (answer.status_code, answer["Location"]) == (302, url_of(meeting))


def next_holiday() -> date:
    day = today() + timedelta(days=1)
    while not (holiday_name(day) and day.weekday() < 5):
        day += timedelta(days=1)
    return day


@pytest.mark.parametrize(
    "fields, told",
    [
        ({"day": "31.2.2027"}, "Tällaista päivää ei ole"),
        ({"day": "1.1.0001"}, "Tarkista vuosi."),
        ({"day": "31.12.9999"}, "Tarkista vuosi."),
        ({"day": "28.3.2027", "clock": "3.30"}, "kelloja siirretään"),
        ({"clock": "25.10"}, "Kirjoita kellonaika näin"),
        ({"minutes": "5"}, "15"),
        ({"minutes": "75 min"}, "Kirjoita kesto minuutteina"),
        ({"minutes": "99999999999999999999"}, "360"),
        ({"day": "5.6.2020"}, "Valitse aika, joka on vielä edessä"),
        ({"place": "x" * 50_000}, "120"),
        ({"place": f"Huone{NUL}"}, "Rivillä 1"),
        ({"place": f"Huone{RLO}abc"}, "Rivillä 1"),
        ({"note_taker": "999999"}, "note_taker"),
    ],
)
def test_what_cannot_be_is_told_beside_the_field(world: World, fields: dict[str, str], told: str) -> None:
    case = a_case(world)
    form = time_fields(place="Säilyvä paikka") | fields
    answer = world.client(world.coordinator).post(new_url(case), form)
    html = answer.content.decode()
    assert answer.status_code == 422
    assert told in html
    assert "govuk-error-message" in html
    if "place" not in fields:
        assert "Säilyvä paikka" in html
    assert not Meeting.objects.filter(case=case).exists()


def test_a_holiday_is_named(world: World) -> None:
    day = next_holiday()
    answer = world.client(world.coordinator).post(new_url(a_case(world)), time_fields(day))
    assert answer.status_code == 422
    assert f"{holiday_name(day, 'fi')}. Valitse työpäivä." in answer.content.decode()


def test_a_day_after_the_two_weeks_is_allowed_with_a_warning(world: World) -> None:
    case = a_case(world, days_ago=10)
    answer = world.client(world.coordinator).post(new_url(case), time_fields(working_day(9)), follow=True)
    assert "kahden viikon jälkeen" in answer.content.decode()
    assert Meeting.objects.get(case=case).status == MeetingStatus.PROPOSED


def test_a_closed_case_takes_no_time(world: World) -> None:
    case = a_case(world)
    close(case=case, by=world.coordinator, reason="declined", now=timezone.now())
    answer = world.client(world.coordinator).post(new_url(case), time_fields())
    assert answer.status_code == 422
    assert not Meeting.objects.filter(case=case).exists()


def test_the_path_marks_the_last_day_to_plan_by(world: World) -> None:
    html = world.client(world.coordinator).get(new_url(a_case(world))).content.decode()
    assert "is-due" in html
    assert html.count('class="y-path__day ') == 15


@pytest.mark.parametrize("persona, status", [("professional", 403), ("colleague", 404), ("left", 404), ("leader", 404)])
def test_only_the_coordinator_proposes(world: World, persona: str, status: int) -> None:
    case = a_case(world)
    answer = world.client(getattr(world, persona)).post(new_url(case), time_fields())
    assert answer.status_code == status
    assert not Meeting.objects.filter(case=case).exists()
    assert "Aatu" not in answer.content.decode()
    assert LogEntry.objects.filter(verb=Verb.DENY, actor_id=getattr(world, persona).pk).count() == 1


# -- answering


def answer_url(meeting: Meeting, user) -> tuple[str, str]:
    seat = meeting.participants.get(membership__user=user)
    return url_of(meeting, f"answers/{seat.pk}/"), f"a{seat.pk}-answer"


def test_a_member_answers_for_themselves_only(world: World) -> None:
    meeting = proposed(world, a_case(world))
    client = world.client(world.professional)
    url, name = answer_url(meeting, world.professional)
    assert client.post(url, {name: "if_needed"}).status_code == 302
    other, other_name = answer_url(meeting, world.member)
    refused = client.post(other, {other_name: "no"})
    assert refused.status_code == 403
    assert "Voit vastata vain omasta puolestasi." in refused.content.decode()
    given = meeting.participants.exclude(answer="none").values_list("membership__user", "answer")
    assert list(given) == [(world.professional.pk, "if_needed")]


def test_the_coordinator_answers_for_somebody_on_the_phone(world: World) -> None:
    meeting = proposed(world, a_case(world))
    url, name = answer_url(meeting, world.member)
    world.client(world.coordinator).post(url, {name: "yes"})
    seat = meeting.participants.get(membership__user=world.member)
    assert (seat.answer, seat.answered_by) == ("yes", world.coordinator)


@pytest.mark.parametrize("value", ["", "maybe", "x" * 50_000, NUL])
def test_an_answer_that_is_none_is_refused(world: World, value: str) -> None:
    meeting = proposed(world, a_case(world))
    url, name = answer_url(meeting, world.professional)
    answer = world.client(world.professional).post(url, {name: value})
    assert answer.status_code == 422
    assert "Valitse kyllä, tarvittaessa tai ei." in answer.content.decode()


def test_a_participant_of_another_meeting_is_not_found(world: World) -> None:
    meeting, other = proposed(world, a_case(world)), proposed(world, a_case(world, child="Onni"))
    seat = other.participants.get(membership__user=world.professional)
    answer = world.client(world.coordinator).post(url_of(meeting, f"answers/{seat.pk}/"), {f"a{seat.pk}-answer": "yes"})
    assert answer.status_code == 404


# -- confirming


def test_the_confirmation_waits_for_those_who_must_come(world: World) -> None:
    meeting = proposed(world, a_case(world))
    client = world.client(world.coordinator)
    url, name = answer_url(meeting, world.member)
    client.post(url, {name: "no"})
    page = client.get(url_of(meeting)).content.decode()
    assert "disabled aria-describedby" in page
    assert "Sari Hietaniitty" in page
    client.post(url_of(meeting, "confirmation/"))
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PROPOSED
    client.post(url, {name: "yes"})
    for _ in range(2):
        assert client.post(url_of(meeting, "confirmation/")).status_code == 302
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.CONFIRMED
    assert meeting.case.events.filter(kind="meeting_confirmed").count() == 1


def test_the_confirmation_waits_for_a_guardian_who_can_come(world: World) -> None:
    case = a_case(world)
    for name in ("Jenna", "Marko"):
        meetings.add_person(case=case, by=world.coordinator, now=timezone.now(), kind="guardian", name=name, relation="x")
    meeting, client = proposed(world, case), world.client(world.coordinator)
    seats = list(meeting.participants.filter(membership__person__kind="guardian"))

    def say(seat, value: str) -> str:
        client.post(url_of(meeting, f"answers/{seat.pk}/"), {f"a{seat.pk}-answer": value})
        return client.get(url_of(meeting)).content.decode()

    assert "ei ole vielä vastannut" in client.get(url_of(meeting)).content.decode()
    assert "Huoltaja ei pääse. Kysy perheeltä toinen aika." in say(seats[0], "no")
    client.post(url_of(meeting, "confirmation/"))
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PROPOSED
    assert 'aria-describedby="este"' not in say(seats[1], "if_needed")
    client.post(url_of(meeting, "confirmation/"))
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.CONFIRMED


def test_what_a_flag_means_is_told_only_where_there_is_one(world: World) -> None:
    meeting = proposed(world, a_case(world))
    client, legend = world.client(world.coordinator), "pakollinen: aikaa"
    flagged = client.get(url_of(meeting)).content.decode()
    meeting.case.memberships.update(must_attend=False)
    bare = client.get(url_of(meeting)).content.decode()
    assert (legend in flagged, legend in bare) == (True, False)


def test_the_first_meeting_asks_of_no_earlier_promises(world: World) -> None:
    case = a_case(world, days_ago=10)
    first = held(world, case)
    client, asked = world.client(world.coordinator), "Mitä lupasimme viimeksi?"
    assert asked not in client.get(url_of(first)).content.decode()
    assert asked in client.get(url_of(proposed(world, case))).content.decode()


def test_the_confirmation_comes_right_after_the_heading(world: World) -> None:
    html = world.client(world.coordinator).get(url_of(proposed(world, a_case(world)))).content.decode()
    assert html.index('id="vahvistus"') < html.index('id="vastauslista"')
    assert 'class="y-stack y-aside"' in html


def test_a_member_sees_the_page_without_the_coordinators_deeds(world: World) -> None:
    meeting = proposed(world, a_case(world))
    client = world.client(world.professional)
    html = client.get(url_of(meeting)).content.decode()
    assert "Sopiiko aika sinulle?" in html
    for deed in ("confirmation/", "move/", "held/"):
        assert deed not in html
        assert client.post(url_of(meeting, deed)).status_code == 403


@pytest.mark.parametrize("persona", ["colleague", "left", "other_coordinator", "leader", "officer", "unit_head"])
def test_nobody_else_finds_the_meeting(world: World, persona: str) -> None:
    meeting = proposed(world, a_case(world))
    answer = world.client(getattr(world, persona)).get(url_of(meeting))
    assert answer.status_code == 404
    assert "Aatu" not in answer.content.decode()
    assert "pieni huone" not in answer.content.decode()


# -- moving


def move_fields(**more: str) -> dict[str, str]:
    return time_fields(working_day(6), place="Neuvola", reason="illness") | more


def test_a_moved_meeting_stays_visible_and_leads_to_the_new_one(world: World) -> None:
    meeting = proposed(world, a_case(world))
    client = world.client(world.coordinator)
    first, second = (client.post(url_of(meeting, "move/"), move_fields()) for _ in range(2))
    new = Meeting.objects.get(moved_from=meeting)
    assert first["Location"] == second["Location"] == url_of(new)
    old = client.get(url_of(meeting)).content.decode()
    assert "Tapaaminen siirrettiin: Sairastuminen." in old
    assert url_of(new) in old
    listed = client.get("/meetings/").content.decode()
    assert listed.count("Verkostotapaaminen") == 2
    assert "Siirretty" in listed


def test_a_moved_meeting_can_not_be_held_or_answered(world: World) -> None:
    meeting = proposed(world, a_case(world))
    client = world.client(world.coordinator)
    client.post(url_of(meeting, "move/"), move_fields())
    answer = client.post(url_of(meeting, "held/"), hold_fields(meeting))
    assert answer.status_code == 422
    assert "on jo pidetty tai siirretty" in answer.content.decode()
    url, name = answer_url(meeting, world.professional)
    client.post(url, {name: "yes"})
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.MOVED
    assert meeting.participants.get(membership__user=world.professional).answer == "none"


def test_a_typing_mistake_is_corrected_without_a_delay(world: World) -> None:
    meeting = proposed(world, a_case(world))
    client = world.client(world.coordinator)
    assert client.post(url_of(meeting, "move/"), move_fields(reason="mistake")).status_code == 302
    meeting.refresh_from_db()
    meeting.case.refresh_from_db()
    assert (meeting.move_reason, meeting.case.delay_reason) == ("mistake", "")
    assert "Kirjoitusvirhe" in client.get(url_of(meeting)).content.decode()


def test_a_day_far_ahead_is_asked_to_be_checked(world: World) -> None:
    meeting, far = proposed(world, a_case(world)), working_day(100)
    client, told = world.client(world.coordinator), "yli kolme kuukautta"
    moved = client.post(url_of(meeting, "move/"), move_fields(day=fi(far)))
    new = client.post(new_url(a_case(world, child="Onni")), time_fields(far))
    for answer in (moved, new):
        assert answer.status_code == 422
        assert told in answer.content.decode()
    assert Meeting.objects.count() == 1


def test_a_day_of_another_year_is_written_with_its_year() -> None:
    this = today().year
    assert day_text(date(this + 1, 1, 7)).endswith(f"7.1.{this + 1}")
    assert str(this) not in day_text(date(this, 1, 7))


def test_moving_needs_a_reason_and_keeps_what_was_typed(world: World) -> None:
    meeting = proposed(world, a_case(world))
    answer = world.client(world.coordinator).post(url_of(meeting, "move/"), move_fields(reason="", place="Uusi paikka"))
    assert answer.status_code == 422
    assert "Uusi paikka" in answer.content.decode()
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PROPOSED


# -- holding


def hold_fields(meeting: Meeting, moment=None, present: list[int] | None = None) -> dict[str, object]:
    local = timezone.localtime(moment or timezone.now() - timedelta(minutes=5))
    there = present or [meeting.participants.all()[0].membership_id]
    return {"held-day": fi(local.date()), "held-clock": f"{local.hour}.{local.minute:02}", "held-present": there}


def test_the_real_time_becomes_the_meetings_time(world: World) -> None:
    meeting = proposed(world, a_case(world))
    began = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    client = world.client(world.coordinator)
    client.post(url_of(meeting, "held/"), hold_fields(meeting, began))
    planned = meeting.starts_at
    meeting.refresh_from_db()
    assert (meeting.starts_at, meeting.ends_at - meeting.starts_at) == (began, timedelta(minutes=75))
    local = timezone.localtime(began)
    assert f"klo\u00a0{local.hour}.{local.minute:02}–" in client.get(url_of(meeting)).content.decode()
    told = meeting.case.events.get(kind="meeting_proposed").detail["starts_at"]
    assert told == planned.isoformat()


def test_somebody_was_there(world: World) -> None:
    meeting = proposed(world, a_case(world))
    answer = world.client(world.coordinator).post(url_of(meeting, "held/"), hold_fields(meeting) | {"held-present": []})
    assert answer.status_code == 422
    assert "vähintään yksi" in answer.content.decode()
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PROPOSED


def test_holding_twice_is_once_and_ends_the_two_weeks(world: World) -> None:
    meeting = proposed(world, a_case(world))
    seats = list(meeting.participants.values_list("membership_id", flat=True))[:2]
    client = world.client(world.coordinator)
    for _ in range(2):
        assert client.post(url_of(meeting, "held/"), hold_fields(meeting, present=seats)).status_code == 302
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.HELD
    assert TwoWeekOutcome.objects.get(case=meeting.case).met is True
    assert meeting.case.events.filter(kind="meeting_held").count() == 1
    assert sorted(meeting.participants.filter(present=True).values_list("membership_id", flat=True)) == sorted(seats)


@pytest.mark.parametrize("moment", ["2020-01-07 10:00", "2090-01-09 10:00"])
def test_a_meeting_is_not_held_before_the_call_or_in_the_future(world: World, moment: str) -> None:
    meeting = proposed(world, a_case(world))
    answer = world.client(world.coordinator).post(url_of(meeting, "held/"), hold_fields(meeting, at(moment)))
    assert answer.status_code == 422
    assert f'value="{fi(at(moment).date())}"' in answer.content.decode()
    meeting.refresh_from_db()
    assert meeting.status == MeetingStatus.PROPOSED


def test_nobody_from_another_network_is_marked_present(world: World) -> None:
    meeting, other = proposed(world, a_case(world)), proposed(world, a_case(world, child="Onni"))
    stranger = other.participants.all()[0].membership_id
    answer = world.client(world.coordinator).post(url_of(meeting, "held/"), hold_fields(meeting, present=[stranger]))
    assert answer.status_code == 422


# -- the list


def test_each_sees_the_meetings_of_their_own(world: World) -> None:
    proposed(world, a_case(world))
    for persona, sees in {"professional": True, "coordinator": True, "colleague": False, "left": False,
                          "other_coordinator": False}.items():  # fmt: skip
        html = world.client(getattr(world, persona)).get("/meetings/").content.decode()
        assert ("Aatu" in html) is sees, persona
        assert ("Ei tulevia tapaamisia" in html) is not sees, persona
    assert world.client(world.leader).get("/meetings/").status_code == 404


@pytest.mark.parametrize("after", ["", "0000-0000-00", "' OR 1=1", NUL, "x" * 50_000, RLO])
def test_an_odd_place_in_the_list_is_its_beginning(world: World, after: str) -> None:
    proposed(world, a_case(world))
    answer = world.client(world.coordinator).get("/meetings/", {"after": after})
    assert answer.status_code == 200
    assert "Aatu" in answer.content.decode()


def test_the_past_pages_by_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meetings.views.meeting.PAST_PAGE", 1)
    case = a_case(world, days_ago=20)
    first, second = held(world, case, days_ago=12), held(world, case, days_ago=5)
    client = world.client(world.coordinator)
    html = client.get("/meetings/").content.decode()
    assert second.ref in html
    assert url_of(first) not in html
    html = client.get("/meetings/", {"after": second.ref}).content.decode()
    assert url_of(first) in html
    assert url_of(second) not in html


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries(world: World, count: int, django_assert_num_queries) -> None:
    for n in range(count):
        proposed(world, a_case(world, child=f"Lapsi{n}"))
    client = world.client(world.coordinator)
    client.get("/meetings/")
    with django_assert_num_queries(LIST_QUERIES):
        client.get("/meetings/")


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_number_of_queries(world: World, count: int, django_assert_num_queries) -> None:
    case = a_case(world)
    for n in range(count):
        meetings.add_person(
            case=case, by=world.coordinator, now=timezone.now(), kind="close", name=f"Läheinen{n}", relation="täti"
        )
    meeting = proposed(world, case)
    opened(world, meeting)
    client = world.client(world.coordinator)
    client.get(url_of(meeting))
    with django_assert_num_queries(PAGE_QUERIES):
        client.get(url_of(meeting))


LIST_QUERIES = 13
PAGE_QUERIES = 15


def test_working_days_of_these_tests_are_open() -> None:
    assert all(is_working_day(working_day(n)) for n in range(30))
