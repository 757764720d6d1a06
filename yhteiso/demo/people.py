"""The invented area with its units and its professionals. Addresses end in .invalid, numbers belong to nobody."""

from dataclasses import dataclass, field
from datetime import date

from django.db import transaction

from networks.context import DEMO_DOMAIN
from networks.models import Agency, Area, County, Municipality, Role, RoleMembership, Sector, Unit, User

CITY, COUNTY_NAME, NGO = "Oulun kaupunki", "Pohjois-Pohjanmaan hyvinvointialue", "Perheiden talo ry"
AGENCIES = {
    "Oulun varhaiskasvatus": (CITY, Sector.ECEC),
    "Oulun perusopetus": (CITY, Sector.BASIC_EDUCATION),
    "Oulun nuorisopalvelut": (CITY, Sector.YOUTH),
    "Lapsiperheiden palvelut": (COUNTY_NAME, Sector.FAMILY_SERVICES),
    "Neuvola ja terveys": (COUNTY_NAME, Sector.HEALTH),
    "Aikuisten palvelut": (COUNTY_NAME, Sector.ADULT_SERVICES),
    NGO: (NGO, Sector.NGO),
}
# The authorities: an oral consent is enough for them.
ORAL = {Sector.ECEC, Sector.BASIC_EDUCATION, Sector.FAMILY_SERVICES, Sector.HEALTH, Sector.ADULT_SERVICES}
UNITS = {
    "Päiväkoti Pikkukäpy": "Oulun varhaiskasvatus",
    "Päiväkoti Hippula": "Oulun varhaiskasvatus",
    "Rantapolun koulu": "Oulun perusopetus",
    "Etsivä nuorisotyö": "Oulun nuorisopalvelut",
    "Palveluohjaus Kuusiranta": "Lapsiperheiden palvelut",
    "Perheohjaus Kuusiranta": "Lapsiperheiden palvelut",
    "Kuusirannan neuvola": "Neuvola ja terveys",
    "Mielenterveyspalvelut Kuusiranta": "Aikuisten palvelut",
    "Perheiden talo": NGO,
    "Palveluohjaus Lakeus": "Lapsiperheiden palvelut",
}
OTHER_AREA = {"Palveluohjaus Lakeus"}  # units of Lakeus
# Name, title, unit, role, what the role is bound to.
PEOPLE: list[tuple[str, str, str | None, str, str]] = [
    ("Riikka Tuulenpää", "palveluohjaaja", "Palveluohjaus Kuusiranta", Role.COORDINATOR, "area"),
    ("Noora Lehtovaara", "palveluohjaaja", "Palveluohjaus Kuusiranta", Role.COORDINATOR, "area"),
    ("Liisa Valkamaa", "palvelupäällikkö", "Palveluohjaus Kuusiranta", Role.RESPONSIBLE, "area"),
    ("Kaisa Koivupuro", "varhaiskasvatuksen opettaja", "Päiväkoti Pikkukäpy", Role.PROFESSIONAL, ""),
    ("Sari Hietaniitty", "perheohjaaja", "Perheohjaus Kuusiranta", Role.PROFESSIONAL, ""),
    ("Antti Lumme", "terveydenhoitaja", "Kuusirannan neuvola", Role.PROFESSIONAL, ""),
    ("Mira Kangasvuokko", "terveydenhoitaja", "Kuusirannan neuvola", Role.PROFESSIONAL, ""),
    ("Tuomas Raitaharju", "luokanopettaja", "Rantapolun koulu", Role.PROFESSIONAL, ""),
    ("Elsa Mäntylampi", "varhaiskasvatuksen opettaja", "Päiväkoti Hippula", Role.PROFESSIONAL, ""),
    ("Olli Rantakivi", "isäryhmän ohjaaja", "Perheiden talo", Role.PROFESSIONAL, ""),
    ("Jaana Harjuniitty", "nuorisotyöntekijä", "Etsivä nuorisotyö", Role.PROFESSIONAL, ""),
    ("Heikki Saloranta", "psykiatrinen sairaanhoitaja", "Mielenterveyspalvelut Kuusiranta", Role.PROFESSIONAL, ""),
    ("Marja Kuusela", "päiväkodin johtaja", "Päiväkoti Pikkukäpy", Role.UNIT_HEAD, "unit"),
    ("Päivi Kallioranta", "johtotiimin puheenjohtaja", "Päiväkoti Hippula", Role.LEADERSHIP, "area"),
    ("Ville Harjukallio", "tietosuojavastaava", None, Role.OFFICER, ""),
    ("Teija Lakeusmaa", "palveluohjaaja", "Palveluohjaus Lakeus", Role.COORDINATOR, "area"),
    ("Elina Saarikko", "pääkäyttäjä", None, Role.ADMINISTRATOR, ""),
]


