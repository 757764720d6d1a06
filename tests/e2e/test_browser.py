"""What only a real browser shows: two clicks, invalid forms, keys, the real headers of a form."""

import uuid

from playwright.sync_api import expect

from tests.e2e.conftest import connect
from tests.e2e.walk import Visit


def fill_concern(page, child: str) -> None:
    page.get_by_label("Lapsen etunimi").fill(child)
    page.get_by_label("Ikä", exact=True).fill("5")
    page.get_by_label("Missä lapsi on arjessa?").fill("Päiväkoti Hippula")
    page.get_by_label("Mikä sujuu hyvin?").fill("Piirtää paljon.")
    page.get_by_label("Mitä arjessa näkyy?").fill("Väsymystä aamuisin.")
    page.get_by_label("Kyllä, ja perhe toivoo yhteistä apua").check()
    page.get_by_label("Kuka puhui perheen kanssa, milloin").fill("Puhuin äidin kanssa tiistaina.")


def concerns(database: str, child: str) -> int:
    with connect(database) as conn:
        return conn.execute("SELECT count(*) FROM cases_concern WHERE child_name = %s", [child]).fetchone()[0]


def test_a_double_click_makes_one_row(visit: Visit, database: str) -> None:
    child = f"Kaksi{uuid.uuid4().hex[:6]}"
    page = visit("Kaisa Koivupuro").go("/concerns/new/").page
    fill_concern(page, child)
    page.get_by_role("button", name="Pyydä soittoa").dblclick()
    page.wait_for_url("**/concerns/**-**/")
    assert concerns(database, child) == 1


def test_the_same_form_sent_twice_makes_one_row(visit: Visit, database: str) -> None:
    child = f"Uudestaan{uuid.uuid4().hex[:6]}"
    page = visit("Kaisa Koivupuro").go("/concerns/new/").page
    fill_concern(page, child)
    form = page.evaluate("Object.fromEntries(new FormData(document.querySelector('main form[method=post]')))")
    headers = {"Referer": page.url, "Origin": page.url.split("/concerns")[0]}
    receipts = {page.request.post("/concerns/new/", form=form, headers=headers).url for _ in range(3)}
    assert len(receipts) == 1
    assert concerns(database, child) == 1


def test_an_invalid_form_keeps_what_was_typed_and_says_what_to_do(visit: Visit) -> None:
    page = visit("Kaisa Koivupuro").go("/concerns/new/").page
    fill_concern(page, "Touko")
    page.get_by_label("Ikä", exact=True).fill("neljä")
    page.get_by_role("button", name="Pyydä soittoa").click()
    expect(page.locator(".govuk-error-summary")).to_be_visible()
    expect(page.get_by_label("Ikä", exact=True)).to_have_value("neljä")
    expect(page.get_by_label("Mitä arjessa näkyy?")).to_have_value("Väsymystä aamuisin.")
    assert page.title().startswith("Virhe")


def test_the_language_changes_by_a_real_form(visit: Visit) -> None:
    """A browser sends its Origin header with the form; a test client does not."""
    page = visit().go("/account/login/").page
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Suomi").click()
    expect(page.locator("html")).to_have_attribute("lang", "fi")


def test_a_call_is_saved_as_it_is_typed(visit: Visit) -> None:
    riikka = visit("Riikka Tuulenpää")
    page = riikka.go("/board/").page
    page.get_by_role("button", name="Uusi puhelu").first.click()
    page.wait_for_url("**/calls/**")
    address = page.url
    page.get_by_label("Mitä arjessa näkyy").fill("Soittaja kertoo aamuista.")
    with page.expect_response(lambda answer: "/draft/" in answer.url) as saved:
        page.keyboard.press("Tab")
    assert saved.value.ok
    other = visit("Riikka Tuulenpää").go(address).page
    expect(other.get_by_label("Mitä arjessa näkyy")).to_have_value("Soittaja kertoo aamuista.")


def test_the_route_is_chosen_by_keys(visit: Visit) -> None:
    page = visit("Riikka Tuulenpää").go("/board/").page
    page.get_by_role("button", name="Uusi puhelu").first.click()
    page.wait_for_url("**/calls/**")
    page.keyboard.press("Alt+2")
    expect(page.locator('input[name="route"][value="advice"]')).to_be_checked()
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/board/")


def test_every_answer_has_its_headers(visit: Visit) -> None:
    visitor = visit("Kaisa Koivupuro")
    for path in ("/", "/account/login/", "/cases/0000-0000-00/", "/account/2fa/", "/admin/", "/komponentit/"):
        headers = visitor.page.request.get(path, max_redirects=0).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["cache-control"] == "no-store" or "no-store" in headers["cache-control"], path
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
