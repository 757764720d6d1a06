"""One family's whole way, as the people walk it in their browsers. The same steps with and without JavaScript."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor
from yhteiso.lib.dates import HELSINKI, is_working_day

Visit = Callable[..., Visitor]


def next_working_day() -> date:
    day = datetime.now(HELSINKI).date() + timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def written(day: date) -> str:
    return f"{day.day}.{day.month}.{day.year}"


def tick(page: Page, name: str, value: str) -> None:
    """Choose a radio or a box whose drawn label covers it, as a person clicks the label."""
    page.locator(f'input[name="{name}"][value="{value}"]').check(force=True)


def log_concern(kaisa: Visitor, child: str) -> None:
    page = kaisa.go("/").page
    page.get_by_role("link", name="Kirjoita yhteydenotto").click()
    page.get_by_label("Lapsen etunimi").fill(child)
    page.get_by_label("Ikä", exact=True).fill("4")
    page.get_by_label("Missä lapsi on arjessa?").fill("Päiväkoti Pikkukäpy")
    page.get_by_label("Mikä sujuu hyvin?").fill("Leikkii hyvin ja nauraa.")
    page.get_by_label("Mitä arjessa näkyy?").fill("Aamut ovat olleet raskaita kolme viikkoa.")
    page.get_by_label("Kyllä, ja perhe toivoo yhteistä apua").check()
    page.get_by_label("Kuka puhui perheen kanssa, milloin").fill("Puhuin äidin kanssa tiistaina.")
    page.get_by_role("button", name="Pyydä soittoa").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main")).to_contain_text("viimeistään")
    assert "/concerns/" in page.url
    assert child not in page.url
    assert child not in page.title()


def take_call(riikka: Visitor, child: str) -> str:
    """The coordinator opens the concern while they talk. Returns the case's address."""
    page = riikka.go("/board/").page
    waiting = page.locator("section", has=page.get_by_role("heading", name="Odottaa", exact=True))
    row = waiting.locator("li, article, div.y-row").filter(has_text=child).last
    row.get_by_role("button", name="Avaa ja soita").click()
    expect(page.get_by_label("Lapsen etunimi")).to_have_value(child)
    page.get_by_label("Lapsen sukunimi").fill("Koskimies")
    page.get_by_label("Huoltajat ja miten heidät tavoittaa").fill("Anna Koskimies, äiti, iltapäivisin")
    tick(page, "consent", "oral")
    page.get_by_label("Kuka suostui ja milloin").fill("äiti puhelimessa")
    tick(page, "route", "network")
    page.get_by_role("button", name="Avaa tilanne").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(child)
    return page.url


def gather(riikka: Visitor, case: str) -> None:
    page = riikka.go(f"{case}network/").page
    page.get_by_text("Lisää heti joku, joka sanoi puhelimessa kyllä").click()
    adding = page.locator("form", has=page.get_by_role("button", name="Lisää verkostoon"))
    option = adding.locator("option", has_text="Sari Hietaniitty").first
    adding.get_by_role("combobox").select_option(value=option.get_attribute("value"))
    adding.get_by_role("button", name="Lisää verkostoon").click()
    expect(page.locator("main")).to_contain_text("Sari Hietaniitty")
    page = riikka.go(f"{case}network/person/").page
    family = page.locator("form", has=page.get_by_role("button", name="Lisää perheen ihmisiin"))
    family.get_by_label("huoltaja", exact=True).check()
    family.get_by_label("Etunimi").fill("Anna")
    family.get_by_label("Sukunimi").fill("Koskimies")
    family.get_by_label("Suhde lapseen").fill("äiti")
    family.get_by_role("button", name="Lisää perheen ihmisiin").click()
    expect(page.locator("main")).to_contain_text("Anna Koskimies")
    agree_to_everything(riikka, case)


