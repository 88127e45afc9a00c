"""The site with its desk, under settings of its own for as long as a test needs them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.test import Client, override_settings

from sekisho.app.desk import Desk
from sekisho.web import settings as public
from sekisho.web.desk.pieces import beside
from staffroom import PASSWORD, Member

Enrol = Callable[..., Member]
BASE = {name: value for name, value in vars(public).items() if name.isupper()}


@pytest.fixture(scope="package")
def empty(studio: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a studio with the database of a desk at which nobody works."""
    folder = Path(shutil.copytree(studio, tmp_path_factory.mktemp("desk") / "studio"))
    Desk(folder).database.touch(mode=0o600)
    with under(folder):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        connections.close_all()
    return folder


class under:
    """The settings of the site with a folder's desk, and its database, until it is left."""

    def __init__(self, folder: Path) -> None:
        self._made = beside(BASE, folder)
        # a test signs in many times, and what a hash costs is not what it is about
        self._made["PASSWORD_HASHERS"] = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        apps, self._databases = self._made.pop("INSTALLED_APPS"), self._made.pop("DATABASES")
        # apps look at the settings when they begin, so theirs come first
        self._settings = (override_settings(**self._made), override_settings(INSTALLED_APPS=apps))

    def __enter__(self) -> None:
        self._point(self._databases)
        for one in self._settings:
            one.enable()

    def __exit__(self, *error: object) -> None:
        connections.close_all()
        for one in reversed(self._settings):
            one.disable()
        self._point({})

    @staticmethod
    def _point(databases: dict[str, Any]) -> None:
        connections.__dict__["settings"] = connections.configure_settings(databases)
        if hasattr(connections._connections, "default"):
            del connections["default"]


@pytest.fixture
def desk(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder with a desk of its own; Django serves it until the test is over."""
    folder = Path(shutil.copytree(empty, tmp_path / "studio"))
    monkeypatch.setenv("SEKISHO_FOLDER", str(folder))
    with under(folder):
        from sekisho.web.desk import adapter

        adapter._desk.cache_clear()
        yield folder


@pytest.fixture
def visitor(desk: Path) -> Client:
    """Return a browser that checks forms as a server does."""
    return Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)


@pytest.fixture
def enrol(desk: Path) -> Enrol:
    """Return what puts somebody on the roll, with a password and an app."""

    def made(name: str = "anna", role: str = "officer") -> Member:
        from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

        from sekisho.adapters.records.models import Staff

        handle = Desk(desk).people.actor(f"staff:{name}")
        member = Staff(name=name, role=role, handle=handle)
        member.set_password(PASSWORD)
        member.save()
        secret = generate_totp_secret()
        TOTP.activate(member, secret)
        return Member(name, secret, handle)

    return made
