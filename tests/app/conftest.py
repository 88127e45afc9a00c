"""The sample studio, made once a module, and a copy for each test that changes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sekisho.app.demo import FILE, make_demo


@pytest.fixture(scope="module")
def studio_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("board") / "studio"
    make_demo(folder, "sqlite", FILE, lambda text: None)
    return folder


@pytest.fixture
def studio(studio_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(studio_once, tmp_path / "studio"))
