"""What every installation begins with: the county, its municipalities, and the first logbook template in our own words.

Municipality codes: Statistics Finland's classification, three digits with leading zeros. 19 = Pohjois-Pohjanmaa.
"""

from django.db import transaction

from meetings.models import Environment, LogbookTemplate, Theme
from networks.models import County, Municipality

MUNICIPALITIES = {
    "009": "Alavieska", "069": "Haapajärvi", "071": "Haapavesi", "072": "Hailuoto", "139": "Ii", "208": "Kalajoki",
    "244": "Kempele", "305": "Kuusamo", "317": "Kärsämäki", "425": "Liminka", "436": "Lumijoki", "483": "Merijärvi",
    "494": "Muhos", "535": "Nivala", "563": "Oulainen", "564": "Oulu", "615": "Pudasjärvi", "625": "Pyhäjoki",
    "626": "Pyhäjärvi", "630": "Pyhäntä", "678": "Raahe", "691": "Reisjärvi", "746": "Sievi", "748": "Siikajoki",
    "785": "Vaala", "791": "Siikalatva", "832": "Taivalkoski", "859": "Tyrnävä", "889": "Utajärvi", "977": "Ylivieska",
}  # fmt: skip
SWEDISH = {"564": "Uleåborg", "072": "Karlö", "678": "Brahestad", "425": "Limingo", "139": "Ijo"}

# Own words, no licensed text: everyday situations, strengths first, never a child's faults.
THEMES: list[tuple[str, str, str]] = [
    ("home", "Perhe ja läheiset", "Ketkä kuuluvat lapsen elämään? Mitä yhdessä tehdään?"),
    ("home", "Arjen rytmi", "Aamut, ruoka, ulkoilu ja illat."),
    ("home", "Lepo ja uni", "Miten nukahdetaan ja herätään?"),
    ("home", "Mieli ja tunteet", "Mikä ilahduttaa, mikä harmittaa, mikä rauhoittaa?"),
    ("day_care", "Aamut ja eron hetki", "Millaista on tulla päiväkotiin?"),
    ("day_care", "Leikki ja kaverit", "Kenen kanssa ja mitä leikitään?"),
    ("day_care", "Puhe ja oppiminen", "Missä lapsi on innostunut ja taitava?"),
    ("day_care", "Turvallinen aikuinen", "Kenen luo lapsi menee, kun jokin on vaikeaa?"),
    ("leisure", "Harrastukset ja ulkoilu", "Mitä lapsi tekee mielellään muualla?"),
    ("leisure", "Suku, naapurit ja ystävät", "Kuka auttaa, kun perhe tarvitsee apua?"),
]


@transaction.atomic
def load() -> None:
    """Load what is missing. Runs at every set-up; never changes what somebody has edited."""
    county, _ = County.objects.get_or_create(
        code="19", defaults={"name": "Pohjois-Pohjanmaan hyvinvointialue", "name_sv": "Norra Österbottens välfärdsområde"}
    )
    for code, name in MUNICIPALITIES.items():
        Municipality.objects.get_or_create(
            code=code, defaults={"county": county, "name": name, "name_sv": SWEDISH.get(code, "")}
        )
    template, made = LogbookTemplate.objects.get_or_create(
        age_band="early_childhood", language="fi", version=1, defaults={"name": "Varhaiskasvatus"}
    )
    if made:
        Theme.objects.bulk_create(
            Theme(template=template, environment=Environment(where), position=n, title=title, hint=hint)
            for n, (where, title, hint) in enumerate(THEMES)
        )
