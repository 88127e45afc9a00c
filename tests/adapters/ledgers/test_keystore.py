"""The key store: rotated under load, killed anywhere, put back from a backup; no byte of a destroyed key is left."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sekisho.adapters.ledgers import keybackup, keystore, keytables
from sekisho.adapters.ledgers.keystore import KeyStore, Where
from sekisho.adapters.ledgers.masterkey import load_master
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Refused, StoreTrouble, Tampered
from sekisho.vault.secret import Secret

pytestmark = pytest.mark.unit
MASTER = Secret(bytes(range(32)))
OTHER = Secret(bytes(range(1, 33)))
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def where(tmp_path: Path) -> Where:
    return Where(tmp_path / "keys" / "store.db", tmp_path / "keys" / "erased.db", tmp_path / "keys" / "master")


@pytest.fixture
def keys(where: Where) -> Iterator[KeyStore]:
    with closing(KeyStore(where, MASTER)) as store:
        yield store


def people(count: int) -> list[str]:
    return [stamp.handle() for _ in range(count)]


def rotate(keys: KeyStore, most: int = 100) -> tuple[int, ...]:
    keys.rotate()
    place: int | None = 0
    while place is not None:
        place = keys.rewrap(place, most)
    return keys.retire()


def raws(keys: KeyStore, who: list[str]) -> dict[str, bytes]:
    return {p: k.raw for p, k in keys.keys(who).items()}


def kept(where: Where) -> tuple[dict[bytes, bytes], dict[int, bytes]]:
    """Return what lies in the file: wrapped data keys by person, wrapped wrapping keys by number."""
    with closing(sqlite3.connect(where.store)) as db:
        data = dict(db.execute("select person, wrapped from data_key where wrapping <> ?", (keytables.NOBODY,)))
        return data, dict(db.execute("select id, wrapped from wrapping_key where destroyed = ''"))


def left_of(where: Where, secrets: list[bytes]) -> int:
    """Count how many of these bytes are anywhere in the folder of the keys; any eight in a row of one count."""
    files = b"".join(f.read_bytes() for f in where.store.parent.iterdir() if f.is_file())
    return sum(any(s[i : i + 8] in files for i in range(13, len(s) - 8, 8)) for s in secrets)


def test_a_key_is_made_once_and_found_again(keys: KeyStore, where: Where) -> None:
    who = people(3)
    made = {p: k.raw for p, k in keys.make(who).items()}
    assert {p: k.raw for p, k in keys.make(who).items()} == made == raws(keys, who)
    with closing(KeyStore(where, MASTER)) as again:
        assert raws(again, [*who, *people(1)]) == made
    for file in where.store.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0


def test_no_key_lies_open_in_a_file_or_shows_itself(
    keys: KeyStore, where: Where, caplog: pytest.LogCaptureFixture
) -> None:
    (key,) = keys.make(people(1)).values()
    assert left_of(where, [b"\0" * 13 + key.raw, b"\0" * 13 + MASTER.raw]) == 0
    logging.getLogger("test").warning("%r %r %r", key, keys, keys.status())
    told = caplog.text + repr(vars(keys))
    assert key.raw.hex() not in told
    assert repr(key.raw)[2:-1] not in told
    for show in (str, "{}".format, pickle.dumps):
        with pytest.raises(TypeError) as refused:
            show(key)
        assert key.raw.hex() not in str(refused.value)


def test_a_wrong_master_key_stops_the_start_and_says_which_is_wanted(keys: KeyStore, where: Where) -> None:
    with pytest.raises(BadInput, match="not the master key") as wrong:
        KeyStore(where, OTHER)
    assert keys.status().master in str(wrong.value)
    assert "put back" in wrong.value.help
    assert MASTER.raw.hex() not in str(wrong.value)


def test_a_missing_master_key_stops_the_start_and_none_is_made(where: Where) -> None:
    KeyStore.open(where, environ={}).close()
    held = where.master.read_bytes()
    where.master.unlink()
    with pytest.raises(BadInput, match="the master key is missing") as missing:
        KeyStore.open(where, environ={})
    assert "SEKISHO_MASTER_KEY" in missing.value.help
    assert not where.master.exists()
    KeyStore.open(where, environ={"SEKISHO_MASTER_KEY": held.decode()}).close()


@pytest.mark.parametrize("given", ["nonsense", "00" * 31, "zz" * 32])
def test_what_is_no_key_in_the_environment_is_said_and_not_repeated(where: Where, given: str) -> None:
    with pytest.raises(BadInput, match="holds no master key") as wrong:
        load_master(where.master, {"SEKISHO_MASTER_KEY": given}, make=True)
    assert given not in f"{wrong.value} {wrong.value.help}"


def test_a_lost_store_or_register_is_not_made_anew(keys: KeyStore, where: Where) -> None:
    keys.make(people(2))
    keys.close()
    for path, said in ((where.store, "the key store is missing"), (where.register, "erasure register is missing")):
        held = path.read_bytes()
        path.unlink()
        with pytest.raises(BadInput, match=said):
            KeyStore(where, MASTER)
        assert not path.exists()
        path.write_bytes(held)
    KeyStore(where, MASTER).close()


def test_a_file_that_is_no_database_is_said_with_its_remedy(keys: KeyStore, where: Where) -> None:
    keys.close()
    where.store.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(StoreTrouble) as wrong:
        KeyStore(where, MASTER)
    assert "sekisho keys restore" in wrong.value.help


def test_a_destroyed_key_is_gone_byte_for_byte_and_for_every_process(keys: KeyStore, where: Where) -> None:
    who = people(1500)
    for start in range(0, 1500, 100):
        keys.make(who[start : start + 100])
    with closing(KeyStore(where, MASTER)) as other:
        assert len(other.keys(who)) == 1500
        wrapped, _ = kept(where)
        assert left_of(where, list(wrapped.values())) == 1500, "the search finds what is there"
        assert keys.destroy(who[:700])
        assert set(other.keys(who)) == set(keys.keys(who)) == set(who[700:])
    gone = [wrapped[bytes.fromhex(p)] for p in who[:700]]
    assert left_of(where, gone) == 0
    with pytest.raises(Refused, match="was erased"):
        keys.make([who[0]])


def test_after_a_rotation_no_byte_of_the_old_wrapping_is_left(keys: KeyStore, where: Where) -> None:
    who = people(900)
    made = {p: k.raw for p, k in keys.make(who).items()}
    keys.destroy(who[:10])
    data, under = kept(where)
    (old,) = under
    assert rotate(keys) == (old,)
    assert left_of(where, [*data.values(), *under.values()]) == 0
    assert raws(keys, who) == {p: made[p] for p in who[10:]}
    with closing(KeyStore(where, MASTER)) as again:
        assert raws(again, who) == raws(keys, who)
    assert [w.keys for w in keys.status().wrapping] == [890]


def test_rotation_goes_on_under_load(keys: KeyStore, where: Where) -> None:
    made = {p: k.raw for p, k in keys.make(people(400)).items()}
    troubles: list[Exception] = []
    over = threading.Event()

    def work() -> None:
        with closing(KeyStore(where, MASTER)) as own:
            while not over.is_set():
                try:
                    made.update({p: k.raw for p, k in own.make(people(3)).items()})
                    some = list(made)[::37]
                    assert raws(own, some) == {p: made[p] for p in some}
                except Exception as error:  # noqa: BLE001 - whatever went wrong is the finding
                    troubles.append(error)
                    return

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        rotate(keys, 50)
    over.set()
    for thread in threads:
        thread.join()
    rotate(keys)
    assert troubles == []
    assert raws(keys, list(made)) == made
    assert len(keys.status().wrapping) == 1


def test_new_keys_come_under_the_new_wrapping_key_at_once(keys: KeyStore) -> None:
    keys.make(people(5))
    newest = keys.rotate()
    keys.make(people(2))
    assert [(w.id == newest, w.keys) for w in keys.status().wrapping] == [(False, 5), (True, 2)]
    assert keys.retire() == ()


def killed_at(step: int, where: Where, deed: Callable[[KeyStore], object]) -> bool:
    """Do a deed in a process that dies before its statement number `step`; returns whether it died."""
    child = os.fork()
    if child == 0:
        left = step

        def dying(sql: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            store = KeyStore(where, MASTER)
            store._db.set_trace_callback(dying)
            store.register._db.set_trace_callback(dying)
            deed(store)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_a_rotation_that_is_killed_anywhere_loses_no_key(where: Where) -> None:
    with closing(KeyStore(where, MASTER)) as keys:
        who = people(30)
        made = {p: k.raw for p, k in keys.make(who).items()}
    step = 0
    while killed_at(step, where, lambda store: rotate(store, 10)):
        step += 3
        with closing(KeyStore(where, MASTER)) as keys:
            assert raws(keys, who) == made
    assert step > 50
    with closing(KeyStore(where, MASTER)) as keys:
        data, under = kept(where)
        rotate(keys)
        assert raws(keys, who) == made
        assert len(keys.status().wrapping) == 1
        assert left_of(where, [*data.values(), *under.values()]) == 0


def test_a_destruction_that_is_killed_anywhere_is_finished_or_was_never_begun(where: Where) -> None:
    step, finished = 0, 0
    while True:
        with closing(KeyStore(where, MASTER)) as keys:
            who = people(4)
            keys.make(who)
            wrapped, _ = kept(where)
        died = killed_at(step, where, lambda store, who=who: store.destroy(who[:2]))
        with closing(KeyStore(where, MASTER)) as keys:
            living = set(keys.keys(who))
            marked = {p for p in who if keys.register.among([keys.register.mark("person", bytes.fromhex(p))])}
            assert living == set(who) - marked
            assert marked in (set(), set(who[:2])), "all or none"
            assert left_of(where, [wrapped[bytes.fromhex(p)] for p in marked]) == 0
            assert keys.status().unfinished == 0
            finished += bool(marked)
        if not died:
            break
        step += 1
    assert finished > 2, "it was killed after the mark, too"
    assert finished <= step


def test_a_reader_that_holds_the_log_leaves_the_destruction_to_be_finished(
    where: Where, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keytables, "PRAGMAS", (*keytables.PRAGMAS[:-1], "busy_timeout = 50"))
    with closing(KeyStore(where, MASTER)) as keys, closing(sqlite3.connect(where.store)) as reader:
        who = people(2)
        keys.make(who)
        reader.execute("begin")
        reader.execute("select count(*) from data_key").fetchone()
        assert not keys.destroy(who[:1])
        assert set(keys.keys(who)) == {who[1]}, "unreadable at once"
        assert keys.status().unfinished == 1
        reader.execute("rollback")
        assert keys.finish()
        assert keys.status().unfinished == 0


def test_on_a_full_disk_nothing_is_half_made_and_nothing_is_lost(keys: KeyStore) -> None:
    who = people(50)
    made = {p: k.raw for p, k in keys.make(who).items()}
    (pages,) = keys._db.execute("pragma page_count").fetchone()
    keys._db.execute(f"pragma max_page_count = {pages + 2}")
    late = people(500)
    with pytest.raises(StoreTrouble, match="nothing in it was changed") as full:
        keys.make(late)
    assert "disk is full" in full.value.help
    assert keys.keys(late) == {}
    assert raws(keys, who) == made
    rotate(keys)
    assert keys.destroy(who[:5])
    assert raws(keys, who) == {p: made[p] for p in who[5:]}


def test_a_backup_puts_back_all_but_the_erased(keys: KeyStore, where: Where) -> None:
    who = people(20)
    made = {p: k.raw for p, k in keys.make(who).items()}
    backup = keybackup.back_up(keys, MASTER)
    keys.destroy(who[:3])
    late = people(1)
    made |= {p: k.raw for p, k in keys.make(late).items()}
    done = keybackup.restore(where, backup, MASTER)
    assert (done.taken, done.there, done.refused) == (0, 17, 3)
    keys.close()
    for file in where.store.parent.glob("store.db*"):
        file.unlink()
    done = keybackup.restore(where, backup, MASTER)
    assert (done.taken, done.there, done.refused) == (17, 0, 3)
    with closing(KeyStore(where, MASTER)) as again:
        assert raws(again, who + late) == {p: made[p] for p in who[3:]}


def test_without_the_register_a_restore_must_be_told_so(keys: KeyStore, where: Where) -> None:
    who = people(4)
    keys.make(who)
    keys.destroy(who[:1])
    backup = keybackup.back_up(keys, MASTER)
    keys.destroy(who[1:2])
    keys.close()
    for file in where.store.parent.iterdir():
        file.unlink()
    with pytest.raises(BadInput, match="no erasure register") as refused:
        keybackup.restore(where, backup, MASTER)
    assert "--register-lost" in refused.value.help
    done = keybackup.restore(where, backup, MASTER, register_lost=True)
    assert (done.taken, done.refused) == (3, 0), "who was erased before is not in the backup; who was later comes back"
    with closing(KeyStore(where, MASTER)) as again, pytest.raises(Refused):
        again.make([who[0]])


def test_a_restore_that_is_killed_leaves_nothing_that_looks_like_a_store(keys: KeyStore, where: Where) -> None:
    who = people(10)
    made = {p: k.raw for p, k in keys.make(who).items()}
    backup = keybackup.back_up(keys, MASTER)
    keys.close()
    for file in where.store.parent.glob("store.db*"):
        file.unlink()
    child = os.fork()
    if child == 0:
        KeyStore.take = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # type: ignore[method-assign,assignment,return-value]
        keybackup.restore(where, backup, MASTER)
        os._exit(0)
    os.waitpid(child, 0)
    assert not where.store.exists()
    assert keybackup.restore(where, backup, MASTER).taken == 10
    with closing(KeyStore(where, MASTER)) as again:
        assert raws(again, who) == made


def test_a_backup_is_sealed_and_every_change_of_it_is_found(keys: KeyStore, where: Where) -> None:
    (key,) = keys.make(people(1)).values()
    backup = keybackup.back_up(keys, MASTER)
    wrapped, under = kept(where)
    for secret in (key.raw, *wrapped.values(), *under.values(), keys.register.deployment.raw):
        assert secret not in backup
    for place in range(0, len(backup), 11):
        broken = bytearray(backup)
        broken[place] ^= 1
        with pytest.raises((BadInput, Tampered)):
            keybackup.restore(where, bytes(broken), MASTER)
    with pytest.raises(BadInput, match="made under the master key"):
        keybackup.restore(where, backup, OTHER)
    with pytest.raises(BadInput, match="not a backup of keys"):
        keybackup.restore(where, b"", MASTER)


def test_a_backup_past_its_horizon_is_refused(where: Where) -> None:
    short = replace(where, horizon=timedelta(days=7))
    with closing(KeyStore(short, MASTER, lambda: NOW)) as keys:
        backup = keybackup.back_up(keys, MASTER, lambda: NOW)
    keybackup.restore(short, backup, MASTER, lambda: NOW + timedelta(days=6))
    with pytest.raises(BadInput, match="past its horizon, 2026-12-08"):
        keybackup.restore(short, backup, MASTER, lambda: NOW + timedelta(days=8))


def test_the_backup_of_another_key_store_is_refused(keys: KeyStore, where: Where, tmp_path: Path) -> None:
    other = Where(tmp_path / "o" / "store.db", tmp_path / "o" / "erased.db", tmp_path / "o" / "master")
    with closing(KeyStore(other, MASTER)) as stranger:
        backup = keybackup.back_up(stranger, MASTER)
    with pytest.raises(BadInput, match="another key store"):
        keybackup.restore(where, backup, MASTER)


def test_a_backup_goes_where_no_file_is(keys: KeyStore, tmp_path: Path) -> None:
    file = tmp_path / "keys.backup"
    keybackup.write(file, keybackup.back_up(keys, MASTER))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(BadInput, match="there is a file already"):
        keybackup.write(file, b"")


def test_rotation_is_due_after_the_horizon(where: Where) -> None:
    with closing(KeyStore(where, MASTER, lambda: NOW)) as keys:
        assert keys.due() == NOW + keystore.HORIZON
