"""The people of the tests: each with a role, a unit and a place in the world. Personas, not rows of fixtures."""

import time
import uuid
from datetime import date, datetime
from functools import cached_property
from typing import Any

from allauth.account.internal.flows.login import _AUTHENTICATION_METHODS_USER_SESSION_KEY as METHODS_USER
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client
from django.utils import timezone

from cases.actions import help_request, intake
from cases.actions.consent import Word, record_words
from cases.models import ASKED, Case, ConsentWording, HelpRequest, Person
from meetings.actions import meeting as meetings
from meetings.models import Environment, LogbookTemplate, Theme
from networks.models import Agency, Area, County, Municipality, Role, RoleMembership, Sector, Unit, User
from networks.signin import BACKEND, SECOND_FACTOR
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import HELSINKI
from yhteiso.lib.names import sort_key

PASSWORD = "pieni-kuusi-metsassa-laulaa"


def at(text: str) -> datetime:
    """A moment in Helsinki: '2026-06-05 12:46'."""
    return datetime.fromisoformat(text).replace(tzinfo=HELSINKI)


class World:
    """One county with two areas, and everybody who must and must not see a family there."""

    coordinator: User
    second_coordinator: User
    other_coordinator: User
    professional: User
    member: User
    colleague: User
    left: User
    unit_head: User
    leader: User
    other_leader: User
    officer: User
    administrator: User

    def __init__(self) -> None:
        self.county = County.objects.create(code="19", name="Pohjois-Pohjanmaan hyvinvointialue")
        city = Municipality.objects.create(county=self.county, code="564", name="Oulu")
        self.area = self._area("Kuusiranta", "Kuusirannan", "08 000 1234")
        self.other_area = self._area("Haapaniemi", "Haapaniemen", "08 000 9999")
        for area in (self.area, self.other_area):
            area.municipalities.add(city)
        ecec = Agency.objects.create(
            name="Oulun varhaiskasvatus", legal_name="Oulun kaupunki", controller="Oulun kaupunki", sector=Sector.ECEC,
            written_consent=False,
        )  # fmt: skip
        family = Agency.objects.create(
            name="Perhepalvelut", legal_name="Hyvinvointialue", controller="Hyvinvointialue",
            sector=Sector.FAMILY_SERVICES, written_consent=False,
        )  # fmt: skip
        self.day_care = Unit.objects.create(agency=ecec, area=self.area, name="Päiväkoti Pikkukäpy")
        self.guidance = Unit.objects.create(agency=family, area=self.area, name="Perheohjaus Kuusiranta")
        self.other_unit = Unit.objects.create(agency=family, area=self.other_area, name="Perheohjaus Haapaniemi")

        for key, user in self._people(
            coordinator=("Riikka Tuulenpää", Role.COORDINATOR, self.guidance, self.area, None),
            second_coordinator=("Noora Lehtovaara", Role.COORDINATOR, self.guidance, self.area, None),
            other_coordinator=("Teija Suomäki", Role.COORDINATOR, self.other_unit, self.other_area, None),
            professional=("Kaisa Koivupuro", Role.PROFESSIONAL, self.day_care, None, None),
            member=("Sari Hietaniitty", Role.PROFESSIONAL, self.guidance, None, None),
            colleague=("Tuula Kivipolku", Role.PROFESSIONAL, self.day_care, None, None),
            left=("Antti Lumme", Role.PROFESSIONAL, self.guidance, None, None),
            unit_head=("Liisa Valkama", Role.UNIT_HEAD, self.day_care, None, self.day_care),
            leader=("Päivi Kallioranta", Role.LEADERSHIP, self.day_care, self.area, None),
            other_leader=("Jorma Peltola", Role.LEADERSHIP, self.other_unit, self.other_area, None),
            officer=("Ville Harjukallio", Role.OFFICER, None, None, None),
            administrator=("Elina Saarikko", Role.ADMINISTRATOR, None, None, None),
        ).items():
            setattr(self, key, user)
        self.template = template()
        ConsentWording.objects.get_or_create(version=1, defaults={"valid_from": date(2026, 1, 1), "text": "Saako puhua?"})

    # Those who answer for power come when they are called: most tests count the people of an area without them.
    @cached_property
    def responsible(self) -> User:
        return self.person("Liisa Valkamaa", Role.RESPONSIBLE, self.guidance, area=self.area)

    @cached_property
    def other_responsible(self) -> User:
        return self.person("Kirsi Rantamaa", Role.RESPONSIBLE, self.other_unit, area=self.other_area)

    @cached_property
    def second_administrator(self) -> User:
        return self.person("Mikko Saarela", Role.ADMINISTRATOR)

    def _area(self, name: str, genitive: str, phone: str) -> Area:
        return Area.objects.create(
            county=self.county, name=name, name_genitive=genitive, phone=phone, hours="arkisin klo 8–16",
            emergency_phone="08 000 0112",
        )  # fmt: skip

    def person(
        self, name: str, role: str | None, home: Unit | None = None, *, area: Area | None = None, unit: Unit | None = None
    ) -> User:
        """Somebody with an account and, if given, a role that has been in force since 2020. `home` is the unit."""
        return self._people(one=(name, role, home, area, unit))["one"]

    def _people(self, **wanted: tuple[str, str | None, Unit | None, Area | None, Unit | None]) -> dict[str, User]:
        """Many at once, in three statements: nearly every test begins with them."""
        users, roles = [], []
        for name, role, home, area, unit in wanted.values():
            email = f"{name.lower().replace(' ', '.').replace('ä', 'a').replace('ö', 'o')}@esimerkki.invalid"
            user = User(
                email=email, name=name, title="ammattilainen", unit=home, phone="040 000 0101", sort_key=sort_key(name)
            )
            user.set_unusable_password()
            users.append(user)
            if role:
                roles.append(RoleMembership(user=user, role=role, area=area, unit=unit, starts_on=date(2020, 1, 1)))
        User.objects.bulk_create(users)
        RoleMembership.objects.bulk_create(roles)
        keys = [user.pk for user in users]
        made = User.objects.select_related("unit__agency", "unit__area").in_bulk(keys)
        return dict(zip(wanted, (made[key] for key in keys), strict=True))

    def client(self, user: User | None = None, *, second_factor: bool = True, fresh: bool = True) -> Client:
        """A browser in which this person has signed in, just now or (not `fresh`) an hour ago; without one, nobody."""
        client = Client()
        if user is not None:
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = BACKEND
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session[METHODS] = [{"method": "password", "at": time.time() - (0 if fresh else 3600)}]
            session[METHODS_USER] = str(user.pk)
            if second_factor:
                session[SECOND_FACTOR] = True
            session.save()
            client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return client

    def concern(self, *, by: User | None = None, now: datetime, **fields: Any) -> Any:
        """A professional's written worry about Aatu."""
        values = {
            "child_name": "Aatu", "child_age": 4, "place": "Päiväkoti Pikkukäpy", "strengths": "Leikkii Oivan kanssa.",
            "everyday": "Aamut ovat vaikeita.", "family_asked": "yes", "agreed": "Äiti toivoo apua.",
            "reachable": "040 000 0101",
        } | fields  # fmt: skip
        return intake.log_concern(by=by or self.professional, form_key=uuid.uuid4(), now=now, **values)

    def help_request(self, *, now: datetime, **fields: Any) -> Any:
        """A mother's own request from the public page, written in its hat."""
        values = {
            "source": "guardian", "everyday": "Poika itkee ovella yövuoron jälkeen.", "strengths": "Luetaan kirja.",
            "child_name": "Väinö", "child_age": 4, "place": "Kuusiranta", "phone": "040 000 0122", "suits": "klo 14",
            "language": "suomi", "interpreter": False, "protected": False,
        } | fields  # fmt: skip
        with wearing("public"):
            number = help_request.send(area=self.area, form_key=uuid.uuid4(), now=now, **values)
        return HelpRequest.objects.get(ref=number)

    def case(
        self,
        *,
        call: str = "2026-06-05 12:46",
        concern: bool = True,
        child: str = "Aatu",
        age: int = 4,
        consent: bool = True,
    ) -> Case:
        """A case opened from a call of Kaisa's, with Sari as a member and Antti as one who has left.

        The mother has said yes to everything for everybody in it, unless `consent` is false.
        """
        now = at(call)
        row = self.concern(now=now, child_name=child, child_age=age) if concern else None
        taken = intake.begin_call(by=self.coordinator, area=self.area, concern=row, now=now)
        taken = intake.save_call(
            call=taken, version=taken.version, now=now, child_name=child, child_family_name="Suvilehto", child_age=age,
            guardians="Jenna Suvilehto, äiti", strengths="Leikkii hyvin.", everyday="Itkee aamuisin, SALAINEN-TEKSTI.",
            consent="oral", consent_by="äiti 5.6.", consent_for="neuvola", route="network",
        )  # fmt: skip
        case = intake.finish_call(call=taken, by=self.coordinator, now=now).case
        assert case is not None
        meetings.add_member(case=case, user=self.member, must_attend=True, by=self.coordinator, now=now)
        if consent:
            self.consent(case)
        gone = meetings.add_member(case=case, user=self.left, must_attend=False, by=self.coordinator, now=now)
        from cases.actions.network import end_membership

        end_membership(case=case, membership=gone, reason="siirtyi muualle", by=self.coordinator, now=now)
        return Case.objects.get(pk=case.pk)

    def consent(self, case: Case, *members: Any, sections: Any = ASKED, answer: str = "yes") -> Person:
        """The mother's word on these sections for these members, by default for all professionals in the network."""
        now = timezone.now()  # the database looks at its own clock: a word of another year would have ended one day
        mother = case.persons.filter(kind="guardian", name="Hilla").first()
        if mother is None:
            meetings.add_person(
                case=case,
                kind="guardian",
                name="Hilla",
                family_name="Suvilehto",
                relation="äiti",
                by=self.coordinator,
                now=now,
            )
            mother = case.persons.get(kind="guardian", name="Hilla")
        seats = case.memberships.current().filter(user__isnull=False).exclude(role="coordinator")
        seats = [seat for seat in seats if not members or seat.user in members]
        record_words(
            case=case, giver=mother, words=[Word(seat, section, answer) for seat in seats for section in sections],
            way="meeting", valid_until=None, by=self.coordinator, now=now,
        )  # fmt: skip
        return mother


def template() -> LogbookTemplate:
    """A short logbook template: two themes at home, one in day care, one in leisure time."""
    row = LogbookTemplate.objects.create(age_band="early_childhood", name="Varhaiskasvatus")
    themes = [("home", "Arjen rytmi"), ("home", "Uni ja lepo"), ("day_care", "Leikki ja kaverit"), ("leisure", "Ulkoilu")]
    Theme.objects.bulk_create(
        Theme(template=row, environment=Environment(environment), position=position, title=title)
        for position, (environment, title) in enumerate(themes)
    )
    return row
