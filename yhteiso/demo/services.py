"""The demonstration's service directory: invented services of the city, the county, organisations and a parish."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cases.actions.directory import ask
from networks.actions import service as actions
from networks.models import Agency, Capacity, Level, Need, Sector, Service
from yhteiso.demo.people import NGO, Cast
from yhteiso.hats.wear import wearing
from yhteiso.lib.dates import helsinki_date, working_day_until

PARISH, CLUB = "Kuusirannan seurakunta", "Kuusirannan Kisa ry"
FREE, QUEUE, FULL, UNKNOWN = Capacity.FREE, Capacity.QUEUE, Capacity.FULL, Capacity.UNKNOWN
LONG_AGO = 215  # days: about seven months


@dataclass(frozen=True)
class Row:
    """One service: whose, what, for whom, how much room, and how many days ago somebody confirmed it."""

    agency: str
    name: str
    sentence: str
    ages: tuple[int, int]
    needs: tuple[Need, ...]
    room: tuple[Capacity, str] = (UNKNOWN, "")
    level: Level = Level.BASIC
    unit: str = ""
    phone: str = ""
    hours: str = ""
    contact: str = ""
    consult: str | None = None  # when; empty is no, None not known
    referral: bool = False
    ago: int = 6
    whole_county: bool = False
    name_sv: str = ""


N, F, A = Need, "Lapsiperheiden palvelut", "Aikuisten palvelut"
ROWS = (
    Row(F, "Perheohjaus", "Perheohjaaja tulee kotiin tai tavataan muualla. Katsotaan yhdessä, mikä arjessa auttaisi.", (0, 17),
        (N.DAILY_LIFE, N.SLEEP, N.PARENTHOOD), (FREE, "vapaata ensi viikolla"), unit="Perheohjaus Kuusiranta",
        phone="08 000 2030", contact="perheohjaaja", consult="ti ja to klo 12", name_sv="Familjehandledning"),
    Row(F, "Perhetyö kotiin", "Sama työntekijä käy kotona muutaman viikon ajan.", (0, 17), (N.DAILY_LIFE, N.SLEEP),
        (QUEUE, "jonossa 4 perhettä"), phone="08 000 2040", consult="", ago=8),
    Row(F, "Lapsiperheiden kotipalvelu", "Apua kodin ja lasten hoitoon, kun voimat ovat vähissä.", (0, 12), (N.DAILY_LIFE,),
        (FREE, "alkaa viikon sisällä"), phone="08 000 2050", hours="arkisin klo 8–18", consult="", ago=20),
    Row(F, "Kasvatus- ja perheneuvonta", "Keskustelua lapsen kasvusta, tunteista ja perheen pulmista.", (0, 17),
        (N.MOOD, N.GROWTH, N.PARENTHOOD), (QUEUE, "noin kuusi viikkoa"), Level.SPECIAL, phone="08 000 2060",
        consult="ke klo 9–10", ago=33),
    Row(F, "Eroperheen vuoroilta", "Ilta kuussa vanhemmille, joiden ero on tuore. Lapsille on oma ryhmä.", (3, 15),
        (N.PARENTHOOD,), (FREE, "mahtuu mukaan"), phone="08 000 2070", hours="kuun ensimmäinen tiistai klo 18", consult=""),
    Row("Neuvola ja terveys", "Lastenneuvola", "Lapsen kasvun ja koko perheen voinnin seurantaa.", (0, 6),
        (N.GROWTH, N.SLEEP), (FREE, "aikoja kahden viikon sisällä"), unit="Kuusirannan neuvola", phone="08 000 2110",
        contact="terveydenhoitaja", consult="ma klo 12–13", name_sv="Barnrådgivning"),
    Row("Neuvola ja terveys", "Puheterapia", "Tukea puheen ja kielen kehitykseen.", (2, 12), (N.GROWTH, N.SCHOOL),
        (FULL, "täynnä syksyyn"), Level.SPECIAL, phone="08 000 2120", consult="to klo 8–9", referral=True, ago=41),
    Row("Neuvola ja terveys", "Lasten mielenterveyspalvelut", "Apua, kun lapsen mieliala tai pelot haittaavat arkea.", (5, 17),
        (N.MOOD,), (FULL, "täynnä elokuuhun"), Level.SPECIAL, phone="08 000 2130", consult="ti–to klo 12–13",
        referral=True, ago=5, whole_county=True),
    Row("Neuvola ja terveys", "Nuorisopsykiatrian arvio", "Arvio ja hoidon suunnittelu, kun peruspalvelut eivät riitä.",
        (13, 17), (N.MOOD,), (QUEUE, "noin kolme viikkoa"), Level.DEMANDING, phone="08 000 2140", consult="ma klo 8–9",
        referral=True, ago=12, whole_county=True),
    Row(A, "Päihdeneuvonta vanhemmille", "Vanhemman juomisesta tai muusta käytöstä voi puhua leimaamatta.", (0, 17),
        (N.SUBSTANCES,), (FREE, "ilman ajanvarausta"), unit="Mielenterveyspalvelut Kuusiranta", phone="08 000 2210",
        hours="ma–to klo 9–15", consult="arkisin klo 12", ago=15),
    Row(A, "Aikuissosiaalityö", "Apua vuokraan, velkoihin ja etuuksien hakemiseen.", (0, 17), (N.MONEY,),
        (FREE, "puhelinaika joka arkipäivä"), phone="08 000 2220", hours="arkisin klo 9–11", consult="", ago=27),
    Row(A, "Turvakoti Saari", "Turvallinen paikka yölläkin, kun kotona pelottaa. Yhtenäinen apu koko perheelle.", (0, 17),
        (N.SAFETY,), (FREE, "auki aina"), Level.SPECIAL, phone="08 000 2230", consult="ympäri vuorokauden", ago=3,
        whole_county=True),
    Row("Oulun varhaiskasvatus", "Avoin päiväkoti Käpylä", "Leikkiä, lauluja ja juttuseuraa. Aikuinen on mukana.", (0, 5),
        (N.FRIENDS, N.DAILY_LIFE), (FREE, "avoin kaikille"), Level.LEISURE, phone="08 000 2310",
        hours="ma–to klo 9–11.30", consult="", ago=9),
    Row("Oulun perusopetus", "Läksykerho Rantapolku", "Läksyt yhdessä aikuisen kanssa ja välipala.", (7, 15),
        (N.SCHOOL, N.FRIENDS), (FREE, "tilaa viidelle"), unit="Rantapolun koulu", phone="08 000 2320",
        hours="ti ja to klo 14", consult="", ago=LONG_AGO),
    Row("Oulun nuorisopalvelut", "Etsivä nuorisotyö", "Työntekijä tulee sinne, missä nuori on.", (13, 28),
        (N.SCHOOL, N.FRIENDS, N.DAILY_LIFE), (FREE, "yhteys saman päivän aikana"), unit="Etsivä nuorisotyö",
        phone="08 000 2330", contact="nuorisotyöntekijä", consult="arkisin klo 10–16", ago=2),
    Row("Oulun nuorisopalvelut", "Harrastuspassi", "Maksuton harrastus vuodeksi, kun raha on esteenä.", (7, 17),
        (N.HOBBIES, N.MONEY, N.FRIENDS), (QUEUE, "seuraava haku elokuussa"), Level.LEISURE, phone="08 000 2340", consult="",
        ago=50),
    Row(NGO, "Isäryhmä", "Isät syövät yhdessä ja puhuvat arjesta. Lapsille on hoitaja, eikä etukäteen tarvitse ilmoittautua.",
        (0, 12), (N.PARENTHOOD, N.DAILY_LIFE), (FREE, "tilaa kolmelle"), Level.NGO, unit="Perheiden talo",
        phone="040 000 0133", contact="isäryhmän ohjaaja", hours="torstaisin klo 17.30", consult="", ago=190,
        name_sv="Pappagrupp"),
    Row(NGO, "Perheiden vertaiskahvila", "Kahvia, lelulaatikko ja muita vanhempia samassa tilanteessa.", (0, 8),
        (N.FRIENDS, N.DAILY_LIFE), (FREE, "avoin kaikille"), Level.NGO, unit="Perheiden talo", phone="040 000 0134",
        hours="keskiviikkoisin klo 10–13", consult="", ago=11),
    Row(PARISH, "Avoin kohtaamispaikka", "Ovi on auki lapsille ja aikuisille, kirkkoon ei tarvitse kuulua.", (0, 6),
        (N.FRIENDS, N.PARENTHOOD), (FREE, "avoin kaikille"), Level.NGO, phone="08 000 2410", hours="ma ja to aamupäivä",
        consult="", ago=7),
    Row(PARISH, "Lapsiparkki", "Lapsi hoidossa pari tuntia, kun vanhemman pitää käydä asioilla.", (0, 6), (N.DAILY_LIFE,),
        level=Level.NGO, phone="08 000 2420", ago=LONG_AGO),
    Row(CLUB, "Matalan kynnyksen liikuntaryhmä", "Pelejä ja liikettä, ei kilpailuja eikä lisenssejä.", (7, 15),
        (N.HOBBIES, N.FRIENDS), (FULL, "täynnä, jonoon voi ilmoittautua"), Level.LEISURE, phone="040 000 0141",
        hours="maanantaisin klo 17", consult="", ago=64),
)  # fmt: skip


def load(cast: Cast, *, now: datetime) -> None:
    """The same deeds that the pages do, in the hats in which they are done; the stale ones have been asked about."""
    if Service.objects.filter(area=cast.area).exists():
        return
    for name in (PARISH, CLUB):
        details = {"legal_name": name, "controller": name, "sector": Sector.NGO}
        Agency.objects.get_or_create(name=name, defaults=details)
    agencies = {agency.name: agency for agency in Agency.objects.all()}
    for n, row in enumerate(ROWS):
        by = cast.people["Riikka" if n % 3 else "Noora"]
        with wearing("area", by.pk):
            actions.add(area=cast.area, by=by, now=_before(now, row.ago), **_details(row, agencies, cast))
    with wearing("jobs"):
        ask(now=_before(now, 3))


def _before(now: datetime, days: int) -> datetime:
    """That many days ago, or the working day before it."""
    day = helsinki_date(now) - timedelta(days=days)
    return now - (helsinki_date(now) - working_day_until(day))


def _details(row: Row, agencies: dict[str, Agency], cast: Cast) -> dict[str, Any]:
    agency, unit = agencies[row.agency], cast.units.get(row.unit)
    return {
        "agency": agency, "unit": unit, "sector": agency.sector, "level": row.level, "name": row.name, "name_sv": row.name_sv,
        "sentence": row.sentence, "age_from": row.ages[0], "age_to": row.ages[1], "needs": [need.value for need in row.needs],
        "capacity": row.room[0].value, "capacity_note": row.room[1], "phone": row.phone, "hours": row.hours,
        "contact": row.contact, "consultation": None if row.consult is None else bool(row.consult),
        "consultation_when": row.consult or "", "referral": row.referral,
        "areas": [] if row.whole_county else [cast.area],
    }  # fmt: skip
