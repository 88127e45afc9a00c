"""The log on a real file: appended, proven, tampered with, rolled back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sekisho.adapters.ledgers.evidence import SqliteLeaves, load_or_make_key
from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.cosigner import Seen, cosign
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log, verify_receipt
from sekisho.ground.errors import BadInput, Tampered

pytestmark = pytest.mark.unit

SIGNER = notes.Signer("studio.example/evidence", b"k" * 32)
AUDITOR = notes.Signer("auditor", b"a" * 32, notes.COSIGNATURE)
NOW = datetime(2026, 12, 5, tzinfo=UTC)


def refusal(n: int = 0) -> Entry:
    fields = {"store": "shop", "purpose": "support", "clause": "support", "actor": f"{n:032x}", "code": "no-reason"}
    return Entry("refusal", datetime(2026, 12, 1, tzinfo=UTC), fields)


def opened(path: Path) -> Log:
    return Log(SqliteLeaves(path), "studio.example/evidence")


def closed(log: Log) -> None:
    assert isinstance(log.store, SqliteLeaves)
    log.store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "evidence.db"


def test_what_is_appended_is_there_in_order_and_verifies(path: Path) -> None:
    log = opened(path)
    assert log.append([refusal(n) for n in range(300)]) == range(300)
    assert log.append([refusal(300)]) == range(300, 301)
    log.checkpoint(SIGNER)
    assert [r.seq for r in log.entries(298, 301)] == [298, 299, 300]
    assert log.count_by(kind="refusal", clause="support") == 301
    assert log.latest(1)[0].entry == refusal(300)
    closed(log)
    again = opened(path)
    assert again.verify(SIGNER.key).sound
    closed(again)


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700, 66_000])
def test_proofs_from_packed_tiles_equal_those_of_the_plain_tree(path: Path, size: int) -> None:
    log = opened(path)
    step = 997 if size < 10_000 else 33_000
    for start in range(0, size, step):
        log.append([refusal(n) for n in range(start, min(size, start + step))])
    leaves = [r.leaf for r in log.store.rows(0, size)]

    def plain(height: int, index: int) -> bytes:
        return tree.perfect(leaves[index << height : (index + 1) << height])

    for index in {0, size // 3, size // 2, size - 1}:
        assert tree.inclusion_proof(index, size, log.store.node) == tree.inclusion_proof(index, size, plain)
    for old in {1, max(1, size // 3), size}:
        assert tree.consistency_proof(old, size, log.store.node) == tree.consistency_proof(old, size, plain)
    closed(log)


def test_every_flipped_byte_of_a_record_is_found_and_named(path: Path) -> None:
    log = opened(path)
    log.append([refusal(n) for n in range(20)])
    log.checkpoint(SIGNER)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("drop trigger entry_holds")
        db.execute("pragma synchronous = off")
        for seq in range(20):
            for column in ("body", "salt", "leaf"):
                whole = db.execute(f"select {column} from entry where seq = ?", (seq,)).fetchone()[0]
                for at in range(len(whole)):
                    bent = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
                    db.execute(f"update entry set {column} = ? where seq = ?", (bent, seq))
                    assert log.verify().wrong == seq
                db.execute(f"update entry set {column} = ? where seq = ?", (whole, seq))
    assert log.verify(SIGNER.key).sound
    closed(log)


def _write(path: Path, seq: int, body: bytes) -> None:
    db = sqlite3.connect(path)
    db.execute("drop trigger if exists entry_holds")
    db.execute("update entry set body = ? where seq = ?", (body, seq))
    db.commit()
    db.close()


def test_nothing_is_signed_over_a_changed_record(path: Path) -> None:
    log = opened(path)
    log.append([refusal(1)])
    closed(log)
    _write(path, 0, b"{}")
    log = opened(path)
    with pytest.raises(Tampered, match="entry 0"):
        log.checkpoint(SIGNER)
    closed(log)


def test_entries_are_not_changed_or_deleted_through_the_file_as_it_stands(path: Path) -> None:
    log = opened(path)
    log.append([refusal(1)])
    for change in ("delete from entry", "update entry set body = x'00'", "update entry set leaf = zeroblob(32)"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            log.store._connection().execute(change)  # type: ignore[attr-defined]
    closed(log)


def test_a_dropped_body_leaves_proofs_whole(path: Path) -> None:
    log = opened(path)
    log.append([refusal(n) for n in range(3)])
    log.checkpoint(SIGNER)
    assert isinstance(log.store, SqliteLeaves)
    assert log.expire(datetime(2026, 12, 1, tzinfo=UTC), NOW) == 0, "none is older than that"
    assert log.expire(datetime(2026, 12, 2, tzinfo=UTC), NOW) == 3
    assert log.latest(3)[2].entry is None
    assert log.verify(SIGNER.key).sound
    assert verify_receipt(log.receipt(0), SIGNER.key) == ""
    closed(log)


def test_receipts_hold_offline_and_any_change_breaks_them(path: Path) -> None:
    log = opened(path)
    log.append([refusal(n) for n in range(50)])
    with pytest.raises(BadInput, match="checkpoint"):
        log.receipt(7)
    log.checkpoint(SIGNER)
    receipt = json.loads(json.dumps(log.receipt(7)))
    closed(log)
    assert verify_receipt(receipt, SIGNER.key) == ""
    for field, value in (
        ("seq", 8),
        ("body", receipt["body"] + " "),
        ("leaf", "00" * 32),
        ("proof", []),
        ("checkpoint", "x"),
    ):
        assert verify_receipt({**receipt, field: value}, SIGNER.key) != ""
    assert verify_receipt(receipt, notes.Signer(SIGNER.name, b"z" * 32).key) != ""


def test_a_cosigner_follows_a_growing_log(path: Path) -> None:
    log = opened(path)
    seen = Seen(log.origin)
    for n in range(1, 12):
        log.append([refusal(i) for i in range(n)])
        text = log.checkpoint(SIGNER)
        proof = tree.consistency_proof(seen.size, log.size, log.store.node) if seen.size else ()
        seen, _ = cosign(seen, text, SIGNER.key, proof, AUDITOR, n)
        assert seen.size == log.size
    closed(log)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"store": "shop"},
        {"store": "shop", "purpose": "support", "clause": "a b", "actor": "0" * 32, "code": "x"},
        {"store": "shop", "purpose": "support", "clause": "a", "actor": "taro@example.jp", "code": "x"},
        {"store": "shop", "purpose": "support", "clause": "a", "actor": "0" * 32, "code": "x", "note": "free text"},
    ],
)
def test_what_is_not_a_listed_field_never_enters(path: Path, fields: dict[str, object]) -> None:
    log = opened(path)
    with pytest.raises(BadInput) as caught:
        log.append([refusal(1), Entry("refusal", datetime(2026, 1, 1, tzinfo=UTC), fields)])
    assert "taro" not in str(caught.value)
    assert log.size == 0
    closed(log)


def test_a_file_of_something_else_is_refused_with_a_remedy(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    with pytest.raises(BadInput, match="not an evidence ledger"):
        SqliteLeaves(path)


def test_keys_are_made_once_for_their_owner_only(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "log"
    assert load_or_make_key(key) == load_or_make_key(key)
    key.chmod(0o644)
    with pytest.raises(BadInput, match="others may read"):
        load_or_make_key(key)
    key.chmod(0o600)
    key.write_text("short")
    with pytest.raises(BadInput, match="not a key"):
        load_or_make_key(key)


def test_what_cosigners_signed_is_kept_recorded_once_and_told_newest_first(path: Path) -> None:
    log = opened(path)
    assert log.witnessed() is None
    other = notes.Signer("other", b"o" * 32, notes.COSIGNATURE)
    for size, signer, at in ((3, AUDITOR, 100), (5, other, 300), (5, AUDITOR, 200)):
        log.append([refusal(n) for n in range(size - log.size)])
        text = log.checkpoint(SIGNER) if log.size == size else log.store.checkpoints(1)[0]
        cosigned = text + signer.sign(notes.split(text)[0], at)
        for _ in range(2):
            assert log.cosigned(cosigned, SIGNER.key, signer.key, NOW).at == at
    assert log.count_by(kind="checkpoint-cosigned") == 3
    newest = log.witnessed()
    assert newest is not None
    assert (newest.cosigner, newest.size, newest.at) == (other.key, 5, 300)
    mine = log.witnessed([AUDITOR.key])
    assert mine is not None
    assert (mine.size, mine.at) == (5, 200)
    assert log.witnessed([notes.Signer("nobody", b"n" * 32, notes.COSIGNATURE).key]) is None
    assert log.verify(SIGNER.key).sound
    assert log.receipt(1)["checkpoint"] in [t for t, _ in log.store.cosigned(9)]
    closed(log)


def test_a_receipt_may_keep_the_body_to_itself_and_must_be_cosigned_where_that_is_asked(path: Path) -> None:
    log = opened(path)
    log.append([refusal(n) for n in range(9)])
    text = log.checkpoint(SIGNER)
    receipt = log.receipt(4, body=False)
    assert (receipt["body"], receipt["salt"]) == (None, None)
    assert verify_receipt(receipt, SIGNER.key) == ""
    assert "not cosigned by `auditor`" in verify_receipt(receipt, SIGNER.key, [AUDITOR.key])
    log.cosigned(text + AUDITOR.sign(notes.split(text)[0], 7), SIGNER.key, AUDITOR.key, NOW)
    assert verify_receipt(log.receipt(4), SIGNER.key, [AUDITOR.key]) == ""
    closed(log)


@pytest.mark.parametrize(
    "bent", [{"body": "\ud800"}, {"salt": "zz"}, {"salt": None}, {"leaf": 5}, {"proof": [7]}, {"seq": -1}]
)
def test_any_nonsense_in_a_receipt_is_told_as_that(path: Path, bent: dict[str, object]) -> None:
    log = opened(path)
    log.append([refusal(n) for n in range(9)])
    log.checkpoint(SIGNER)
    assert verify_receipt({**log.receipt(4), **bent}, SIGNER.key) != ""
    closed(log)
