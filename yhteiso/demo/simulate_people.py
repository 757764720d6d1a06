"""The invented places and people of a simulated year, with their holidays, illnesses and changes of work."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random

from cases.models import ConsentWording
from networks.models import Absence, Agency, Area, County, Municipality, Role, RoleMembership, Sector, Unit, User
from yhteiso import reference
from yhteiso.demo import simulate_model as model

SINCE = date(2020, 1, 1)
START = "esimerkki.invalid"


@dataclass(eq=False)
class Place:
    """One area with its units and people, each as the application and as the model know them."""

    row: Area
    known: model.Area
    guidance: Unit
    units: list[Unit]
    coordinators: list["Somebody"] = field(default_factory=list)
    professionals: list["Somebody"] = field(default_factory=list)
    responsible: "Somebody | None" = None


@dataclass(eq=False)
class Somebody:
    """A person: the row, and what the model knows of them."""

    row: User
    known: model.Person
    place: Place | None

    @property
    def hat(self) -> str:
        return self.row.hat


class People:
    """Everybody. Made by the owner of the tables, before anything happens."""

    def __init__(self, areas: int, random: Random) -> None:
        self.random, self.all, self.heads = random, list[Somebody](), dict[int, model.Person]()
        reference.load()
        ConsentWording.objects.get_or_create(version=1, defaults={"valid_from": SINCE, "text": "Saako puhua?"})
        self.county = County.objects.order_by("pk")[0]
        self.city = Municipality.objects.order_by("pk")[0]
        self.places = [self._place(n) for n in range(areas)]
        self.officer = self.somebody("Virkamies", None, [(Role.OFFICER, None)])
        for n in (1, 2):
            self.somebody(f"Ylläpitäjä {n}", None, [(Role.ADMINISTRATOR, None)])
        self.by_pk = {one.row.pk: one for one in self.all}

    def _place(self, n: int) -> Place:
        area = Area.objects.create(
            county=self.county, name=f"Simula {n}", name_genitive=f"Simulan {n}", phone=f"08 000 {n:04}", hours="arkisin",
            emergency_phone="08 000 0112",
        )  # fmt: skip
        area.municipalities.add(self.city)
        units = []
        for name, sector in (("Perheohjaus", Sector.FAMILY_SERVICES), ("Päiväkoti", Sector.ECEC), ("Koulu", Sector.ECEC)):
            agency = Agency.objects.create(
                name=f"{name} {n}", legal_name=f"{name} {n}", controller=f"{name} {n}", sector=sector, written_consent=False
            )
            units.append(Unit.objects.create(agency=agency, area=area, name=f"{name} {n}"))
        place = Place(area, model.Area(area.pk), units[0], units[1:])
        for k in range(3):
            place.coordinators.append(self.somebody(f"Koordinaattori {n} {k}", place, [(Role.COORDINATOR, area)], units[0]))
        place.responsible = self.somebody(f"Vastuu {n}", place, [(Role.RESPONSIBLE, area)], units[0])
        for unit in units:
            head = self.somebody(f"Johtaja {unit.pk}", place, [(Role.UNIT_HEAD, unit)], unit)
            self.heads[unit.pk] = head.known
        for unit in units[1:]:
            for k in range(4):
                place.professionals.append(
                    self.somebody(f"Ammattilainen {unit.pk} {k}", place, [(Role.PROFESSIONAL, None)], unit)
                )
        if n % 2:  # named in the area's settings, beside the roles
            area.responsible, area.substitute = place.responsible.row, place.coordinators[2].row
            area.save()
            place.known.responsible, place.known.substitute = place.responsible.known, place.coordinators[2].known
        return place

    def somebody(
        self, name: str, place: Place | None, roles: list[tuple[str, Area | Unit | None]], unit: Unit | None = None
    ) -> Somebody:
        user = User(email=f"s{len(self.all)}@{START}", name=name, title="työ", unit=unit, phone="040 000 0101")
        user.set_unusable_password()
        user.save()
        known = model.Person(user.pk, unit.pk if unit else 0)
        for role, where in roles:
            area, heads = (where if isinstance(where, Area) else None), (where if isinstance(where, Unit) else None)
            RoleMembership.objects.create(user=user, role=role, area=area, unit=heads, starts_on=SINCE)
            known.roles.append((str(role), area.pk if area else None, None))
        one = Somebody(User.objects.select_related("unit__agency", "unit__area").get(pk=user.pk), known, place)
        self.all.append(one)
        return one

    # -- what happens to them ----------------------------------------------------------------------------------------------

    def go_away(self, one: Somebody, from_on: date, days: int, now: datetime) -> None:
        """An absence, with a substitute who says yes, says no, or has not answered; or with nobody."""
        until = from_on + timedelta(days=days)
        if any(row.from_on <= until and row.until_on >= from_on for row in one.known.away):
            return
        others = [other for other in self.all if model.colleague(one.known, other.known, from_on)]
        instead = self.random.choice(others) if others and self.random.random() < 0.8 else None
        accepted = self.random.choice([True, True, True, False, None]) if instead else None
        Absence.objects.create(
            user=one.row, from_on=from_on, until_on=until, substitute=instead.row if instead else None, made_at=now,
            made_by=one.row, accepted=accepted, answered_at=None if accepted is None else now,
        )  # fmt: skip
        one.known.away.append(model.Away(from_on, until, instead.known if instead else None, accepted))

    def leave(self, one: Somebody) -> None:
        """The account is shut for good."""
        User.objects.filter(pk=one.row.pk).update(is_active=False)
        one.row.is_active = one.known.active = False

    def end_role(self, one: Somebody, on: date) -> None:
        """Every role ends with this day."""
        RoleMembership.objects.filter(user=one.row).update(ends_on=on)
        one.known.roles = [(role, area, on) for role, area, _end in one.known.roles]

    def move(self, one: Somebody, unit: Unit) -> None:
        """A professional works in another unit from now on."""
        User.objects.filter(pk=one.row.pk).update(unit=unit)
        one.row = User.objects.select_related("unit__agency", "unit__area").get(pk=one.row.pk)
        one.known.unit = unit.pk

    def able(self, place: Place, day: date, *, recused: set[model.Person] = frozenset()) -> list[Somebody]:  # type: ignore[assignment]
        """The coordinators who can act in the area."""
        return [
            one for one in place.coordinators
            if one.known.has("coordinator", place.row.pk, day) and one.known not in recused
        ]  # fmt: skip
