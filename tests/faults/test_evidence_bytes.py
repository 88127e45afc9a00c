"""Bytes of the ledger are cut, flipped, or put back as they were yesterday (rows 6, 7 and 8 of the fault table).

An ordinary run takes a sample of the positions, with SEKISHO_FULL=1 every one is tried.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.adapters.ledgers.evidence_journal import _written
from sekisho.evidence import note as notes
from sekisho.evidence.cosigner import Seen, cosign
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log, Verdict
from sekisho.ground.errors import BadInput, NotWitnessed, SekishoError, StoreTrouble, Tampered

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

FULL = os.environ.get("SEKISHO_FULL") == "1"
SIGNER = notes.Signer("o", b"k" * 32)
AUDITOR = notes.Signer("auditor", b"a" * 32, notes.COSIGNATURE)


def refusal(n: int) -> Entry:
    fields = {"store": "shop", "purpose": "support", "clause": "support", "actor": f"{n:032x}", "code": "no-reason"}
    return Entry("refusal", datetime(2026, 12, 1, tzinfo=UTC), fields)


def opened(path: Path) -> Log:
    return Log(SqliteLeaves(path), "o")


def close(log: Log) -> None:
    assert isinstance(log.store, SqliteLeaves)
    log.store.close()


def actors(log: Log) -> list[object]:
    return [r.entry.fields["actor"] for r in log.entries(0, log.size) if r.entry and r.kind == "refusal"]


def sampled(positions: Sequence[int], count: int, always: Iterable[int] = ()) -> list[int]:
    """Every position in a full run, else a sample of them together with those that are always tried."""
    if FULL:
        return list(positions)
    return sorted({*random.sample(positions, min(count, len(positions))), *(p for p in always if p in positions)})


@dataclass(frozen=True)
class Ledger:
    """A ledger's bytes while it is open, and the length of its journal after each commit with the entries then."""

    file: bytes
    journal: bytes
    commits: tuple[tuple[int, int], ...]
    signed: str

    def entries_at(self, length: int) -> int:
        return max((count for size, count in self.commits if size <= length), default=0)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    path = tmp_path_factory.mktemp("whole") / "evidence.db"
    log, journal, commits, signed = opened(path), path.with_name("evidence.db-wal"), [], ""
    for count in (3, 2, 4):
        log.append([refusal(log.size + n) for n in range(count)])
        commits.append((32 + int(_written(journal)) * (24 + 4096), log.size))
        if log.size == 5:
            signed = log.checkpoint(SIGNER)
            commits.append((32 + int(_written(journal)) * (24 + 4096), log.size))
    found = Ledger(path.read_bytes(), journal.read_bytes(), tuple(commits), signed)
    close(log)
    return found


def test_a_journal_torn_at_any_byte_is_read_to_its_last_whole_commit(ledger: Ledger, tmp_path: Path) -> None:
    ends = [end + d for end, _ in ledger.commits for d in (-1, 0, 1, 24, 25)]
    for length in sampled(range(len(ledger.journal) + 1), 60, ends):
        with placed(tmp_path, ledger.file, ledger.journal[:length]) as path:
            log = opened(path)
            assert actors(log) == [f"{n:032x}" for n in range(ledger.entries_at(length))], length
            assert log.verify(SIGNER.key).sound
            # and from there it goes on, and says so
            log.append([refusal(100)])
            assert log.verify(SIGNER.key).sound
            # behind the last commit lie frames of an earlier run: there an end of a frame is whole as well
            old = length >= ledger.commits[-1][0] and (length - 32) % (24 + 4096) == 0
            whole = old or length in (0, 32, *(end for end, _ in ledger.commits))
            assert whole or log.count_by(kind="incident") == 1, length
            held = log.verify(SIGNER.key, [ledger.signed])
            assert held.sound == (ledger.entries_at(length) >= 5), "what was signed and lost is seen by who kept it"
            close(log)


def test_a_flipped_byte_in_the_journal_never_gives_other_entries(ledger: Ledger, tmp_path: Path) -> None:
    for at in sampled(range(len(ledger.journal)), 80):
        bent = bytearray(ledger.journal)
        bent[at] ^= 1 << random.randrange(8)
        with placed(tmp_path, ledger.file, bytes(bent)) as path:
            log = opened(path)
            assert actors(log) == [f"{n:032x}" for n in range(log.size)], at
            assert log.size in (0, *(count for _, count in ledger.commits))
            assert log.verify(SIGNER.key, [ledger.signed]).sound == (log.size >= 5)
            close(log)


