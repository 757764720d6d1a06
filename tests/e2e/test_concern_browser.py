"""A professional's concern in a real browser: on a phone without a script, and after the browser was killed mid-form."""

import time

from playwright.sync_api import expect

from tests.e2e.conftest import connect
from tests.e2e.walk import Visit

TALK = "Puhuin äidin kanssa tiistaina."


def test_on_a_phone_without_a_script(visit: Visit, database: str) -> None:
    visitor = visit("Kaisa Koivupuro", viewport={"width": 360, "height": 800}, java_script_enabled=False)
    page, began = visitor.go("/concerns/new/").page, time.monotonic()
    fields = page.locator("form#concern").locator("input:not([type=hidden]):not([type=radio]), textarea, fieldset")
    assert fields.count() <= 8
    page.get_by_label("Kyllä, ja perhe toivoo yhteistä apua").check()
    page.get_by_label("Kuka puhui perheen kanssa, milloin").fill(TALK)
    page.get_by_label("Mitä arjessa näkyy?").fill("Väsymystä aamuisin.")
    page.get_by_role("button", name="Tallenna luonnos").click()
    expect(page.get_by_text("Luonnoksesi on avattu.")).to_be_visible()
    page.get_by_label("Lapsen etunimi").fill("Vilho")
    page.get_by_label("Ikä", exact=True).fill("viisi")
    page.get_by_label("Mikä sujuu hyvin?").fill("Piirtää paljon.")
    page.get_by_role("button", name="Pyydä soittoa").click()
    expect(page.get_by_role("link", name="Kirjoita lapsen ikä numerona, esimerkiksi 4")).to_be_visible()
    expect(page.get_by_label("Mitä arjessa näkyy?")).to_have_value("Väsymystä aamuisin.")
    page.get_by_label("Ikä", exact=True).fill("5")
    page.get_by_label("Missä lapsi on arjessa?").fill("Päiväkoti Hippula")
    page.get_by_role("button", name="Pyydä soittoa").click()
    expect(page.locator("main")).to_contain_text("viimeistään")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert time.monotonic() - began < 120
    with connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM cases_concern WHERE child_name = 'Vilho'").fetchone() == (1,)
        assert conn.execute("SELECT count(*) FROM cases_concerndraft WHERE NOT kept").fetchone() == (0,)


def test_a_killed_browser_loses_no_text(visit: Visit) -> None:
    page = visit("Kaisa Koivupuro").go("/concerns/new/").page
    page.get_by_label("Mitä arjessa näkyy?").type("Kesken jäänyt lause")
    expect(page.locator("[data-save-state]")).to_contain_text("Luonnos tallessa", timeout=9_000)
    page.context.close()
    page = visit("Kaisa Koivupuro").go("/concerns/new/").page
    expect(page.get_by_label("Mitä arjessa näkyy?")).to_have_value("Kesken jäänyt lause")
    expect(page.get_by_text("Luonnoksesi on avattu.")).to_be_visible()
    page.get_by_role("button", name="Poista luonnos").click()
    expect(page.get_by_text("Luonnos on poistettu.")).to_be_visible()
    page.goto("/concerns/new/")
    expect(page.get_by_label("Mitä arjessa näkyy?")).to_have_value("")
