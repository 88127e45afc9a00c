from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from policies import TODAY, shipping, text
from sekisho.app import checked, report
from sekisho.app.checked import Checked, check
from sekisho.ground.errors import BadInput

pytestmark = pytest.mark.unit
MAP = """store: shop
engine: sqlite
tables:
  customers:
    subject: customer
    key: id
    columns: {id: key, name: name, seen_at: plain}
anchors: {last order: max(customers.seen_at)}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy and a map, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "policy"
    (root / "map").mkdir(parents=True)
    (root / "policy.md").write_text(text(shipping()), encoding="utf-8")
    (root / "map" / "shop.yaml").write_text(MAP, encoding="utf-8")
    return root


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were really read."""
    found: list[Path] = []
    made = report.made

    def counted(root: Path, today: date) -> Checked:
        found.append(root)
        return made(root, today)

    monkeypatch.setattr(report, "made", counted)
    return found


def remembered(folder: Path) -> Path:
    return next((folder.parent / "cache" / "sekisho" / "check").glob("*.json"))


def test_the_same_folder_is_read_once_and_tells_the_same(folder: Path, read: list[Path]) -> None:
    assert check(folder, TODAY) == check(folder, TODAY)
    assert read == [folder]


def test_what_is_told_is_what_the_readers_say(folder: Path) -> None:
    found = check(folder, TODAY)
    assert found.compiled
    assert {c.clause: c.state for c in found.clauses}["shipping"] == "compiled, not applied"
    assert found.stores == ("shop",)
    assert found.lock.startswith("# Kept by")
    assert all(t.severity == "note" for t in found.told)


def change(folder: Path, name: str, content: str) -> None:
    (folder / name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda f: change(f, "policy.md", text(shipping(keep="2 years after last order"))),
        lambda f: change(f, "policy.ja.md", "## x {#customers}\n"),
        lambda f: change(f, "policy.lock", "# nothing\n"),
        lambda f: change(f, "map/shop.yaml", MAP + "# note\n"),
        lambda f: change(f, "map/other.yaml", MAP.replace("shop", "other")),
        lambda f: (f / "map" / "shop.yaml").rename(f / "map" / "store.yaml"),
        lambda f: (f / "map" / "shop.yaml").unlink(),
    ],
)
def test_any_change_is_read(folder: Path, read: list[Path], meanwhile: Callable[[Path], object]) -> None:
    check(folder, TODAY)
    meanwhile(folder)
    check(folder, TODAY)
    assert len(read) == 2


def test_another_day_is_read_anew_for_reviews_get_overdue(folder: Path, read: list[Path]) -> None:
    check(folder, TODAY)
    check(folder, TODAY + timedelta(days=1))
    assert len(read) == 2


def test_another_program_reads_anew(
    folder: Path, read: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "package"
    (package / "law").mkdir(parents=True)
    (package / "a.py").write_text("x = 1\n")
    (package / "law" / "jp.toml").write_text("a = 1\n")
    monkeypatch.setattr(checked, "PACKAGE", package)
    check(folder, TODAY)
    check(folder, TODAY)
    assert len(read) == 1
    (package / "a.py").write_text("x = 2\n")
    check(folder, TODAY)
    (package / "law" / "jp.toml").write_text("a = 2\n")
    check(folder, TODAY)
    assert len(read) == 3


def test_the_whole_program_counts() -> None:
    names = {
        p.relative_to(checked.PACKAGE).as_posix() for p in checked._files(checked.PACKAGE, ("**/*.py", "**/*.toml"))
    }
    assert {
        "policy/read.py",
        "ground/law/jp_appi.toml",
        "datamap/read.py",
        "compiler/lower.py",
        "app/report.py",
    } <= names


def test_another_version_of_a_library_reads_anew(
    folder: Path, read: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    check(folder, TODAY)
    monkeypatch.setattr(checked, "_libraries", lambda paths: iter(["markdown_it_py-99.dist-info"]))
    check(folder, TODAY)
    assert len(read) == 2


def test_the_libraries_that_readers_use_are_among_those_that_count() -> None:
    import sys

    names = " ".join(checked._libraries(sys.path)).lower()
    assert all(n in names for n in ("markdown_it_py", "ruamel", "msgspec", "mdit_py_plugins"))


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"compiled": true}', b'{"compiled": "yes", "key": 5}', b"[" * 10000]
)
def test_what_was_tampered_with_is_not_believed(folder: Path, read: list[Path], content: bytes) -> None:
    first = check(folder, TODAY)
    remembered(folder).write_bytes(content)
    assert check(folder, TODAY) == first
    assert len(read) == 2


def test_a_result_under_another_key_is_not_believed(folder: Path, read: list[Path]) -> None:
    check(folder, TODAY)
    known = json.loads(remembered(folder).read_text(encoding="utf-8"))
    remembered(folder).write_text(json.dumps({**known, "key": "0" * 64}), encoding="utf-8")
    check(folder, TODAY)
    assert len(read) == 2


def test_where_nothing_can_be_remembered_nothing_is_lost_but_time(folder: Path, read: list[Path]) -> None:
    (folder.parent / "cache").write_text("a file where a folder should be")
    assert check(folder, TODAY).compiled
    assert check(folder, TODAY).compiled
    assert len(read) == 2


def test_one_file_is_kept_for_a_folder_and_only_its_owner_enters(folder: Path) -> None:
    check(folder, TODAY)
    change(folder, "policy.md", text(shipping(keep="2 years after last order")))
    check(folder, TODAY)
    place = remembered(folder).parent
    assert len(list(place.iterdir())) == 1
    assert os.stat(place).st_mode & 0o077 == 0


def test_what_others_can_write_is_not_believed(folder: Path, read: list[Path]) -> None:
    check(folder, TODAY)
    remembered(folder).chmod(0o666)
    check(folder, TODAY)
    assert len(read) == 2
    assert os.stat(remembered(folder)).st_mode & 0o777 == 0o600
    remembered(folder).parent.chmod(0o777)
    before = remembered(folder).stat().st_mtime_ns
    check(folder, TODAY)
    assert len(read) == 3
    assert remembered(folder).stat().st_mtime_ns == before, "nothing is written where a trap may lie"


@pytest.mark.parametrize("home", ["", "relative/cache", "~"])
def test_a_cache_that_is_nowhere_is_the_users_own(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", home)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    check(folder, TODAY)
    assert len(list((tmp_path / "home" / ".cache" / "sekisho" / "check").iterdir())) == 1
    assert not (tmp_path / "relative").exists()
    assert not (tmp_path / "~").exists()


def test_mistakes_are_remembered_with_their_places(folder: Path) -> None:
    change(folder, "policy.md", text(shipping(because="consnt")))
    first, again = check(folder, TODAY), check(folder, TODAY)
    assert first == again
    assert not first.compiled
    assert first.lock == ""
    told = next(t for t in again.told if t.code == "ground")
    assert (told.file, told.position) == ("policy.md", (25, 10))
    assert "^^^^^^" in told.shown


def test_a_folder_without_a_policy_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no policy here"):
        check(tmp_path, TODAY)
