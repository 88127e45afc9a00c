"""The log walked at random, beside a plain list: whatever is done in whatever order, it only ever extends."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.evidence.cosigner import Seen, cosign
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log, verify_receipt

pytestmark = pytest.mark.unit

SIGNER = notes.Signer("o", b"k" * 32)
AUDITOR = notes.Signer("auditor", b"a" * 32, notes.COSIGNATURE)
START = datetime(2026, 12, 1, tzinfo=UTC)
MEMORY = Path("/dev/shm")


class Walk(RuleBasedStateMachine):
    """`kept` is what the log must hold, `seen` what the auditor remembers, `hour` the clock."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None, prefix="sekisho-test-"))
        self.store = SqliteLeaves(self.folder / "evidence.db")
        self.log = Log(self.store, "o")
        self.kept: list[str] = []
        self.points: list[notes.Checkpoint] = []
        self.seen, self.hour = Seen("o"), 0

    @rule(count=st.sampled_from([1, 2, 100, 255, 256, 600]), clause=st.sampled_from(["a", "b"]))
    def append(self, count: int, clause: str) -> None:
        self.hour += 1
        fields = {"store": "s", "purpose": "p", "clause": clause, "actor": "0" * 32, "code": "x"}
        entries = [Entry("refusal", self.now, fields)] * count
        assert self.log.append(entries) == range(len(self.kept), len(self.kept) + count)
        self.kept += [clause] * count

    @rule()
    def checkpoint(self) -> None:
        point = notes.Checkpoint.parse(self.log.checkpoint(SIGNER))
        assert point.size == len(self.kept)
        for earlier in self.points:
            if earlier.size:
                proof = tree.consistency_proof(earlier.size, point.size, self.store.node)
                assert tree.is_consistent(earlier.size, earlier.root, point.size, point.root, proof)
        self.points.append(point)

    @precondition(lambda self: self.kept)
    @rule()
    def cosign(self) -> None:
        text = self.log.checkpoint(SIGNER)
        size = notes.Checkpoint.parse(text).size
        proof = tree.consistency_proof(self.seen.size, size, self.store.node) if self.seen.size else ()
        self.hour += 1
        self.seen, signed = cosign(self.seen, text, SIGNER.key, proof, AUDITOR, int(self.now.timestamp()))
        self.log.cosigned(signed, SIGNER.key, AUDITOR.key, self.now)
        self.kept.append("")
        found = self.log.witnessed([AUDITOR.key])
        assert found is not None
        assert found.size == size

    @precondition(lambda self: self.kept)
    @rule(ago=st.integers(0, 5))
    def expire(self, ago: int) -> None:
        size = self.log.size
        self.log.expire(self.now - timedelta(hours=ago), self.now)
        self.kept += [""] * (self.log.size - size)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = SqliteLeaves(self.folder / "evidence.db")
        self.log = Log(self.store, "o")

    @precondition(lambda self: self.points and self.points[-1].size)
    @rule(data=st.data())
    def receipt(self, data: st.DataObject) -> None:
        seq = data.draw(st.integers(0, self.points[-1].size - 1))
        assert verify_receipt(self.log.receipt(seq), SIGNER.key) == ""

    @property
    def now(self) -> datetime:
        return START + timedelta(hours=self.hour)

    @invariant()
    def it_holds_what_was_told_and_verifies(self) -> None:
        assert self.log.size == len(self.kept)
        for clause in ("a", "b"):
            assert self.log.count_by(clause=clause) == self.kept.count(clause)
        verdict = self.log.verify(SIGNER.key)
        assert verdict.sound, verdict.says

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)


Walk.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
TestWalk = Walk.TestCase
