"""Call mode as a coordinator uses it: the keyboard only, a line that drops, a sign-in that ends while somebody talks."""

import sys
import time
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Visitor, connect
from tests.e2e.walk import Visit

GOAL = 90  # seconds for the whole intake
A_KEY = 0.2  # seconds a keystroke of an average typist (Card, Moran and Newell's keystroke-level model)
RIIKKA = "Riikka Tuulenpää"


class Keys:
    """A keyboard that counts: what a person's fingers would do."""

    def __init__(self, page: Page) -> None:
        self.page, self.strokes = page, 0

    def press(self, *names: str) -> None:
        for name in names:
            self.page.keyboard.press(name)
            self.strokes += name.count("+") + 1

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.strokes += len(text)

    def to(self, label: str) -> None:
        """Tab until the field of this name has the focus."""
        field = self.page.get_by_label(label, exact=True)
        for _step in range(25):
            if field.evaluate("el => el === document.activeElement"):
                return
            self.press("Tab")
        raise AssertionError(f"{label} can't be reached with Tab")


def new_call(riikka: Visitor) -> Page:
    page = riikka.go("/board/").page
    page.get_by_role("button", name="Uusi puhelu").first.press("Enter")
    page.wait_for_url("**/calls/**")
    return page


def call_row(database: str, everyday: str) -> tuple[str, int] | None:
    with connect(database) as conn:
        return conn.execute("SELECT everyday, version FROM cases_call WHERE everyday = %s", [everyday]).fetchone()


