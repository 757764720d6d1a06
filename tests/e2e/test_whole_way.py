"""From a worry to a kept promise and the area's month, by three people; once more with JavaScript off."""

import pytest
from playwright.sync_api import expect

from tests.e2e import walk
from tests.e2e.walk import Visit


@pytest.mark.parametrize(("javascript", "child"), [(True, "Roosa"), (False, "Aarni")], ids=["javascript", "no-javascript"])
def test_the_whole_way(visit: Visit, javascript: bool, child: str) -> None:
    options = {"java_script_enabled": javascript}
    kaisa, riikka = visit("Kaisa Koivupuro", **options), visit("Riikka Tuulenpää", **options)
    walk.log_concern(kaisa, child)
    case = walk.take_call(riikka, child)
    walk.gather(riikka, case)
    walk.agree_on_a_time(riikka, kaisa, case, child)
    walk.hold_and_write(riikka, case)
    walk.keep_the_promise(kaisa)

    page = riikka.go(case).page
    expect(page.locator("main")).to_contain_text("Kahden viikon lupaus pidettiin")
    page.get_by_role("link", name="Verkostotapaaminen").first.click()
    page.get_by_role("link", name="Lokikirja").first.click()
    paper = page.get_by_role("link", name="PDF").first.get_attribute("href")
    answer = page.request.get(paper)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF")
    assert child not in answer.headers["content-disposition"]

    sari = visit("Sari Hietaniitty", **options)
    expect(sari.go(case).page.get_by_role("heading", level=1)).to_contain_text(child)
    expect(sari.page.locator("main")).not_to_contain_text("Aamut ovat olleet raskaita")

    leader = visit("Päivi Kallioranta", **options)
    expect(leader.page.get_by_role("heading", level=1)).to_contain_text("Kuukausikatsaus")
    assert leader.page.request.get(case).status == 404
