"""Signing in as only a real browser does it: passkeys, hidden origins, the lock of a shared device."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.e2e.conftest import Visitor, connect
from tests.e2e.walk import Visit


@pytest.fixture
def by_name(browser: Browser, server: str) -> Iterator[Callable[..., Visitor]]:
    """A visitor of the server by a name: passkeys do not work at an address of numbers."""
    entered: list[Visitor] = []

    def enter(**options: object) -> Visitor:
        entered.append(Visitor(browser, server.replace("127.0.0.1", "localhost"), **options))
        return entered[-1]

    yield enter
    for visitor in entered:
        visitor.close()


class Elsewhere(BaseHTTPRequestHandler):
    """Another site, whose page sends a form to ours as soon as it is opened."""

    page: ClassVar[str] = ""

    def do_GET(self) -> None:
        self.send_response(200)
        for name, value in (("Content-Type", "text/html"), ("Referrer-Policy", "no-referrer")):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.page.encode())

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    site = HTTPServer(("localhost", 0), Elsewhere)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://localhost:{site.server_port}/"
    site.shutdown()
    site.server_close()


def authenticator(visitor: Visitor, *, verifies: bool = True) -> tuple[CDPSession, str]:
    """A virtual authenticator inside Chromium, which answers by itself."""
    devtools = visitor.context.new_cdp_session(visitor.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal" if verifies else "usb", "hasResidentKey": True,
        "hasUserVerification": verifies, "isUserVerified": verifies, "automaticPresenceSimulation": True,
    }  # fmt: skip
    return devtools, devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def make_passkey(page: Page, name: str) -> None:
    page.goto("/account/2fa/webauthn/add/")
    page.get_by_label("Avainkoodin nimi").fill(name)
    page.get_by_role("button", name="Tee avainkoodi").click()


def passkeys(database: str) -> int:
    with connect(database) as conn:
        return conn.execute("SELECT count(*) FROM mfa_authenticator WHERE type = 'webauthn'").fetchone()[0]


def sign_out(page: Page) -> None:
    page.locator("summary.y-user").click()
    page.get_by_role("button", name="Kirjaudu ulos").click()
    page.wait_for_url("**/account/login/**")


def test_a_passkey_is_made_signs_in_alone_and_is_removed(by_name, database: str) -> None:
    ville = by_name().sign_in("Ville Harjukallio")
    page = ville.page
    devtools, key = authenticator(ville)
    before = passkeys(database)
    make_passkey(page, "Työpuhelin")
    page.wait_for_url("**/recovery-codes/**")
    assert passkeys(database) == before + 1
    made = devtools.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert [row["isResidentCredential"] for row in made] == [True]
    page.goto("/")
    sign_out(page)
    page.get_by_role("button", name="Kirjaudu avainkoodilla").click()
    page.wait_for_url(lambda where: "/account/" not in where)  # no password, no code: straight to the front page
    expect(page.locator("summary.y-user")).to_contain_text("Ville Harjukallio")
    page.goto("/account/2fa/webauthn/")
    expect(page.locator(".y-item__title")).to_have_text("Työpuhelin")
    # It opens the lock too.
    page.goto("/account/sessions/")
    page.get_by_role("button", name="Tämä on yhteinen laite").click()
    page.locator("summary.y-user").click()
    page.get_by_role("button", name="Lukitse näyttö").click()
    page.get_by_role("button", name="Käytä avainkoodia").click()
    page.wait_for_url("**/account/sessions/")
    page.goto("/account/2fa/webauthn/")
    page.get_by_role("link", name="Poista").click()
    page.get_by_role("button", name="Poista avainkoodi").click()
    page.wait_for_url("**/webauthn/")
    assert passkeys(database) == before


def test_an_authenticator_that_does_not_verify_its_user_is_refused(by_name, database: str) -> None:
    noora = by_name().sign_in("Noora Lehtovaara")
    authenticator(noora, verifies=False)
    before = passkeys(database)
    make_passkey(noora.page, "Pelkkä kosketus")
    expect(noora.page.locator('[data-passkey-says="failed"]')).to_be_visible()
    assert passkeys(database) == before


def test_the_server_refuses_it_even_when_the_script_does_not(by_name, database: str) -> None:
    """A changed script asks for no verification, and the authenticator answers by mere touch."""
    noora = by_name().sign_in("Noora Lehtovaara")
    page, before = noora.page, passkeys(database)
    authenticator(noora, verifies=False)
    noora.page.add_init_script(
        "const make = navigator.credentials.create.bind(navigator.credentials);"
        "navigator.credentials.create = (o) => { o.publicKey.authenticatorSelection = { userVerification: 'discouraged' }; return make(o); };"
    )
    make_passkey(page, "Pelkkä kosketus")
    expect(page.get_by_text("Tätä avainkoodia ei voitu ottaa käyttöön")).to_be_visible()
    assert passkeys(database) == before


def test_without_a_script_the_page_says_so(by_name) -> None:
    page = by_name(java_script_enabled=False).sign_in("Kaisa Koivupuro").go("/account/2fa/webauthn/add/").page
    expect(page.get_by_text("Avainkoodi tarvitsee JavaScriptin")).to_be_visible()
    expect(page.get_by_role("button", name="Tee avainkoodi")).to_be_hidden()


def test_a_plain_form_has_a_hidden_origin_and_still_passes(visit: Visit) -> None:
    visitor = visit("Kaisa Koivupuro")
    page = visitor.go("/account/sessions/").page
    with page.expect_request(lambda request: request.method == "POST") as caught:
        page.get_by_role("button", name="Tämä on yhteinen laite").click()
    expect(page.get_by_text("Näyttö lukittuu 15 minuutin")).to_be_visible()
    sent = caught.value.all_headers()
    assert (sent["origin"], sent["sec-fetch-site"]) == ("null", "same-origin")
    assert "referer" not in sent


def test_a_script_s_request_has_its_origin_and_no_referrer(visit: Visit) -> None:
    page = visit("Riikka Tuulenpää").go("/board/").page
    page.get_by_role("button", name="Uusi puhelu").first.click()
    page.wait_for_url("**/calls/**")
    page.get_by_label("Mitä arjessa näkyy").fill("Soittaja kertoo aamuista.")
    with page.expect_request(lambda request: "/draft/" in request.url) as caught:
        page.keyboard.press("Tab")
    sent = caught.value.all_headers()
    assert sent["origin"].startswith("http://127.0.0.1")
    assert "referer" not in sent
    assert caught.value.response().ok


@pytest.mark.parametrize("frame", [False, True], ids=["page", "sandboxed frame"])
def test_a_form_of_another_site_is_refused(visit: Visit, server: str, elsewhere: str, frame: bool) -> None:
    """From another site, and from a frame without any origin inside it: both send `null`, neither is same-origin."""
    another, visitor = visit("Kaisa Koivupuro"), visit("Kaisa Koivupuro")
    page = visitor.page
    send = (
        f'<form method="post" action="{server}/account/sessions/others/"></form><script>document.forms[0].submit()</script>'
    )
    Elsewhere.page = f"<iframe sandbox='allow-forms allow-scripts' srcdoc='{send}'></iframe>" if frame else send
    if frame:  # the browser may lose sight of the frame's own requests; it always tells that our answer was not shown
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.goto(elsewhere, wait_until="commit")
    else:
        with page.expect_response(lambda answer: "/others/" in answer.url) as caught:
            page.goto(elsewhere, wait_until="commit")
        sent = caught.value.request.all_headers()
        assert (caught.value.status, sent["origin"], sent["sec-fetch-site"]) == (403, "null", "cross-site")
        page.wait_for_url("**/others/")
    visitor.go("/")
    visitor.errors.clear()  # the frame may not show our page, and the browser says so
    expect(page.locator("summary.y-user")).to_be_visible()
    expect(another.go("/").page.locator("summary.y-user")).to_be_visible()  # the form would have ended this one


def test_a_shared_screen_locks_and_the_draft_stays(visit: Visit) -> None:
    visitor = visit("Kaisa Koivupuro")
    page = visitor.go("/account/sessions/").page
    page.get_by_role("button", name="Tämä on yhteinen laite").click()
    page.goto("/concerns/new/")
    page.get_by_label("Mitä arjessa näkyy?").fill("Kesken jäänyt lause")
    page.evaluate("document.body.dataset.idleSeconds = '1'")
    expect(page.locator("[data-session-locked]")).to_be_visible(timeout=10_000)
    expect(page.locator("main")).to_be_hidden()
    page.get_by_role("button", name="Avasin sen").click()  # it has not been opened: nothing is shown
    page.wait_for_timeout(500)
    expect(page.locator("main")).to_be_hidden()
    with visitor.context.expect_page() as opened:
        page.get_by_role("link", name="Avaa lukitus uudessa ikkunassa").click()
    lock = opened.value
    expect(lock.get_by_text("Kaisa K. on kirjautunut")).to_be_visible()
    assert "Koivupuro" not in lock.content()
    assert Axe().run(lock).violations_count == 0
    lock.get_by_role("button", name="Minä se olen").click()
    lock.wait_for_url(lambda where: "/lock/" not in where)
    page.evaluate("document.body.dataset.idleSeconds = '900'")
    page.get_by_role("button", name="Avasin sen").click()
    expect(page.get_by_label("Mitä arjessa näkyy?")).to_have_value("Kesken jäänyt lause")
    expect(page.locator("main")).to_be_visible()
