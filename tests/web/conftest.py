"""The sample studio, made once, and a client that asks for its pages."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sekisho.web.settings")

import django
from django.test import Client

from sekisho.app import releases
from sekisho.app.demo import FILE, STORE, make_demo
from sekisho.app.wire import Workspace
from sekisho.gate.decide import Ask
from sekisho.ground.errors import Refused
from served import Browse

django.setup()

SUPPORT = "studio_support"


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the sample studio; support has read three customers and was refused their birth dates."""
    folder = tmp_path_factory.mktemp("site") / "studio"
    workspace = make_demo(folder, "sqlite", FILE, lambda text: None)
    passage = workspace.store(STORE).open(Ask(SUPPORT, "support", workspace.actor(), "ticket 4711", ""))
    passage.run("select id, name, email from customers limit 3")
    with pytest.raises(Refused):
        passage.run("select birth_date from customers")
    passage.close()
    workspace.log.checkpoint(workspace.signer)
    return folder


@pytest.fixture
def copy(studio: Path, tmp_path: Path) -> Path:
    """Return a copy of the studio that a test may change."""
    return Path(shutil.copytree(studio, tmp_path / "studio"))


@pytest.fixture
def browse(monkeypatch: pytest.MonkeyPatch) -> Browse:
    """Return a client of the pages of a folder, as whoever sits at this machine."""

    def open_folder(folder: Path) -> Client:
        monkeypatch.setenv("SEKISHO_FOLDER", str(folder))
        return Client(SERVER_NAME="127.0.0.1")

    return open_folder


@pytest.fixture
def client(browse: Browse, studio: Path) -> Client:
    """Return a client of the sample studio's pages."""
    return browse(studio)


@pytest.fixture(scope="session")
def two_versions(studio: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a studio that published a second version, in which shipping may use more."""
    folder = Path(shutil.copytree(studio, tmp_path_factory.mktemp("versions") / "studio"))
    text = (folder / "policy.md").read_text(encoding="utf-8")
    first = Workspace(folder).policy.version.isoformat()
    text = re.sub(rf"version: {first}\neffective: .*", "version: 2026-12-01\neffective: 2026-12-20", text, count=1)
    before = "uses: [name, contact.postal, contact.phone, commerce.order]"
    assert before in text
    text = text.replace(before, "uses: [name, contact, commerce.order]", 1)
    (folder / "policy.md").write_text(text, encoding="utf-8")
    releases.publish(Workspace(folder))
    return folder
