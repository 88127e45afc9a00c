"""Beginning a folder: it checks clean at once, its keys stay out of version control, nothing is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terminal import Sekisho, program

pytestmark = pytest.mark.unit


def test_what_is_begun_checks_clean_and_says_what_comes_next(sekisho: Sekisho, tmp_path: Path) -> None:
    begun = sekisho("init", tmp_path / "mine")
    assert begun.code == 0
    assert f"sekisho check {tmp_path / 'mine'}" in begun.out
    assert f"sekisho gate plan shop -C {tmp_path / 'mine'}" in begun.out
    checked = sekisho("check", tmp_path / "mine", "--json")
    assert checked.code == 0
    found = json.loads(checked.out)
    assert [d for d in found["diagnostics"] if d["severity"] != "note"] == []
    assert {c["state"] for c in found["clauses"].values()} >= {"compiled, not applied", "prose"}


def test_keys_and_people_stay_out_of_version_control(tmp_path: Path) -> None:
    assert program("init", tmp_path / "mine").code == 0
    assert "books/" in (tmp_path / "mine" / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("there", ["policy.md", "map/shop.yaml", "sekisho.toml"])
def test_nothing_that_is_there_is_overwritten(sekisho: Sekisho, tmp_path: Path, there: str) -> None:
    (tmp_path / there).parent.mkdir(exist_ok=True)
    (tmp_path / there).write_text("mine", encoding="utf-8")
    done = sekisho("init", tmp_path)
    assert done.code == 2
    assert f"`{there}` is there already" in done.err
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == [Path(there).name]
    assert (tmp_path / there).read_text(encoding="utf-8") == "mine"


def test_an_own_list_of_ignored_files_is_kept(sekisho: Sekisho, tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("*.log\n", encoding="utf-8")
    assert sekisho("init", tmp_path).code == 0
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*.log\n"


def test_a_folder_that_is_a_file_is_told_so(sekisho: Sekisho, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = sekisho("init", tmp_path / "file")
    assert done.code == 2
    assert "is a file" in done.err
