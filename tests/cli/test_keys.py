"""Keys from the command line: looked at, rotated, backed up and put back; a wrong key stops everything."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from sekisho.adapters.ledgers.keystore import KeyStore, Where
from sekisho.app import settings
from sekisho.app.wire import Workspace
from sekisho.evidence.kinds import Entry
from sekisho.ground import stamp
from terminal import Sekisho, edit

pytestmark = pytest.mark.unit


def opened(shop: Path) -> KeyStore:
    said = settings.read(shop).keys
    return KeyStore.open(Where(said.store, said.register, said.master, timedelta(days=said.horizon)), environ={})


def entries(shop: Path) -> list[Entry]:
    log = Workspace(shop).log
    return [r.entry for r in log.entries(0, log.size) if r.kind == "keys-changed" and r.entry]


@pytest.fixture
def who(shop: Path) -> list[str]:
    people = [stamp.handle() for _ in range(5)]
    with closing(opened(shop)) as keys:
        keys.make(people)
        keys.destroy(people[:1])
    return people


def test_status_tells_who_is_counted_and_when_a_rotation_is_due(sekisho: Sekisho, shop: Path, who: list[str]) -> None:
    done = sekisho("keys", "status", "-C", shop)
    assert done.code == 0
    assert "4 people with a key, 1 erased" in done.out
    assert "the next rotation is due on" in done.out
    found = json.loads(sekisho("keys", "status", "-C", shop, "--json").out)
    assert (found["people"], found["erased"], found["unfinished"], len(found["wrapping"])) == (4, 1, 0, 1)


def test_rotate_changes_every_wrapping_and_if_due_nothing_early(sekisho: Sekisho, shop: Path, who: list[str]) -> None:
    assert "nothing is due" in sekisho("keys", "rotate", "--if-due", "-C", shop).out
    done = json.loads(sekisho("keys", "rotate", "-C", shop, "--json").out)
    assert done == {"newest": 1001, "destroyed": [1000]}
    with closing(opened(shop)) as keys:
        keys.rotate()
        assert len(keys.keys(who)) == 4
    cut_short = sekisho("keys", "status", "-C", shop)
    assert "a rotation is not finished" in cut_short.out
    assert "destroyed: 1001" in sekisho("keys", "rotate", "--if-due", "-C", shop).out
    done = [(e.fields["deed"], e.fields["keys"]) for e in entries(shop)]
    assert done == [("rotated", 4), ("rotated", 4)]


def test_a_backup_brings_back_what_was_lost_and_nobody_who_was_erased(
    sekisho: Sekisho, shop: Path, who: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "keys.backup"
    done = sekisho("keys", "backup", file, "-C", shop)
    assert "the keys of 4 people are in" in done.out
    assert "destroy it by" in done.out
    again = sekisho("keys", "backup", file, "-C", shop)
    assert (again.code, "there is a file already" in again.err) == (2, True)
    with closing(opened(shop)) as keys:
        keys.destroy(who[1:2])
    for lost in (shop / "books" / "keys").glob("store.db*"):
        lost.unlink()
    stopped = sekisho("keys", "status", "-C", shop)
    assert stopped.code == 2
    assert "sekisho keys restore FILE" in stopped.err
    back = json.loads(sekisho("keys", "restore", file, "-C", shop, "--json").out)
    assert (back["taken"], back["there"], back["refused"]) == (3, 0, 1)
    done = [(e.fields["deed"], e.fields["keys"], e.fields["refused"]) for e in entries(shop)]
    assert done == [("backed-up", 4, 0), ("restored", 3, 1)]
    with closing(opened(shop)) as keys:
        assert set(keys.keys(who)) == set(who[2:])
    (shop / "books" / "keys" / "erased.db").unlink()
    lost_register = sekisho("keys", "restore", file, "-C", shop)
    assert (lost_register.code, "--register-lost" in lost_register.err) == (2, True)


def test_a_wrong_or_a_missing_master_key_stops_with_a_remedy(
    sekisho: Sekisho, shop: Path, who: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "ab" * 32
    monkeypatch.setenv("SEKISHO_MASTER_KEY", secret)
    for words in (("status",), ("rotate",), ("backup", tmp_path / "b"), ("restore", shop / "policy.md")):
        done = sekisho("keys", *words, "-C", shop)
        assert done.code == 2
        assert secret not in done.out + done.err
    assert "not the master key" in sekisho("keys", "status", "-C", shop).err
    monkeypatch.delenv("SEKISHO_MASTER_KEY")
    (shop / "books" / "keys" / "master").chmod(0o644)
    assert "chmod 600" in sekisho("keys", "status", "-C", shop).err
    (shop / "books" / "keys" / "master").unlink()
    missing = sekisho("keys", "status", "-C", shop)
    assert (missing.code, "put the key file back" in missing.err) == (2, True)
    assert not (shop / "books" / "keys" / "master").exists()


def test_no_byte_of_a_key_is_printed_or_lies_in_any_file(
    sekisho: Sekisho, shop: Path, who: list[str], tmp_path: Path
) -> None:
    with closing(opened(shop)) as keys:
        secrets = [k.raw for k in keys.keys(who).values()] + [keys.register.deployment.raw]
    master = bytes.fromhex((shop / "books" / "keys" / "master").read_text())
    printed = ""
    for words in (
        ("status",),
        ("rotate",),
        ("backup", tmp_path / "b"),
        ("restore", tmp_path / "b"),
        ("status", "--json"),
    ):
        done = sekisho("keys", *words, "-C", shop)
        assert done.code == 0
        printed += done.out + done.err
    files = [f for f in (*shop.rglob("*"), tmp_path / "b") if f.is_file() and f.name != "master"]
    content = printed.encode() + b"".join(f.read_bytes() for f in files)
    for secret in (*secrets, master):
        assert secret not in content
        assert secret.hex().encode() not in content


def test_keys_lie_where_the_settings_say(sekisho: Sekisho, shop: Path, tmp_path: Path) -> None:
    place = tmp_path / "vault keys"
    with (shop / "sekisho.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[keys]\npath = "{place}/store.db"\nmaster = "{place}/master"\nhorizon_days = 7\n')
    assert sekisho("keys", "status", "-C", shop).code == 0
    assert (place / "store.db").exists()
    assert (place / "master").exists()
    edit(shop / "sekisho.toml", "horizon_days = 7", "horizon_days = 0")
    wrong = sekisho("keys", "status", "-C", shop)
    assert (wrong.code, "whole number" in wrong.err, "[keys]" in wrong.err) == (2, True, True)
    edit(shop / "sekisho.toml", "horizon_days = 0", "horizons = 7")
    assert "did you mean `horizon_days`?" in sekisho("keys", "status", "-C", shop).err


def test_a_backup_that_is_not_there_is_said(sekisho: Sekisho, shop: Path, who: list[str]) -> None:
    done = sekisho("keys", "restore", shop / "nowhere", "-C", shop)
    assert (done.code, "the backup cannot be read" in done.err) == (2, True)