class placed:
    """A file and its journal as they were found after a crash, in a folder that is emptied afterwards."""

    def __init__(self, folder: Path, file: bytes, journal: bytes = b"") -> None:
        self._path, self._file, self._journal = folder / "evidence.db", file, journal

    def __enter__(self) -> Path:
        self._path.write_bytes(self._file)
        if self._journal:
            self._path.with_name("evidence.db-wal").write_bytes(self._journal)
        return self._path

    def __exit__(self, *_: object) -> None:
        for path in self._path.parent.glob("evidence.db*"):
            path.unlink()


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """Twenty records and a checkpoint in one file without a journal, and that checkpoint."""
    path = tmp_path_factory.mktemp("closed") / "evidence.db"
    log = opened(path)
    log.append([refusal(n) for n in range(20)])
    signed = log.checkpoint(SIGNER)
    close(log)
    return path.read_bytes(), signed


def looked_at(path: Path, signed: str) -> Verdict | SekishoError:
    try:
        log = opened(path)
    except (BadInput, StoreTrouble, Tampered) as error:
        return error
    try:
        verdict = log.verify(SIGNER.key, [signed])
        if verdict.sound:
            assert actors(log) == [f"{n:032x}" for n in range(20)], "sound means the same"
        return verdict
    finally:
        close(log)


def test_a_file_cut_at_any_byte_is_refused_or_found(closed: tuple[bytes, str], tmp_path: Path) -> None:
    whole, signed = closed
    for length in sampled(range(len(whole)), 150, [0, 1, 99, 100, 4095, 4096, 4097, len(whole) - 1]):
        with placed(tmp_path, whole[:length]) as path:
            found = looked_at(path, signed)
            assert isinstance(found, SekishoError) or not found.sound, length


def test_every_flipped_byte_of_a_record_in_the_file_is_found_and_named(
    closed: tuple[bytes, str], tmp_path: Path
) -> None:
    whole, signed = closed
    with placed(tmp_path, whole) as path, closing(sqlite3.connect(path)) as db:
        records = db.execute("select seq, kind, clause, body from entry").fetchall()
        cells = {seq: whole.index(kind.encode() + clause.encode() + body) for seq, kind, clause, body in records}
        sizes = {r[0]: len(r[1]) + len(r[2]) + len(r[3]) + 16 + 32 for r in records}
    for seq in range(20):
        for at in sampled(range(cells[seq], cells[seq] + sizes[seq]), 8):
            bent = whole[:at] + bytes([whole[at] ^ (1 << random.randrange(8))]) + whole[at + 1 :]
            with placed(tmp_path, bent) as path:
                found = looked_at(path, signed)
                assert isinstance(found, Verdict), (seq, at, found)
                assert found.wrong == seq, (seq, at, found)


def test_a_flipped_byte_anywhere_in_the_file_never_passes_as_other_entries(
    closed: tuple[bytes, str], tmp_path: Path
) -> None:
    whole, signed = closed
    for at in sampled(range(len(whole)), 200, range(100)):
        bent = whole[:at] + bytes([whole[at] ^ (1 << random.randrange(8))]) + whole[at + 1 :]
        with placed(tmp_path, bent) as path:
            looked_at(path, signed)  # `sound` is only ever said of the same entries, and nothing else is raised