def agree_to_everything(riikka: Visitor, case: str) -> None:
    """The mother says yes, on the phone, to everything that is asked for each unit."""
    page = riikka.go(f"{case}consents/").page
    form = page.locator("form#kysy")
    for answer in form.locator('input[type="radio"][value="yes"]').all():
        answer.check(force=True)
    way = form.locator('[name$="way"]')
    if way.first.evaluate("e => e.tagName") == "SELECT":
        way.first.select_option(value="phone")
    else:
        form.locator('[name$="way"][value="phone"]').check(force=True)
    form.locator("button.govuk-button").last.click()
    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("kyllä")


def agree_on_a_time(riikka: Visitor, kaisa: Visitor, case: str, child: str) -> None:
    page = riikka.go(f"{case}meetings/new/").page
    page.get_by_label("Päivä", exact=True).fill(written(next_working_day()))
    page.get_by_label("Kellonaika").fill("14.30")
    page.get_by_label("Paikka").fill("Päiväkoti Pikkukäpy")
    page.get_by_role("button", name="Ehdota aikaa ja kutsu").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Verkostotapaaminen")
    meeting = page.url

    theirs = kaisa.go("/").page
    invitation = theirs.locator("article", has_text=child)
    yes = invitation.locator('input[type="radio"][value="yes"]').first
    yes.check(force=True)
    theirs.get_by_role("button", name="Lähetä vasta").click()
    theirs.wait_for_load_state()
    expect(kaisa.go("/").page.locator("article", has_text=child)).to_have_count(0)

    page.goto(meeting)
    page.get_by_role("button", name="Vahvista tapaaminen").click()
    expect(page.locator("main")).to_contain_text("Vahvistettu")


def hold_and_write(riikka: Visitor, case: str) -> None:
    page = riikka.go(case).page
    page.get_by_role("link", name="Verkostotapaaminen").first.click()
    now = datetime.now(HELSINKI)
    if not page.locator('input[name="held-day"]').is_visible():
        page.get_by_text("Merkitse pidetyksi").first.click()
    page.locator('input[name="held-day"]').fill(written(now.date()))
    page.locator('input[name="held-clock"]').fill(f"{now.hour}.{now.minute:02}")
    page.locator("form", has=page.locator('input[name="held-day"]')).locator('button[type="submit"]').click()
    expect(page.locator("main")).to_contain_text("Pidetty")
    page.get_by_role("button", name="Avaa lokikirja").click()
    tick(page, "t1-mark", "strength")
    page.locator('textarea[name="t1-note"]').fill("Mummo keittää perjantaisin puuroa.")
    tick(page, "frame-child_heard", "present")
    page.get_by_label("Lapsen omat sanat").fill("Haluan että äiti hakee kun on vielä valoisaa.")
    row = page.locator("fieldset.y-planrow").last
    row.locator('textarea[name$="-what"]').fill("Soitan perheelle ja kysyn, miten aamut sujuvat")
    person = row.locator('select[name$="-membership"]')
    kaisa = person.locator("option", has_text="Kaisa Koivupuro").first.get_attribute("value")
    person.select_option(value=kaisa)
    row.locator('input[name$="-due_on"]').fill(written(now.date()))
    page.locator('input[name="frame-next_on"]').fill(written(next_working_day() + timedelta(days=14)))
    page.get_by_role("button", name="Tallenna").last.click()
    page.wait_for_load_state()
    page.get_by_role("button", name="Lue ääneen ja hyväksy").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lukekaa tämä yhdessä ääneen")
    page.get_by_role("button", name="Hyväksymme tämän").click()
    expect(page.locator("main")).to_contain_text("Mummo keittää perjantaisin puuroa.")
    expect(page.locator('textarea[name="t1-note"]')).to_have_count(0)


def keep_the_promise(kaisa: Visitor) -> None:
    page = kaisa.go("/commitments/").page
    promise = page.locator("article", has_text="Soitan perheelle ja kysyn")
    promise.locator('input[type="radio"][value="kept"]').check(force=True)
    button = promise.locator('button[type="submit"]')
    if button.count() and button.first.is_visible():
        button.first.click()
    else:
        page.get_by_role("button", name="Tallenna merkinnät").first.click()
    page.wait_for_load_state()
    kept = kaisa.go("/commitments/").page.locator("li, article").filter(has_text="Soitan perheelle ja kysyn").first
    expect(kept).to_contain_text("Pidetty")