PROTECTED = {"Elsa Mäntylampi"}


@dataclass
class Cast:
    """Whom the demonstration's families meet: people by first name, units by name."""

    area: Area
    people: dict[str, User] = field(default_factory=dict)
    units: dict[str, Unit] = field(default_factory=dict)


@transaction.atomic
def load() -> Cast:
    """The cast, made where it is missing."""
    county = County.objects.get(code="19")
    area, made = Area.objects.get_or_create(
        county=county, name="Kuusiranta",
        defaults={
            "name_genitive": "Kuusirannan", "phone": "08 000 1234", "hours": "arkisin klo 8–16",
            "emergency_phone": "08 000 0112",
        },
    )  # fmt: skip
    if made:
        area.municipalities.set(Municipality.objects.filter(code="564"))
        lakeus, _ = Area.objects.get_or_create(
            county=county, name="Lakeus",
            defaults={
                "name_genitive": "Lakeuden", "phone": "08 000 4321", "hours": "arkisin klo 8–16",
                "emergency_phone": "08 000 0112",
            },
        )  # fmt: skip
        lakeus.municipalities.set(Municipality.objects.filter(code__in=["072", "244", "425", "436", "494", "859"]))
    lakeus = Area.objects.get(county=county, name="Lakeus")
    cast = Cast(area)
    for name, agency_name in UNITS.items():
        controller, sector = AGENCIES[agency_name]
        agency, _ = Agency.objects.get_or_create(
            name=agency_name,
            defaults={
                "legal_name": controller, "controller": controller, "sector": sector, "written_consent": sector not in ORAL,
            },
        )  # fmt: skip
        there = lakeus if name in OTHER_AREA else area
        cast.units[name], _ = Unit.objects.get_or_create(agency=agency, name=name, defaults={"area": there})
    for person in PEOPLE:
        _person(cast, *person)
    if made:
        _finish(cast)
    return cast


def _person(cast: Cast, name: str, title: str, unit: str | None, role: str, bound: str) -> None:
    first, last = name.lower().replace("ä", "a").replace("ö", "o").split()
    email = f"{first}.{last}@{DEMO_DOMAIN}"
    user = User.objects.filter(email=email).first()
    home = cast.units[unit] if unit else None
    if user is None:
        user = User(
            email=email, name=name, title=title, unit=home, phone=f"040 000 {len(cast.people) + 101:04}",
            lp_trained_on=date(2024, 9, 12) if role == Role.PROFESSIONAL else None,
            protected_identity=name in PROTECTED,
        )  # fmt: skip
        user.set_unusable_password()
        user.save()
        RoleMembership.objects.create(
            user=user, role=role, starts_on=date(2024, 1, 1), area=(home.area if home else cast.area) if bound == "area" else None,
            unit=home if bound == "unit" else None,
        )  # fmt: skip
    cast.people[name.split()[0]] = user


def _finish(cast: Cast) -> None:
    cast.area.responsible, cast.area.substitute = cast.people["Riikka"], cast.people["Noora"]
    cast.area.save()
    Unit.objects.filter(pk=cast.units["Päiväkoti Pikkukäpy"].pk).update(head=cast.people["Marja"])
