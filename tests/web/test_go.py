"""The page behind a link in a message: mail scanners look as often as they like, one press of the button acts."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from mailshop import make_shop
from sekisho.app import settings
from sekisho.app.post import MailBooks
from sekisho.ground import stamp
from sekisho.messages.address import read_address
from served import Browse, serving

CHROMIUM = os.environ.get("SEKISHO_TEST_CHROMIUM") or shutil.which("chromium") or ""
PURPOSE, CASE = "news", "case-12"
ONE_CLICK = {"data": "List-Unsubscribe=One-Click", "content_type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def kites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("go") / "kites", 25)


@pytest.fixture
def books(kites: Path) -> MailBooks:
    return MailBooks(settings.read(kites))


@pytest.fixture
def client(browse: Browse, kites: Path) -> Client:
    found: Client = browse(kites)
    return found


@pytest.fixture
def link(books: MailBooks) -> str:
    return f"/en/go/{books.once.link(CASE, PURPOSE, stamp.now())}"


def stop_link(books: MailBooks, address: str) -> tuple[str, str]:
    mark = books.stops.mark(read_address(address))
    return mark, f"/en/go/{books.once.stop_link(mark, PURPOSE, stamp.now())}"


@pytest.mark.unit
def test_looking_at_a_page_never_uses_its_link(client: Client, books: MailBooks, link: str) -> None:
    assert client.head(link).status_code == 200
    for _ in range(3):
        shown = client.get(link)
        assert "Nothing has happened yet" in shown.content.decode()
        assert "We write news to those who said yes." in shown.content.decode()
    done = client.post(link)
    assert (done.status_code, "Confirmed" in done.content.decode()) == (200, True)
    again = client.post(link)
    assert "was used already" in again.content.decode()
    assert "was used already" in client.get(link).content.decode()
    assert books.once.confirmed(CASE, PURPOSE) is not None


@pytest.mark.unit
def test_a_mail_program_stops_messages_with_one_click(client: Client, books: MailBooks) -> None:
    mark, address = stop_link(books, "one@example.jp")
    bare = address.removeprefix("/en")
    client.get(bare)
    assert not books.stops.stopped(mark, PURPOSE)
    for _ in range(2):
        done = client.post(bare, **ONE_CLICK)
        assert done.status_code == 200
        assert not done.cookies
    assert books.stops.stopped(mark, PURPOSE)
    assert "Stopped already" in client.get(address).content.decode()


@pytest.mark.unit
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_presses_no_button(client: Client, books: MailBooks, link: str, headers: dict[str, str]) -> None:
    refused = client.post(link, headers=headers)
    assert "Nothing has happened yet" in refused.content.decode()
    assert "Confirmed" in client.post(link, headers={"Origin": "http://127.0.0.1"}).content.decode()


@pytest.mark.unit
@pytest.mark.parametrize("token", ["x", "A" * 43, "あ" * 43, "A" * 500, "..", "A" * 42 + "'"])
def test_what_is_no_link_is_the_same_page_for_everybody(client: Client, token: str) -> None:
    for answer in (client.get(f"/en/go/{token}"), client.post(f"/en/go/{token}")):
        assert answer.status_code == 404
        assert "cannot be used" in answer.content.decode()


@pytest.mark.unit
def test_a_link_that_is_over_is_told_as_one_that_never_was(client: Client, books: MailBooks) -> None:
    over = books.once.link("case-13", PURPOSE, stamp.now() - timedelta(days=4))
    answer = client.post(f"/en/go/{over}")
    assert answer.status_code == 404
    assert books.once.confirmed("case-13", PURPOSE) is None


@pytest.mark.unit
def test_the_address_is_told_to_nobody(client: Client, link: str) -> None:
    shown = client.get(link)
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert shown.headers["Cache-Control"] == "no-store"
    assert shown.headers["X-Robots-Tag"] == "noindex"
    assert client.put(link).status_code == 405


@pytest.mark.unit
def test_a_look_makes_no_file(browse: Browse, tmp_path: Path) -> None:
    root = make_shop(tmp_path / "kites", 25)
    assert browse(root).get(f"/go/{'A' * 43}").status_code == 404
    assert not (root / "books" / "messages.db").exists()
    assert not (root / "books" / "keys" / "contact").exists()


def _broken_rules(page: Page) -> list[str]:
    found = Axe().run(page)
    assert found.response["passes"], "the rules did not run"
    return [v["id"] for v in found.response["violations"]]


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no chromium: set SEKISHO_TEST_CHROMIUM, or run `make services`")
def test_a_person_presses_the_button_after_three_scanners(kites: Path, books: MailBooks) -> None:
    token = books.once.link("case-14", PURPOSE, stamp.now())
    with serving(kites) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        for _ in range(3):
            scanner = browser.new_context()
            scanner.new_page().goto(f"{address}/go/{token}")
            scanner.close()
        assert books.once.confirmed("case-14", PURPOSE) is None
        context = browser.new_context(locale="ja-JP")
        page = context.new_page()
        page.goto(f"{address}/go/{token}")
        assert _broken_rules(page) == []
        page.get_by_role("button", name="確認する").click()
        page.get_by_role("heading", name="確認しました").wait_for()
        assert _broken_rules(page) == []
        assert context.cookies() == []
        browser.close()
    assert books.once.confirmed("case-14", PURPOSE) is not None