def test_the_whole_intake_with_the_keyboard_in_ninety_seconds(visit: Visit, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed: the machine's time, the keystrokes, and both together as a person would need them."""
    riikka = visit(RIIKKA)
    page = riikka.go("/board/").page
    keys, began = Keys(page), time.monotonic()
    page.get_by_role("button", name="Uusi puhelu").first.focus()
    keys.press("Enter")
    page.wait_for_url("**/calls/**")
    page.locator("body").press("Home")
    keys.to("Soittaja")
    keys.write("Mira Kangasvuokko")
    keys.to("Yksikkö")
    keys.write("Kuusirannan neuvola")
    keys.to("Lapsen etunimi")
    keys.write("Vilja")
    keys.to("Syntymäaika tai ikä")
    keys.write("3.2.2020")
    keys.to("Huoltajat ja miten heidät tavoittaa")
    keys.write("isä, 040 000 0101 iltaisin")
    keys.to("Mikä sujuu")
    keys.write("Iltasatu luetaan joka ilta. Mummo auttaa.")
    keys.to("Mitä arjessa näkyy")
    keys.write("Isä on jäänyt yksin kolmen lapsen kanssa. Vilja on vetäytynyt leikeistä.")
    keys.to("Ketkä ovat jo perheen ympärillä?")
    keys.write("esiopetus, neuvola")
    keys.press("Tab", "Space")  # the first answer of the consent
    keys.to("Kuka suostui ja milloin")
    keys.write("isä 9.6.")
    keys.press("Alt+1", "Control+Enter")
    page.wait_for_url("**/cases/**")
    machine = time.monotonic() - began
    expect(page.get_by_role("heading", level=1)).to_contain_text("Vilja")
    expect(page.locator("main")).to_contain_text("Lue soittajalle")
    riikka.errors[:] = [error for error in riikka.errors if "htmx:" not in error]  # the page was left while it still asked
    person = machine + keys.strokes * A_KEY
    with capsys.disabled():
        sys.stdout.write(f"\nintake: machine {machine:.1f} s, {keys.strokes} keystrokes, a person {person:.0f} s\n")
    assert person <= GOAL


def test_neither_a_dropped_line_nor_an_ended_sign_in_loses_what_was_typed(visit: Visit, database: str) -> None:
    words, more = (f"{text} {uuid.uuid4().hex[:6]}" for text in ("Aamut ovat raskaita", "Kesken jäi"))
    riikka = visit(RIIKKA)
    page = new_call(riikka)
    state = page.locator("[data-save-state]")
    riikka.context.set_offline(True)
    page.get_by_label("Mitä arjessa näkyy").fill(words)
    page.keyboard.press("Tab")
    expect(state).to_contain_text("Ei yhteyttä. Teksti on tallessa tällä sivulla")
    page.keyboard.press("Control+Enter")  # nothing is sent into nowhere, and the page stays
    expect(state).to_contain_text("Ei yhteyttä")
    expect(page.get_by_label("Mitä arjessa näkyy")).to_have_value(words)
    assert page.evaluate("() => { const e = new Event('beforeunload', {cancelable: true}); return !dispatchEvent(e) }")
    stored = page.evaluate(
        "async () => JSON.stringify([{...localStorage}, {...sessionStorage}, await indexedDB.databases()])"
    )
    assert words not in stored
    assert call_row(database, words) is None
    riikka.context.set_offline(False)
    expect(state).to_contain_text("Tallessa klo")
    assert call_row(database, words) == (words, 1)
    assert not page.evaluate("() => { const e = new Event('beforeunload', {cancelable: true}); return !dispatchEvent(e) }")
    riikka.errors[:] = [error for error in riikka.errors if "ERR_INTERNET_DISCONNECTED" not in error]

    riikka.context.clear_cookies()
    page.get_by_label("Mitä arjessa näkyy").fill(more)
    page.keyboard.press("Tab")
    expect(page.locator("[data-session-elsewhere]")).to_contain_text("Kirjaudu toisessa välilehdessä ja jatka")
    expect(page.locator("[data-save-state]")).to_contain_text("Teksti on tallessa tällä sivulla")
    beside = riikka.context.new_page()
    beside.goto("/account/login/")
    beside.get_by_role("button", name=RIIKKA).click()
    beside.wait_for_url(lambda where: "/account/login" not in where)
    beside.close()
    page.bring_to_front()
    expect(page.locator("[data-save-state]")).to_contain_text("Tallessa klo")
    expect(page.locator("[data-session-elsewhere]")).to_be_hidden()
    assert call_row(database, more) == (more, 2)
    page.keyboard.press("Alt+2")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/board/")


def test_both_texts_of_two_windows_stand_on_the_page(visit: Visit, database: str) -> None:
    mine, theirs = f"Minun {uuid.uuid4().hex[:6]}", f"Toisen {uuid.uuid4().hex[:6]}"
    riikka = visit(RIIKKA)
    page = new_call(riikka)
    other = visit(RIIKKA).go(page.url).page
    other.get_by_label("Mitä arjessa näkyy").fill(theirs)
    with other.expect_response(lambda answer: "/draft/" in answer.url):
        other.keyboard.press("Tab")
    page.get_by_label("Mitä arjessa näkyy").fill(mine)
    page.keyboard.press("Tab")
    expect(page.locator("[data-other-window]")).to_contain_text(theirs)
    expect(page.get_by_label("Mitä arjessa näkyy")).to_have_value(mine)
    assert call_row(database, mine) is None
    page.get_by_role("button", name="Pidä tämän sivun teksti").click()
    expect(page.locator("[data-save-state]")).to_contain_text("Tallessa klo")
    assert call_row(database, mine)


def test_the_shortcuts_can_be_switched_off_and_a_concern_is_joined(visit: Visit) -> None:
    child = f"Liito{uuid.uuid4().hex[:6]}"
    kaisa = visit("Kaisa Koivupuro")
    page = kaisa.go("/concerns/new/").page
    for label, text in (("Lapsen etunimi", child), ("Missä lapsi on arjessa?", "Päiväkoti"), ("Mikä sujuu hyvin?", "Leikki."),
                        ("Mitä arjessa näkyy?", "Väsymystä."), ("Kuka puhui perheen kanssa", "Puhuin äidin kanssa tiistaina.")):  # fmt: skip
        page.get_by_label(label).fill(text)
    page.get_by_label("Ikä", exact=True).fill("5")
    page.get_by_label("Kyllä, ja perhe toivoo yhteistä apua").check()
    page.get_by_role("button", name="Pyydä soittoa").click()
    page.wait_for_url("**/concerns/**-**/")
    page = new_call(visit(RIIKKA))
    page.get_by_label("Pikanäppäimet käytössä").uncheck()
    page.keyboard.press("Alt+2")
    expect(page.locator('input[name="route"][value="advice"]')).not_to_be_checked()
    page.get_by_label("Pikanäppäimet käytössä").check()
    page.get_by_label("Soittaja", exact=True).fill("Kaisa Koivupuro")
    page.keyboard.press("Tab")
    row = page.locator("#odottaa li").filter(has_text=child)
    row.get_by_role("button", name="Liitä tähän puheluun").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Yhteydenottoon vastaaminen")
    expect(page.get_by_label("Lapsen etunimi")).to_have_value(child)
