"""The desk in a real browser: in by invitation, by password and app, by a passkey alone; nothing asked of others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from served import serving
from staffroom import PASSWORD, code, staff, told

CHROMIUM = os.environ.get("SEKISHO_TEST_CHROMIUM") or shutil.which("chromium") or ""
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium: set SEKISHO_TEST_CHROMIUM, or run `make services`"),
]

JAPANESE = {
    "": "ren",
    "stores": "保管先",
    "evidence": "証拠",
    "staff": "担当者",
    "factors": "サインインの方法",
    "sign-out": "サインアウト",
}
"""Page → its heading, for an officer named ren."""


@pytest.fixture(scope="module")
def manned(studio: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a studio where an officer was invited."""
    folder = Path(shutil.copytree(studio, tmp_path_factory.mktemp("desk") / "studio"))
    assert staff(folder, "add", "first", "--role", "officer").returncode == 0
    return folder


@pytest.fixture(scope="module")
def address(manned: Path) -> Iterator[str]:
    with serving(manned) as found:
        # a passkey is bound to a name, never to a number
        yield found.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield made
        made.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(locale="en-GB")
    yield made
    made.close()


class Watched:
    """A page whose every stop is looked at: no rule of accessibility broken, nothing asked of another host."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.troubles = page, list[str]()
        page.on("request", lambda r: None if r.url.startswith(address) else self.troubles.append(f"asked {r.url}"))
        page.on("pageerror", lambda e: self.troubles.append(str(e)))
        page.on("console", lambda m: self.troubles.append(m.text) if m.type == "error" else None)

    def looks_right(self, heading: str) -> None:
        expect(self.page.locator("h1")).to_have_text(heading)
        found = Axe().run(self.page)
        assert found.response["passes"], "the rules did not run"
        assert [(v["id"], v["nodes"][0]["html"]) for v in found.response["violations"]] == []
        assert self.troubles == []

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()


def come_in(look: Watched, address: str, invitation: str) -> None:
    """Open an invitation and choose a password."""
    look.page.goto(address + invitation[invitation.index("/desk/") :])
    look.looks_right("Welcome")
    look.page.locator("#id_new_password1").fill(PASSWORD)
    look.page.locator("#id_new_password2").fill(PASSWORD)
    look.press("Go on")
    look.looks_right("Signing in")


def test_in_by_invitation_then_by_password_and_app(context: BrowserContext, address: str, manned: Path) -> None:
    look = Watched(context.new_page(), address)
    page = look.page
    come_in(look, address, told(manned, "add", "mika", "--role", "auditor")["invitation"])
    page.get_by_role("link", name="Set up an app").click()
    look.looks_right("Set up an app")
    assert page.locator("svg.qr").bounding_box()
    secret = page.locator("#secret").inner_text()
    page.locator("#id_code").fill(code(secret))
    look.press("Set it up")
    look.looks_right("Recovery codes")
    assert page.locator(".codes code").count() == 10
    page.get_by_role("link", name="I have written them down").click()
    look.looks_right("mika")
    page.get_by_role("link", name="Sign out").click()
    look.looks_right("Sign out")
    look.press("Sign out")
    look.looks_right("Sign in")
    page.locator("#id_login").fill("ＭＩＫＡ")
    page.locator("#id_password").fill(PASSWORD)
    look.press("Sign in")
    look.looks_right("Your second factor")
    page.locator("#id_code").fill(code(secret))
    look.press("Sign in")
    look.looks_right("mika")
    for link, heading in (("Stores", "Stores"), ("Evidence", "Evidence")):
        page.get_by_role("link", name=link, exact=True).click()
        look.looks_right(heading)
    expect(page.get_by_text("ticket 4711").first).to_be_visible()
    assert page.get_by_role("link", name="Staff", exact=True).count() == 0
    page.get_by_role("link", name="日本語").click()
    look.looks_right("証拠")
    cookies = {c["name"]: c for c in context.cookies()}
    assert (cookies["desk"]["httpOnly"], cookies["desk"]["sameSite"]) == (True, "Lax")
    assert cookies["desk-form"]["httpOnly"]


def test_in_by_a_passkey_alone(context: BrowserContext, address: str, manned: Path) -> None:
    look = Watched(context.new_page(), address)
    page = look.page
    devices = context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    come_in(look, address, told(manned, "add", "ren", "--role", "officer")["invitation"])
    page.get_by_role("link", name="Add a passkey").click()
    look.looks_right("Add a passkey")
    look.press("Add a passkey")
    look.looks_right("Recovery codes")
    page.goto(f"{address}/en/desk/sign-out")
    look.press("Sign out")
    look.looks_right("Sign in")
    look.press("Sign in with a passkey")
    look.looks_right("ren")
    page.get_by_role("link", name="Staff", exact=True).click()
    look.looks_right("Staff")
    # beside a password it is the second factor
    page.goto(f"{address}/en/desk/sign-out")
    look.press("Sign out")
    page.locator("#id_login").fill("ren")
    page.locator("#id_password").fill(PASSWORD)
    look.press("Sign in")
    look.looks_right("Your second factor")
    look.press("Use a passkey")
    look.looks_right("ren")
    # and the last factor cannot be taken away
    page.goto(f"{address}/en/desk/factors")
    look.looks_right("Signing in")
    page.get_by_role("link", name="take away").click()
    with page.expect_response(lambda r: r.status == 409):
        page.reload()
    look.troubles.clear()  # the browser tells of the 409 itself
    look.looks_right("This is your last factor")
    # on a telephone, at night, in Japanese
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme="dark")
    for path, heading in JAPANESE.items():
        page.goto(f"{address}/ja/desk/{path}")
        look.looks_right(heading)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_without_javascript_everything_but_passkeys_works(browser: Browser, address: str, manned: Path) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    invitation = told(manned, "add", "noa", "--role", "engineer")["invitation"]
    page.goto(address + invitation[invitation.index("/desk/") :])
    for field in ("#id_new_password1", "#id_new_password2"):
        page.locator(field).fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.goto(f"{address}/en/desk/factors/keys/add")
    expect(page.get_by_text("A passkey needs JavaScript")).to_be_visible()
    expect(page.get_by_role("button", name="Add a passkey")).to_have_count(0)
    page.goto(f"{address}/en/desk/factors/app")
    secret = page.locator("#secret").inner_text()
    page.locator("#id_code").fill(code(secret))
    page.get_by_role("button", name="Set it up").click()
    page.goto(f"{address}/en/desk/sign-out")
    page.get_by_role("button", name="Sign out").click()
    page.locator("#id_login").fill("noa")
    page.locator("#id_password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.locator("#id_code").fill(code(secret))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("h1")).to_have_text("noa")
    context.close()
