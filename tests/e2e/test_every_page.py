"""Each kind of page at two widths, in light and dark: accessible by machine, no sideways scroll, nothing stored."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import Visitor
from tests.e2e.walk import Visit

# Who opens which pages. A path of links is walked from the first address by what is written on them.
PAGES: dict[str, list[list[str]]] = {
    "": [["/account/login/"], ["/help/"], ["/privacy/"], ["/accessibility/"], ["/account/password/reset/"],
         ["/invitation/none/"], ["/komponentit/"]],
    "Kaisa Koivupuro": [["/"], ["/concerns/new/"], ["/cases/"], ["/cases/", "Aatu"], ["/commitments/"], ["/meetings/"],
                        ["/cases/0000-0000-00/"], ["/account/2fa/"], ["/cases/", "Aatu", "Verkostotapaaminen"], ["/account/sessions/"],
                        ["/account/confirmation/"], ["/account/2fa/webauthn/"], ["/account/2fa/webauthn/add/"],
                        ["/absences/"], ["/messages/settings/"], ["/messages/"], ["/messages/week/"]],
    "Riikka Tuulenpää": [["/board/"], ["/cases/"], ["/board/", "Aatu"], ["/board/", "Aatu", "Kuka on katsonut"],
                         ["/board/", "Aatu", "Kutsu mukaan"],
                         ["/board/", "Kerttu", "Ehdota aikaa"], ["/board/", "Aatu", "Verkostotapaaminen"],
                         ["/board/", "Aatu", "Korjaa puhelun aika"], ["/board/", "Aatu", "Päätä tilanne"],
                         ["/board/", "Eevi", "Lokikirja"], ["/commitments/"], ["/meetings/"], ["/month/"], ["/messages/"], ["/messages/week/"],
                         ["/services/"], ["/services/", "Isäryhmä"], ["/services/new/"], ["/services/import/"]],
    "Marja Kuusela": [["/unit/commitments/"], ["/messages/"]],
    "Päivi Kallioranta": [["/month/"]],
    "Ville Harjukallio": [["/oversight/"], ["/log/"], ["/log/report/"], ["/disclosures/"], ["/oddities/"]],
}  # fmt: skip
SIZES = [(1280, "light"), (1280, "dark"), (360, "light"), (360, "dark")]


# Light on the wide screen and dark on the phone in every run; the other two in `make test-deep`.
EVERY_SIZE = [
    pytest.param(
        width, scheme, id=f"{width}-{scheme}", marks=[] if (width == 1280) == (scheme == "light") else pytest.mark.deep
    )
    for width, scheme in SIZES
]


@pytest.mark.parametrize(("width", "scheme"), EVERY_SIZE)
@pytest.mark.parametrize("name", PAGES, ids=[n.split()[0] if n else "nobody" for n in PAGES])
def test_pages_are_accessible_and_fit(visit: Visit, name: str, width: int, scheme: str) -> None:
    visitor = visit(name or None, viewport={"width": width, "height": 800}, color_scheme=scheme)
    for trail in PAGES[name]:
        walk_to(visitor, trail)
        check(visitor.page, trail)


def walk_to(visitor: Visitor, trail: list[str]) -> None:
    visitor.go(trail[0])
    for link in trail[1:]:
        visitor.page.locator("main").get_by_role("link", name=re.compile(f"^{link}|{link}$|{link}")).first.click()
        visitor.page.wait_for_load_state()


def check(page: Page, trail: list[str]) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, f"{trail}\n{found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{trail}: {wide} px too wide"
    stored = page.evaluate("localStorage.length + sessionStorage.length")
    assert stored == 0, f"{trail}: something is stored in the browser"
    assert page.locator("h1").count() == 1, trail
    assert page.evaluate("document.querySelectorAll('[style], style, script:not([src])').length") == 0, trail


def test_a_new_call_s_page(visit: Visit) -> None:
    for width, scheme in SIZES:
        visitor = visit("Riikka Tuulenpää", viewport={"width": width, "height": 800}, color_scheme=scheme)
        visitor.go("/board/").page.get_by_role("button", name="Uusi puhelu").first.click()
        visitor.page.wait_for_url("**/calls/**")
        check(visitor.page, ["call"])


@pytest.mark.parametrize(("width", "scheme"), EVERY_SIZE)
def test_the_pages_that_are_used_at_the_table(visit: Visit, width: int, scheme: str) -> None:
    """The logbook while it is written, its reading aloud, moving a meeting, adding somebody of the family."""
    visitor = visit("Riikka Tuulenpää", viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = visitor.page
    walk_to(visitor, ["/board/", "Saimi"])
    case = page.url
    page.goto(f"{case}network/person/")
    check(page, ["network person"])
    page.goto(case)
    page.locator("main").get_by_role("link", name="Verkostotapaaminen").first.click()
    meeting = page.url
    page.goto(f"{meeting}move/")
    check(page, ["move"])
    page.goto(meeting)
    opening = page.get_by_role("button", name="Avaa lokikirja")
    if opening.count():
        opening.click()
        page.wait_for_load_state()
    page.goto(f"{meeting}logbook/")
    assert page.locator('textarea[name="t1-note"]').is_visible()
    check(page, ["logbook"])
    page.goto(f"{meeting}logbook/approval/")
    assert page.url.endswith("/approval/")
    check(page, ["approval"])
    page.goto(f"{case}closure/")
    check(page, ["closure"])
    page.goto(f"{case}joining/")
    check(page, ["joining"])
