"""The ledger on SQLite as a store of leaves: found by kind and clause, refused where it is not one, never changed."""

from __future__ import annotations

import sqlite3
import tracemalloc
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.adapters.ledgers.evidence_schema import VERSION
from sekisho.adapters.ledgers.export import LeafFile
from sekisho.adapters.ledgers.keyfile import load_or_make_key, place, replace
from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.ground.errors import BadInput, StoreTrouble, Tampered

pytestmark = pytest.mark.unit

NOW = datetime(2026, 12, 1, tzinfo=UTC)
NUMBERS = count()
SIGNER = notes.Signer("o", b"k" * 32)


def refusal(clause: str) -> Entry:
    fields = {"store": "s", "purpose": "p", "clause": clause, "actor": "0" * 32, "code": "x"}
    return Entry("refusal", NOW, fields)


def incident() -> Entry:
    return Entry("incident", NOW, {"code": "x", "store": ""})


@pytest.fixture
def store(tmp_path: Path) -> SqliteLeaves:
    return SqliteLeaves(tmp_path / "evidence.db")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_entries_are_found_by_kind_and_clause_wherever_they_lie(tmp_path: Path, data: st.DataObject) -> None:
    kept: list[Entry] = []
    log = Log(SqliteLeaves(tmp_path / f"{next(NUMBERS)}.db"), "o")
    for _ in range(data.draw(st.integers(1, 4))):
        clause = data.draw(st.sampled_from(["a", "b", "c"]))
        batch = [refusal(clause)] * data.draw(st.integers(0, 300)) + [incident()] * data.draw(st.integers(0, 2))
        log.append(batch)
        kept += batch
    for kind in ("", "refusal", "incident", "reading"):
        for clause in ("", "a", "b", "nobody"):
            before = data.draw(st.none() | st.integers(0, len(kept) + 5))
            wanted = data.draw(st.sampled_from([1, 20, 700]))
            fits = [
                n
                for n, e in enumerate(kept)
                if kind in ("", e.kind)
                and clause in ("", e.fields.get("clause", ""))
                and (before is None or n < before)
            ]
            found = log.latest(wanted, before, kind, clause)
            assert [r.seq for r in found] == fits[::-1][:wanted]
            matching = [e for e in kept if kind in ("", e.kind) and clause in ("", e.fields.get("clause", ""))]
            assert log.count_by(kind, clause) == len(matching)
    log.store.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "change",
    [
        "delete from entry",
        "update entry set body = x'00' where seq = 1",
        "update entry set leaf = zeroblob(32) where seq = 1",
        "update entry set kind = 'incident' where seq = 1",
        "update entry set seq = 9999 where seq = 1",
        "update entry set salt = zeroblob(16) where seq = 1",
        "insert or replace into entry select seq, kind, clause, body, salt, zeroblob(32) from entry where seq = 1",
        "delete from tile",
        "update tile set root = zeroblob(32)",
        "insert or replace into tile select level, idx, hashes, zeroblob(32) from tile",
        "delete from checkpoint",
        "update checkpoint set size = 1",
        "delete from cosigned",
        "update cosigned set note = ''",
        "delete from tally",
        "update tally set n = n - 1",
    ],
)
def test_nothing_is_changed_or_deleted_through_the_handle_that_the_application_has(
    store: SqliteLeaves, change: str
) -> None:
    log = Log(store, "o")
    log.append([refusal("a")] * 300)
    store.put_cosigned(300, log.checkpoint(SIGNER), "key")
    with pytest.raises(sqlite3.IntegrityError, match=r"never|only grow"):
        store._connection().execute(change)
    assert log.verify(SIGNER.key).sound
    store.close()


def test_only_a_body_may_be_dropped_and_its_bytes_are_gone_from_the_file(store: SqliteLeaves) -> None:
    log = Log(store, "o")
    log.append([refusal("a"), refusal("b"), refusal("very-special-clause")] * 700)
    log.append([Entry("incident", NOW + timedelta(days=9), {"code": "later", "store": ""})])
    checkpoint = log.checkpoint(SIGNER)
    proofs = [tree.inclusion_proof(seq, 2101, store.node) for seq in (0, 1000, 2100)]
    assert log.expire(NOW + timedelta(days=1), NOW) == 2100
    assert log.expire(NOW + timedelta(days=1), NOW) == 0, "once is enough"
    store.close()
    assert b'"clause":"very-special-clause"' not in store.path.read_bytes()
    assert [tree.inclusion_proof(seq, 2101, store.node) for seq in (0, 1000, 2100)] == proofs
    assert log.verify(SIGNER.key, [checkpoint]).sound
    assert log.latest(2)[1].entry is not None, "the one that was not old enough"
    assert log.receipt(7)["body"] is None
    store.close()


