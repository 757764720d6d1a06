"""The demonstration's rules and usual set of the area, and units that have been asked to one family's network."""

from datetime import date, datetime, timedelta
from typing import Any

from cases.actions import needs
from cases.actions import unit_invitation as invitations
from cases.actions.unit_invitation import Asked
from cases.models import Case, UnitInvitation
from networks.actions import suggestion
from networks.models import AgeBand, Level, Need, Season, Service, SuggestionRule
from yhteiso.demo.people import Cast
from yhteiso.hats.wear import wearing

DECIDED = date(2026, 5, 13)
N = Need
# What is suggested (a service by name, or a need and a level), the reason, and the conditions.
RULES: tuple[tuple[dict[str, Any], str, dict[str, Any]], ...] = (
    ({"service": "Perheohjaus"}, "Arki on raskasta, ja apu tulee sinne missä perhe on.", {"needs": [N.DAILY_LIFE, N.SLEEP]}),
    ({"service": "Lastenneuvola"}, "Neuvola tuntee lapsen ja perheen vauvasta asti.", {"age_to": 6, "needs": [N.GROWTH, N.SLEEP]}),
    ({"service": "Lapsiperheiden kotipalvelu"}, "Yksin lasten kanssa kädet eivät riitä kaikkeen.", {"one_adult": True}),
    ({"service": "Perhetyö kotiin"}, "Yksi aikuinen ja monta lasta: apua tarvitaan kotiin.", {"one_adult": True, "children_from": 3}),
    ({"suggest_need": N.FRIENDS, "suggest_level": Level.NGO}, "Muut samassa tilanteessa auttavat jaksamaan.",
     {"needs": [N.FRIENDS, N.DAILY_LIFE]}),
    ({"service": "Eroperheen vuoroilta"}, "Ero on tuore, ja lapsille on oma ryhmä.", {"needs": [N.PARENTHOOD]}),
    ({"service": "Avoin päiväkoti Käpylä"}, "Koulut ja esiopetus ovat lomalla.", {"age_to": 6, "season": Season.SUMMER}),
    ({"suggest_need": N.MONEY}, "Raha-asiat painavat, ja niihin saa apua.", {"needs": [N.MONEY]}),
)  # fmt: skip
USUAL = (
    (AgeBand.UNDER_SCHOOL, "Päiväkoti", "", "Päiväkoti Pikkukäpy"), (AgeBand.UNDER_SCHOOL, "Neuvola", "Lastenneuvola", ""),
    (AgeBand.UNDER_SCHOOL, "Perheohjaus", "Perheohjaus", ""), (AgeBand.PRESCHOOL, "Esiopetus", "", "Päiväkoti Hippula"),
    (AgeBand.PRESCHOOL, "Neuvola", "Lastenneuvola", ""), (AgeBand.PRESCHOOL, "Perheohjaus", "Perheohjaus", ""),
    (AgeBand.PRESCHOOL, "Järjestö tai seurakunta", "Isäryhmä", ""), (AgeBand.PRIMARY, "Koulu", "", "Rantapolun koulu"),
    (AgeBand.PRIMARY, "Perheohjaus", "Perheohjaus", ""),
)  # fmt: skip


def load(cast: Cast, *, now: datetime) -> None:
    """By the same deeds as the pages do."""
    if SuggestionRule.objects.filter(area=cast.area).exists():
        return
    services = {row.name: row for row in Service.objects.filter(area=cast.area)}
    by = cast.people["Riikka"]
    with wearing("area", by.pk):
        for what, sentence, when in RULES:
            fields: dict[str, Any] = {
                "age_from": 0, "age_to": 17, "needs": [], "one_adult": False, "children_from": 1, "caller_sector": "",
                "season": "", "service": None, "suggest_need": "", "suggest_level": "", "active": True, "decided_on": DECIDED,
            }  # fmt: skip
            chosen = what | ({"service": services[what["service"]]} if "service" in what else {})
            suggestion.add_rule(area=cast.area, by=by, now=now, **(fields | chosen | when | {"sentence": sentence}))
        for band, label, service, unit in USUAL:
            suggestion.add_usual(
                area=cast.area, band=band, label=label, service=services.get(service), unit=cast.units.get(unit),
                decided_on=DECIDED, by=by, now=now,
            )  # fmt: skip
    _asked(cast, services, now)


def _asked(cast: Cast, services: dict[str, Service], now: datetime) -> None:
    """The newest family: one unit has been asked, one has declined, one waits for the family's yes."""
    case = (
        Case.objects.open()
        .filter(area=cast.area, protected=False, status__in=["new", "gathering"])
        .order_by("-t0_at")
        .first()
    )
    if case is None:
        return
    lead = case.coordinator
    with wearing("area", lead.pk):
        needs.choose_needs(case=case, needs=[N.DAILY_LIFE, N.SLEEP], one_adult=True, children=3, by=lead, now=now)
    for first, service, unit, family_first, ago in (
        ("Heikki", None, "Mielenterveyspalvelut Kuusiranta", False, 26), ("Sari", "Perheohjaus", "Perheohjaus Kuusiranta", False, 2),
        ("Olli", "Isäryhmä", "Perheiden talo", True, 1),
    ):  # fmt: skip
        _ask(case, cast, services.get(service or ""), (first, unit), family_first, now - timedelta(hours=ago))
    row = UnitInvitation.objects.filter(case=case, user=cast.people["Heikki"]).first()
    if row is not None:
        with wearing("member", cast.people["Heikki"].pk):
            invitations.decline(
                invitation=row, reason="consult", words="Voimme konsultoida, mutta emme ehdi tapaamiseen. Soittakaa ti–to klo 12.",
                by=cast.people["Heikki"], now=now - timedelta(hours=1),
            )  # fmt: skip


def _ask(case: Case, cast: Cast, service: Service | None, who: tuple[str, str], family_first: bool, at: datetime) -> None:
    user, unit = cast.people[who[0]], cast.units[who[1]]
    if case.memberships.current().filter(user=user).exists():
        return
    with wearing("area", case.coordinator_id):
        invitations.invite(
            case=case,
            unit=unit,
            user=user,
            service=service,
            how=Asked(family_first=family_first),
            by=case.coordinator,
            now=at,
        )
