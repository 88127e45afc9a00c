"""The pages in a real browser: no rule of accessibility broken, nothing fetched from elsewhere, the keyboard enough."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from served import serving

CHROMIUM = os.environ.get("SEKISHO_TEST_CHROMIUM") or shutil.which("chromium") or ""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium: set SEKISHO_TEST_CHROMIUM, or run `make services`"),
]

PAGES = (
    *("/", "/promises", "/data-map", "/evidence", "/evidence/5", "/versions", "/versions/2026-12-01", "/verify"),
    "/nowhere",
)
LOOKS = {"ja": ((390, "light"), (1280, "dark")), "en": ((390, "dark"), (1280, "light"))}


@pytest.fixture(scope="module")
def address(two_versions: Path) -> Iterator[str]:
    with serving(two_versions) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield made
        made.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_rule_and_asks_nobody_else(browser: Browser, address: str, path: str, language: str) -> None:
    for width, scheme in LOOKS[language]:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        troubles = listen(page, address)
        page.goto(f"{address}/{language}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = Axe().run(page)
        assert found.response["passes"], "the rules did not run"
        assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == []
        assert troubles == []
        assert context.cookies() == []
        context.close()


def listen(page: Page, address: str) -> list[str]:
    """Return a list that fills with what a page must not do; the one 404 is the page that is missing."""
    troubles: list[str] = []
    page.on("request", lambda r: None if r.url.startswith(address) else troubles.append(f"asked {r.url}"))
    page.on("pageerror", lambda e: troubles.append(str(e)))
    page.on("console", lambda m: troubles.append(m.text) if m.type == "error" and "404" not in m.text else None)
    return troubles


def test_twice_as_large_needs_no_scrolling_sideways(browser: Browser, address: str) -> None:
    # 1280 pixels at 200 % are 640 of the page's own
    context = browser.new_context(viewport={"width": 640, "height": 450}, device_scale_factor=2)
    page = context.new_page()
    for path in PAGES:
        page.goto(f"{address}/en{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 640, path
    context.close()


def test_the_language_is_switched_by_one_link_and_stays_on_the_page(page: Page, address: str) -> None:
    page.goto(f"{address}/promises")
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="日本語").click()
    assert page.url == f"{address}/ja/promises"
    assert page.locator("h1").inner_text() == "守られた約束"
    page.get_by_role("link", name="証拠", exact=True).first.click()
    assert page.url == f"{address}/ja/evidence"


def test_the_keyboard_is_enough_and_its_place_is_seen(page: Page, address: str) -> None:
    page.goto(f"{address}/en/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for _ in range(40):
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
        page.keyboard.press("Tab")
    style = "getComputedStyle(document.activeElement)"
    assert page.evaluate(f"{style}.outlineStyle") == "solid"
    assert page.evaluate(f"parseFloat({style}.outlineWidth)") >= 2
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")


def test_without_javascript_everything_is_there(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/en/evidence/5")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the receipt").click()
    page.goto(f"{address}/en/verify")
    page.locator("input[type=file]").set_input_files(download.value.path())
    page.get_by_role("button", name="Verify").click()
    assert page.get_by_role("heading", name="It holds").is_visible()
    context.close()


def test_movement_is_only_for_those_who_want_it(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/en/")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = "[...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0)"
    assert page.evaluate(f"{moving}.length") == 0
    context.close()
