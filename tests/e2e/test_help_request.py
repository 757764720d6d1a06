"""The public page of a family or a young person, in a browser: three languages, two widths, both schemes, no script."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.test_every_page import SIZES, check
from tests.e2e.walk import Visit, tick

PAGE = "/help-needed/"
# the language chosen on the page → heading, send, the receipt's heading
WORDS = {
    "Suomi": ("Pyydä apua perheellesi", "Lähetä pyyntö", "Pyyntösi on perillä"),
    "Svenska": ("Be om hjälp för din familj", "Skicka begäran", "Din begäran har kommit fram"),
    "English": ("Ask for help for your family", "Send the request", "Your request has arrived"),
}


@pytest.mark.parametrize("language", WORDS)
def test_a_young_person_asks_for_help(visit: Visit, language: str) -> None:
    """The form, an answer that is missing, and the receipt: accessible in every size and scheme, nothing typed lost."""
    title, send, arrived = WORDS[language]
    page = visit().go(PAGE).page
    if language != "Suomi":
        page.get_by_role("button", name=language).click()
    for width, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        check(page, [PAGE, language])
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    tick(page, "source", "child")
    page.locator('[name="everyday"]').fill("En ole käynyt koulussa.")
    page.get_by_role("button", name=send).click()
    page.wait_for_load_state()
    check(page, [PAGE, language, "errors"])
    expect(page.locator('[name="everyday"]')).to_have_value("En ole käynyt koulussa.")
    page.locator('[name="phone"]').fill("040 000 0123")
    page.locator('[name="area"]').select_option(index=1)
    page.get_by_role("button", name=send).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(arrived)
    for width, scheme in SIZES:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        check(page, [PAGE, language, "receipt"])
    expect(page.locator("body")).not_to_contain_text("En ole käynyt koulussa.")


def test_leave_quickly_empties_the_page_and_back_does_not_return(visit: Visit) -> None:
    visitor = visit()
    visitor.go("/help/")
    page = visitor.go(PAGE).page
    page.route(
        re.compile("^https://www.ilmatieteenlaitos.fi/"),
        lambda route: route.fulfill(body="<h1>Weather</h1>", content_type="text/html"),
    )
    page.locator('[name="everyday"]').fill("Salaisuus")
    page.get_by_role("link", name="Poistu nopeasti").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Weather")
    page.go_back()
    assert page.url.endswith("/help/")


def test_it_works_without_scripts_on_a_phone(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = visitor.go(PAGE).page
    assert page.get_by_role("link", name="Poistu nopeasti").get_attribute("href") == "https://www.ilmatieteenlaitos.fi/"
    page.get_by_role("button", name="Svenska").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(WORDS["Svenska"][0])
    tick(page, "source", "guardian")
    page.locator('[name="everyday"]').fill("Morgnarna är svåra.")
    page.locator('[name="phone"]').fill("040 000 0124")
    page.locator('[name="area"]').select_option(index=1)
    page.get_by_role("button", name=WORDS["Svenska"][1]).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(WORDS["Svenska"][2])
