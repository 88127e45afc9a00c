"""Releases: signed once, kept for ever, in step with the log through every crash."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from sekisho.app import releases
from sekisho.app.folder import check_folder
from sekisho.app.wire import Workspace
from sekisho.evidence.kinds import Entry
from sekisho.ground.errors import BadInput, NotWitnessed, Tampered
from sekisho.policy.source import Diagnostic

pytestmark = pytest.mark.unit
SHOP = Path(__file__).parents[2] / "examples" / "music-shop"
VERSION = "2026-11-01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SHOP, tmp_path / "shop", ignore=shutil.ignore_patterns("books"))
    return tmp_path / "shop"


@pytest.fixture
def workspace(folder: Path) -> Workspace:
    return Workspace(folder)


def shelf(folder: Path) -> Path:
    return folder / "books" / "releases"


def change(folder: Path, old: str, new: str) -> Workspace:
    """Edit the policy and open it anew."""
    text = (folder / "policy.md").read_text(encoding="utf-8")
    assert old in text
    (folder / "policy.md").write_text(text.replace(old, new), encoding="utf-8")
    return Workspace(folder)


def test_a_published_version_is_signed_recorded_and_sound(workspace: Workspace, folder: Path) -> None:
    made = releases.publish(workspace)
    assert (made.version, made.sound) == (VERSION, True)
    (entry,) = workspace.log.latest(5, kind="policy-published")
    assert entry.entry is not None
    assert entry.entry.fields["digest"] == made.digest
    assert releases.published(workspace) == [made]
    assert (shelf(folder) / VERSION / "policy.md").read_bytes() == (folder / "policy.md").read_bytes()
    assert made.policy.name == workspace.policy.name


def test_publishing_twice_is_publishing_once(workspace: Workspace, folder: Path) -> None:
    first = releases.publish(workspace)
    assert releases.publish(Workspace(folder)) == first
    assert workspace.log.count_by(kind="policy-published") == 1


def test_a_changed_text_under_the_same_version_is_refused(workspace: Workspace, folder: Path) -> None:
    kept = releases.publish(workspace)
    with pytest.raises(BadInput, match="published with another text") as refused:
        releases.publish(change(folder, "We sell music.", "We sell records."))
    assert "version" in refused.value.help
    assert releases.published(workspace) == [kept]
    assert workspace.log.count_by(kind="policy-published") == 1


def test_a_new_version_stands_beside_the_old_newest_first(workspace: Workspace, folder: Path) -> None:
    old = releases.publish(workspace)
    changed = change(folder, "version: 2026-11-01", "version: 2026-11-02")
    new = releases.publish(changed)
    assert [(p.version, p.sound) for p in releases.published(changed)] == [("2026-11-02", True), (VERSION, True)]
    assert new.digest != old.digest


@pytest.mark.parametrize("name", ["policy.md", "policy.lock", "release.json"])
def test_one_changed_byte_in_a_published_version_is_found(workspace: Workspace, folder: Path, name: str) -> None:
    releases.publish(workspace)
    file = shelf(folder) / VERSION / name
    file.write_bytes(file.read_bytes().replace(b"Tidepool", b"Tidepoo1").replace(b"shipping", b"shippinh"))
    if name == "release.json":
        file.write_text(file.read_text(encoding="utf-8").replace('"version": "2026', '"version": "2025'), "utf-8")
    assert [p.sound for p in releases.published(workspace)] == [False]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"document": 1}', '{"document": {}, "signature": "zz", "key": ""}'])
def test_a_version_that_cannot_be_read_is_not_sound_and_hides_no_other(
    workspace: Workspace, folder: Path, text: str
) -> None:
    releases.publish(workspace)
    changed = change(folder, "version: 2026-11-01", "version: 2026-11-02")
    releases.publish(changed)
    (shelf(folder) / VERSION / "release.json").write_text(text, encoding="utf-8")
    assert [(p.version, p.sound) for p in releases.published(changed)] == [("2026-11-02", True), (VERSION, False)]


def test_a_version_whose_text_no_longer_compiles_says_so(workspace: Workspace, folder: Path) -> None:
    made = releases.publish(workspace)
    (shelf(folder) / VERSION / "policy.md").write_text("gone", encoding="utf-8")
    with pytest.raises(Tampered, match="no longer compiles"):
        _ = made.policy


def test_what_is_demanded_later_does_not_break_an_old_signature(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = releases.publish(workspace)

    def demanding(*_: object) -> tuple[Diagnostic, ...]:
        return (Diagnostic("duty-missing", "the policy does not say what a later law asks for", None, "say it"),)

    monkeypatch.setattr("sekisho.app.folder.CHECKS", (demanding,))
    assert check_folder(folder).failed
    assert releases.published(workspace) == [made]
    assert made.policy.name == workspace.policy.name


def test_a_release_that_the_log_does_not_know_is_not_sound(workspace: Workspace, folder: Path) -> None:
    releases.publish(workspace)
    changed = change(folder, "version: 2026-11-01", "version: 2026-11-02")
    made, signer = releases.current(changed), releases._signer(changed)
    releases._lay_ready(changed, made, signer, shelf(folder) / "2026-11-02")
    assert [(p.version, p.sound) for p in releases.published(changed)] == [("2026-11-02", False), (VERSION, True)]


def test_a_signature_of_another_key_does_not_hold(workspace: Workspace, folder: Path) -> None:
    releases.publish(workspace)
    (folder / "books" / "keys" / "policy").unlink()
    assert [p.sound for p in releases.published(Workspace(folder))] == [False]


def test_a_log_that_cannot_be_written_publishes_nothing(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = workspace.log.size

    def full(entries: object) -> range:
        raise NotWitnessed(help="the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(workspace.log, "append", full)
        with pytest.raises(NotWitnessed):
            releases.publish(workspace)
    assert releases.published(workspace) == []
    assert releases.publish(workspace).sound
    assert workspace.log.count_by(kind="policy-published") == 1


def test_a_crash_after_the_entry_is_repaired_by_whoever_looks_next(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", crash)
        with pytest.raises(KeyboardInterrupt):
            releases.publish(workspace)
    assert not (shelf(folder) / VERSION).exists()
    assert workspace.log.count_by(kind="policy-published") == 1
    assert [(p.version, p.sound) for p in releases.published(Workspace(folder))] == [(VERSION, True)]
    assert releases.publish(Workspace(folder)).sound
    assert workspace.log.count_by(kind="policy-published") == 1
    assert json.loads((shelf(folder) / VERSION / "release.json").read_text(encoding="utf-8"))["signature"]


def test_an_entry_whose_folder_was_lost_binds_the_version_to_its_text(workspace: Workspace, folder: Path) -> None:
    releases.publish(workspace)
    shutil.rmtree(shelf(folder) / VERSION)
    with pytest.raises(BadInput, match="published with another text"):
        releases.publish(change(folder, "We sell music.", "We sell records."))
    again = releases.publish(change(folder, "We sell records.", "We sell music."))
    assert again.sound
    assert workspace.log.count_by(kind="policy-published") == 1


def test_a_half_written_release_is_not_taken_for_one(workspace: Workspace, folder: Path) -> None:
    fields = {"version": VERSION, "digest": "0" * 64, "signature": "0" * 64}
    workspace.log.append([Entry("policy-published", workspace.clock(), fields)])
    half = shelf(folder) / f".{VERSION}.new"
    half.mkdir(parents=True)
    (half / "policy.md").write_text("half", encoding="utf-8")
    assert releases.published(workspace) == []
    with pytest.raises(BadInput, match="published with another text"):
        releases.publish(workspace)
