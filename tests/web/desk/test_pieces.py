"""The settings that the desk adds: what travels, for how long, and over what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sekisho.web import settings as public
from sekisho.web.desk.pieces import beside

BASE = {name: value for name, value in vars(public).items() if name.isupper()}


def pieces(studio: Path, *hosts: str) -> dict[str, Any]:
    return {**BASE, **beside({**BASE, "PUBLIC_HOSTS": list(hosts)}, studio)}


def test_behind_a_proxy_cookies_travel_over_tls_only_and_belong_to_this_host(studio: Path) -> None:
    made = pieces(studio, "privacy.example.com")
    for cookie in ("SESSION", "CSRF"):
        assert made[f"{cookie}_COOKIE_SECURE"] is True
        assert made[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert made[f"{cookie}_COOKIE_NAME"].startswith("__Host-")
    assert made["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


def test_on_this_machine_alone_no_proxy_is_believed(studio: Path) -> None:
    made = pieces(studio)
    assert made["SESSION_COOKIE_SECURE"] is False
    assert made["ALLAUTH_TRUSTED_PROXY_COUNT"] == 0


def test_the_public_settings_stay_as_they_are(studio: Path) -> None:
    before = repr(BASE)
    pieces(studio, "privacy.example.com")
    assert repr(BASE) == before
    # Django itself fills in a database that can only refuse
    assert {d["ENGINE"] for d in public.DATABASES.values()} <= {"django.db.backends.dummy"}
    assert not any("session" in name for name in [*public.MIDDLEWARE, *public.INSTALLED_APPS])


def test_only_the_public_middleware_is_kept_in_its_order(studio: Path) -> None:
    made = [m for m in pieces(studio)["MIDDLEWARE"] if m in BASE["MIDDLEWARE"]]
    assert made == BASE["MIDDLEWARE"]