@pytest.mark.parametrize(
    ("change", "wrong", "says"),
    [
        ("update entry set kind = 'incident' where seq = 4", 4, "another kind"),
        ("update entry set clause = 'other' where seq = 4", 4, "another kind or clause"),
        ("update entry set salt = zeroblob(16) where seq = 4", 4, "not what was recorded"),
        ("update entry set salt = null where seq = 4", 4, "not what was recorded"),
        ("update entry set body = null where seq = 4", 4, "not what was recorded"),
        ("update entry set body = null, salt = null where seq = 4", 4, "gone before its time"),
        ("update entry set body = cast(body as text) where seq = 4", 4, "not what was recorded"),
        ("update entry set leaf = zeroblob(32) where seq = 4", 4, "not what was recorded"),
        ("update entry set leaf = zeroblob(31) where seq = 4", 4, "not what was recorded"),
        ("update entry set leaf = 'text' where seq = 4", 4, "not what was recorded"),
        ("delete from entry where seq = 4", 4, "entry 4 is missing"),
        ("delete from entry where seq = 599", 599, "599 are here"),
        ("delete from entry where seq >= 300", 300, "300 are here"),
        ("delete from tile where level = 0 and idx = 1", 256, "are missing"),
        ("update tile set hashes = zeroblob(8192) where idx = 1", 256, "subtree hashes"),
        ("update tile set root = zeroblob(32) where idx = 0", 0, "subtree hashes"),
        ("update tile set hashes = cast(substr(hashes, 1, 320) || zeroblob(32) || substr(hashes, 353) as blob)",
         10, "entry 10 is not the one that its subtree hashes"),
        ("update tally set n = n + 1", None, "the count of `refusal` under `support` is 601, not 600"),
        ("delete from tally", None, "is 0, not 600"),
        ("insert into tally values ('refusal', 'nobody', 3)", None, "under `nobody` is 3, not 0"),
        ("update checkpoint set note = replace(note, char(10) || '600' || char(10), char(10) || '599' || char(10))",
         0, "the checkpoint at 599 has another root"),
        ("update checkpoint set note = 'nonsense'", None, "a checkpoint cannot be read"),
        ("insert into checkpoint select 700, replace(note, char(10) || '600', char(10) || '700') from checkpoint",
         600, "covers 700 entries, 600 are here"),
    ],
)  # fmt: skip
def test_whatever_is_changed_in_the_rows_is_found(tmp_path: Path, change: str, wrong: int | None, says: str) -> None:
    path = tmp_path / "evidence.db"
    log = opened(path)
    log.append([refusal(n) for n in range(600)])
    log.checkpoint(SIGNER)
    assert log.verify(SIGNER.key).sound
    tamper(path, change)
    found = log.verify(SIGNER.key)
    assert says in found.says
    assert found.wrong == wrong
    close(log)


def tamper(path: Path, change: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {name}")
        db.execute(change)
        db.commit()


def test_two_checkpoints_of_one_size_must_have_one_root(tmp_path: Path) -> None:
    path, other = tmp_path / "evidence.db", tmp_path / "other.db"
    log, twin = opened(path), opened(other)
    log.append([refusal(n) for n in range(7)])
    twin.append([refusal(n + 1) for n in range(7)])
    ours, theirs = log.checkpoint(SIGNER), twin.checkpoint(SIGNER)
    assert log.checkpoint(SIGNER) == ours, "nothing new is signed while nothing grew"
    log.store.put_checkpoint(7, theirs)
    assert "the checkpoint at 7 has another root" in log.verify(SIGNER.key).says
    close(log)
    close(twin)


def test_a_tail_that_was_cut_and_grown_again_is_found_and_never_signed(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    log = opened(path)
    log.append([refusal(n) for n in range(300)])
    log.checkpoint(SIGNER)
    close(log)
    tamper(path, "delete from entry where seq >= 290")
    tamper(path, "update tally set n = n - 10")
    log = opened(path)
    with pytest.raises(Tampered, match="rolled back"):
        log.checkpoint(SIGNER)
    log.append([refusal(n) for n in range(1000, 1040)])
    with pytest.raises(Tampered, match="does not extend its checkpoint at 300"):
        log.checkpoint(SIGNER)
    assert log.verify(SIGNER.key).wrong == 0
    assert "the checkpoint at 300 has another root" in log.verify(SIGNER.key).says
    close(log)


def test_a_ledger_whose_subtree_hashes_are_gone_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    log = opened(path)
    log.append([refusal(n) for n in range(250)])
    close(log)
    tamper(path, "delete from entry where seq between 10 and 20")
    log = opened(path)
    with pytest.raises(NotWitnessed) as caught:
        log.append([refusal(n) for n in range(10)])
    assert "nothing was given" in caught.value.help
    assert log.size == 250
    close(log)


def test_a_whole_file_of_yesterday_is_seen_with_a_cosigner_and_not_without(tmp_path: Path) -> None:
    path, yesterday = tmp_path / "evidence.db", tmp_path / "yesterday"
    log = opened(path)
    log.append([refusal(n) for n in range(5)])
    log.checkpoint(SIGNER)
    close(log)
    shutil.copy(path, yesterday)
    log = opened(path)
    log.append([refusal(n) for n in range(5, 9)])
    seen, cosigned = cosign(Seen("o"), log.checkpoint(SIGNER), SIGNER.key, (), AUDITOR, 1_800_000_000)
    close(log)
    shutil.copy(yesterday, path)
    log = opened(path)
    assert log.verify(SIGNER.key).sound, "by itself the older file is whole: a local chain does not show it"
    assert log.witnessed([AUDITOR.key]) is None
    with pytest.raises(Tampered, match="rolled back: 9 entries were signed before, 5"):
        cosign(seen, log.checkpoint(SIGNER), SIGNER.key, (), AUDITOR, 1_800_000_100)
    assert "a checkpoint covers 9 entries, 5 are here" in log.verify(SIGNER.key, [cosigned]).says
    close(log)