def test_many_checkpoints_are_all_compared(store: SqliteLeaves) -> None:
    log = Log(store, "o")
    for n in range(1, 1201):
        log.append([incident()])
        if n % 2:
            store.put_checkpoint(n, notes.signed(_point(log).text, SIGNER.sign(_point(log).text)))
    assert [notes.Checkpoint.parse(t).size for t in store.trail()] == list(range(1, 1201, 2))
    assert log.verify(SIGNER.key).sound
    wrong = notes.Checkpoint("o", 400, b"x" * 32)
    store.put_cosigned(400, notes.signed(wrong.text, SIGNER.sign(wrong.text)), "key")
    verdict = log.verify(SIGNER.key)
    assert (verdict.wrong, verdict.says) == (
        399,
        "entry 399 is not what was signed: the checkpoint at 400 has another root",
    )
    store.close()


def _point(log: Log) -> notes.Checkpoint:
    return notes.Checkpoint("o", log.size, tree.root(log.size, log.store.node))


def test_verifying_needs_no_more_memory_for_a_longer_log(tmp_path: Path) -> None:
    peaks = []
    for length in (5_000, 20_000):
        log = Log(SqliteLeaves(tmp_path / f"{length}.db"), "o")
        for _ in range(length // 5_000):
            log.append([refusal("a")] * 5_000)
        tracemalloc.start()
        assert log.verify().sound
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        log.store.close()  # type: ignore[attr-defined]
    assert peaks[1] < 1.5 * peaks[0]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 1000])
def test_an_exported_file_has_the_tree_of_its_log(store: SqliteLeaves, size: int) -> None:
    log = Log(store, "o")
    log.append([refusal("a")] * size)
    file = LeafFile(b"".join(store.leaves(0, size)), size)
    assert tree.root(size, file.node) == tree.root(size, store.node)
    for old in {1, size // 2, size} - {0}:
        if old <= size:
            assert tree.consistency_proof(old, size, file.node) == tree.consistency_proof(old, size, store.node)
    store.close()


# -- files that are no ledger ---------------------------------------------------------------------------------------


def test_a_database_of_somebody_else_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table customers (name text)")
        db.commit()
    for number in (0, 1234):
        with closing(sqlite3.connect(path)) as db:
            db.execute(f"pragma application_id = {number}")
        before = path.read_bytes()
        with pytest.raises(BadInput, match="not an evidence ledger"):
            SqliteLeaves(path)
        assert path.read_bytes() == before
    assert not path.with_name("other.db-wal").exists()


def test_a_ledger_of_a_newer_version_is_refused(store: SqliteLeaves) -> None:
    store._connection().execute(f"pragma user_version = {VERSION + 1}")
    store.close()
    with pytest.raises(BadInput, match="newer version"):
        SqliteLeaves(store.path)


def test_a_ledger_that_cannot_be_reached_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreTrouble, match="cannot be opened"):
        SqliteLeaves(tmp_path / "file" / "evidence.db")
    (tmp_path / "evidence.db").mkdir()
    with pytest.raises(StoreTrouble, match="cannot be opened"):
        SqliteLeaves(tmp_path / "evidence.db")


def test_a_name_in_the_settings_that_changed_is_told_before_anything_is_signed(store: SqliteLeaves) -> None:
    log = Log(store, "o")
    log.append([incident()])
    log.checkpoint(SIGNER)
    with pytest.raises(BadInput, match="are of `o`, not of `other`"):
        Log(store, "other").checkpoint(SIGNER)
    store.close()


def test_an_entry_that_cannot_be_read_is_told_and_does_not_break_the_others(store: SqliteLeaves) -> None:
    log = Log(store, "o")
    log.append([incident()] * 3)
    db = store._connection()
    db.execute("drop trigger entry_holds")
    db.execute("update entry set body = x'ff' where seq = 1")
    with pytest.raises(Tampered, match="entry 1 cannot be read"):
        log.latest(3)
    assert log.latest(1)[0].entry == incident()
    store.close()


# -- files of keys --------------------------------------------------------------------------------------------------


def test_a_file_is_made_whole_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "file"
    place(path, b"first")
    place(path, b"second")
    assert path.read_bytes() == b"first"
    assert oct(path.stat().st_mode)[-3:] == "600"
    replace(path, b"third")
    assert path.read_bytes() == b"third"
    assert [p.name for p in path.parent.iterdir()] == ["file"]


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31, "ab" * 33, "\u00e9"])
def test_what_is_not_a_key_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text, encoding="latin-1")
    path.chmod(0o600)
    with pytest.raises(BadInput, match="not a key file"):
        load_or_make_key(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(BadInput, match="cannot be read or made"):
        load_or_make_key(path)
