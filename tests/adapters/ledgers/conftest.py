"""These tests are about logic, not about the disk: they lie in memory where there is such a place."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

MEMORY = Path("/dev/shm")


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of its own for one test, in memory: syncing thousands of files on a busy disk would take minutes."""
    if not MEMORY.is_dir():
        yield tmp_path_factory.mktemp("folder")
        return
    folder = Path(tempfile.mkdtemp(dir=MEMORY, prefix="sekisho-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
