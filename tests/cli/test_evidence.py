"""Evidence from the command line: shown, verified, proven, exported, cosigned outside, and every wrong input told."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sekisho.app.wire import Workspace
from sekisho.evidence.kinds import Entry

from .conftest import Sekisho

pytestmark = pytest.mark.unit

VERIFIER = Path(__file__).resolve().parents[2] / "tools" / "verify_evidence.py"


def refusal(n: int, clause: str = "shipping") -> Entry:
    fields = {"store": "shop", "purpose": "shipping", "clause": clause, "actor": f"{n:032x}", "code": "no-reason"}
    return Entry("refusal", datetime(2026, 10, 1, tzinfo=UTC), fields)


def outsider(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the standalone verifier where nothing of ours can be imported: isolated, and Sekisho is not there."""
    block = "import sys; sys.modules['sekisho'] = None; import runpy; sys.argv = sys.argv[1:]; "
    run = "runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-c", block + run, str(VERIFIER), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@dataclass
class Place:
    """A folder with evidence, and an auditor's place outside of it."""

    sekisho: Sekisho
    folder: Path
    outside: Path

    def run(self, *words: str | Path, code: int = 0) -> str:
        done = self.sekisho("evidence", words[0], "-C", self.folder, *words[1:])
        assert done.code == code, done.err
        return done.out if code == 0 else done.err

    def cosign(self, *more: str, code: int = 0) -> str:
        words = ["--memory", self.outside / "seen.json", "--key", self.outside / "key", "--name", "auditor.example/w1"]
        done = self.sekisho("cosign", self.outside / "log", *words, *more)
        assert done.code == code, done.err
        if not code:
            (self.outside / "cosigned").write_text(done.out)
        return done.err

    @property
    def cosigner(self) -> str:
        return self.cosign().split("your verifier key: ")[1].strip()

    @property
    def key(self) -> str:
        return (self.outside / "log" / "key").read_text().strip()

    def grow(self, count: int = 5) -> None:
        log = Workspace(self.folder).log
        log.append([refusal(n) for n in range(log.size, log.size + count)])

    def export(self) -> None:
        self.run("checkpoint")
        self.run("export", self.outside / "log")


@pytest.fixture
def place(sekisho: Sekisho, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "auditor").mkdir()
    assert sekisho("init", tmp_path / "shop").code == 0
    found = Place(sekisho, tmp_path / "shop", tmp_path / "auditor")
    found.grow(12)
    return found


def test_entries_are_shown_to_people_and_to_machines(place: Place) -> None:
    Workspace(place.folder).log.append([refusal(99, "contact")])
    assert "2026-10-01 00:00:00" in place.run("show")
    shown = json.loads(place.run("show", "--json", "-n", "3", "--before", "5"))
    assert [entry["entry"] for entry in shown] == [4, 3, 2]
    assert shown[0]["fields"]["code"] == "no-reason"
    assert [e["entry"] for e in json.loads(place.run("show", "--json", "--clause", "contact"))] == [12]
    assert json.loads(place.run("show", "--json", "--kind", "incident")) == []


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "--kind", "gossip"), "`gossip` is not a kind of entry"),
        (("receipt", "12"), "there is no entry 12"),
        (("receipt", "--", "-1"), "there is no entry -1"),
        (("receipt", "3"), "not under a checkpoint yet"),
        (("consistency", "0"), "use two sizes from 1 to 12"),
        (("consistency", "5", "40"), "use two sizes from 1 to 12"),
        (("verify", "--key", "nonsense"), "not a verifier key"),
        (("verify", "--cosigner", "a b+00+AA"), "cannot name a key"),
        (("verify", "--against", "nowhere"), "cannot be read"),
        (("cosigned", "nowhere", "--cosigner", "x"), "cannot be read"),
        (("expire", "--before", "2999-01-01"), "that day is not over"),
    ],
)
def test_wrong_input_is_told_with_its_remedy(place: Place, words: tuple[str, ...], says: str) -> None:
    told = place.run(*words, code=2)
    assert says in told
    assert "help:" in told
    assert Workspace(place.folder).log.size == 12


def test_the_log_verifies_and_a_changed_entry_is_named(place: Place) -> None:
    place.run("checkpoint")
    assert "12 entries verify" in place.run("verify")
    found = json.loads(place.run("verify", "--json"))
    assert (found["sound"], found["entries"], found["witnessed"]) == (True, 12, None)
    with closing(sqlite3.connect(place.folder / "books" / "evidence.db")) as db:
        db.execute("drop trigger entry_holds")
        db.execute("update entry set body = replace(body, 'no-reason', 'no-season') where seq = 7")
        db.commit()
    assert "entry 7 is not what was recorded" in place.run("verify", code=5)
    assert "entry 7" in place.run("receipt", "7", code=5)
    told = place.sekisho("evidence", "verify", "--json", "-C", place.folder)
    assert (told.code, json.loads(told.out)["wrong"]) == (5, 7)


def test_another_key_does_not_verify_the_checkpoints(place: Place) -> None:
    place.run("checkpoint")
    other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    assert "not signed with this key" in place.run("verify", "--key", other, code=5)


def test_a_receipt_holds_for_us_and_for_a_stranger_and_a_flipped_byte_breaks_it(place: Place) -> None:
    place.export()
    for words in ((), ("--without-body",)):
        text = place.run("receipt", "7", *words)
        file = place.outside / "receipt.json"
        file.write_text(text)
        assert place.sekisho("evidence", "check-receipt", file, "--key", place.key).code == 0
        assert outsider("receipt", file, "--key", place.key).returncode == 0
        assert ("no-reason" in text) == (words == ())
        whole = json.loads(text)
        bent = [{**whole, field: flipped(whole[field])} for field in ("body", "salt", "leaf") if whole[field]]
        bent += [{**whole, "proof": [flipped(h), *whole["proof"][1:]]} for h in whole["proof"][:1]]
        for document in (*bent, {**whole, "seq": 6}, {**whole, "proof": whole["proof"][1:]}):
            file.write_text(json.dumps(document))
            ours = place.sekisho("evidence", "check-receipt", file, "--key", place.key)
            theirs = outsider("receipt", file, "--key", place.key)
            assert (ours.code, theirs.returncode) == (5, 1), theirs.stderr


def flipped(text: str) -> str:
    return text[:9] + ("1" if text[9] != "1" else "2") + text[10:]


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "nonsense", '{"seq": "x"}'])
def test_what_is_not_a_receipt_is_told(place: Place, text: str) -> None:
    place.export()
    (place.outside / "receipt.json").write_text(text)
    done = place.sekisho("evidence", "check-receipt", place.outside / "receipt.json", "--key", place.key)
    assert done.code in (2, 5)
    assert "not a receipt" in done.err
    assert outsider("receipt", place.outside / "receipt.json", "--key", place.key).returncode == 2


def test_a_consistency_proof_joins_two_checkpoints_offline(place: Place) -> None:
    old, new, proof = (place.outside / n for n in ("old", "new", "proof.json"))
    old.write_text(place.run("checkpoint"))
    place.grow(300)
    new.write_text(place.run("checkpoint"))
    place.run("export", place.outside / "log")
    proof.write_text(place.run("consistency", "12", "312"))
    ours = place.sekisho("evidence", "check-consistency", proof, old, new, "--key", place.key)
    assert ours.code == 0, ours.err
    theirs = outsider("consistency", proof, old, new, "--key", place.key)
    assert (theirs.returncode, "begins with the 12" in theirs.stdout) == (0, True), theirs.stderr
    bent = json.loads(proof.read_text())
    bent["proof"][0] = "00" * 32
    proof.write_text(json.dumps(bent))
    assert place.sekisho("evidence", "check-consistency", proof, old, new, "--key", place.key).code == 5
    assert outsider("consistency", proof, old, new, "--key", place.key).returncode == 1


def test_an_export_is_continued_and_never_rewritten(place: Place) -> None:
    place.export()
    first = (place.outside / "log" / "leaves").read_bytes()
    place.grow(700)
    assert "712 leaf hashes, 700 of them new" in place.run("export", place.outside / "log")
    assert (place.outside / "log" / "leaves").read_bytes()[: len(first)] == first
    with (place.outside / "log" / "leaves").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"?")
    assert "are not those of the log" in place.run("export", place.outside / "log", code=5)
    (place.outside / "log" / "key").write_text("another")
    assert "of another log or key" in place.run("export", place.outside / "log", code=2)


def test_a_stranger_verifies_an_export_and_finds_one_flipped_byte(place: Place) -> None:
    place.export()
    shutil.copytree(place.outside / "log", place.outside / "before")
    place.grow(600)
    place.export()
    held = outsider("log", place.outside / "log", "--key", place.key, "--since", place.outside / "before")
    assert (held.returncode, "612 entries hold, and extend" in held.stdout) == (0, True), held.stderr
    leaves = place.outside / "log" / "leaves"
    whole = leaves.read_bytes()
    for at in range(0, len(whole), 1009):
        leaves.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        found = outsider("log", place.outside / "log", "--key", place.key)
        assert (found.returncode, "not that of these leaves" in found.stderr) == (1, True)
    leaves.write_bytes(whole[:-1])
    assert outsider("log", place.outside / "log").returncode == 1
    leaves.unlink()
    assert outsider("log", place.outside / "log").returncode == 2
    assert "--key is needed" in outsider("receipt", place.outside / "cosigned").stderr


def test_an_outsider_cosigns_and_the_signature_is_taken_back(place: Place) -> None:
    place.export()
    cosigner = place.cosigner
    assert "signed by that cosigner" in place.run("verify", "--cosigner", cosigner, code=5)
    assert "witnessed outside: 12 entries" in place.run("cosigned", place.outside / "cosigned", "--cosigner", cosigner)
    place.run("cosigned", place.outside / "cosigned", "--cosigner", cosigner)
    recorded = json.loads(place.run("show", "--json", "--kind", "checkpoint-cosigned"))
    assert [(r["fields"]["size"], r["fields"]["cosigner"]) for r in recorded] == [(12, "auditor.example-w1")]
    place.grow(3)
    assert "witnessed outside: 12 entries by `auditor.example/w1`" in place.run("verify", "--cosigner", cosigner)
    assert json.loads(place.run("verify", "--json"))["witnessed"]["cosigner"] == cosigner
    receipt = place.outside / "receipt.json"
    receipt.write_text(place.run("receipt", "4"))
    assert place.sekisho("evidence", "check-receipt", receipt, "--key", place.key, "--cosigner", cosigner).code == 0
    assert outsider("receipt", receipt, "--key", place.key, "--cosigner", cosigner).returncode == 0
    place.run("export", place.outside / "log")
    seen = outsider("log", place.outside / "log", "--key", place.key, "--cosigner", cosigner)
    assert "auditor.example/w1 signed 12 entries" in seen.stdout, seen.stderr


def test_a_signature_of_somebody_else_is_not_taken_back(place: Place) -> None:
    place.export()
    cosigner = place.cosigner
    (place.outside / "key").unlink()
    (place.outside / "seen.json").unlink()
    stranger = place.cosigner
    assert stranger != cosigner
    cosigned = place.outside / "cosigned"
    assert "not signed by `auditor" in place.run("cosigned", cosigned, "--cosigner", cosigner, code=5)
    assert "not a cosigner's key" in place.run("cosigned", cosigned, "--cosigner", place.key, code=2)
    text = cosigned.read_text()
    cosigned.write_text(text.replace("\n12\n", "\n11\n"))
    assert "not one of this log" in place.run("cosigned", cosigned, "--cosigner", stranger, code=5)
    cosigned.write_text("hello")
    assert "not checkpoints" in place.run("cosigned", cosigned, "--cosigner", stranger, code=2)
    assert json.loads(place.run("show", "--json", "--kind", "checkpoint-cosigned")) == []


def test_a_rollback_is_seen_by_the_cosigner_and_by_what_was_kept_elsewhere_only(place: Place) -> None:
    books = place.folder / "books"
    place.export()
    shutil.copytree(books, place.outside / "yesterday")
    place.grow(20)
    place.export()
    place.cosign()
    shutil.rmtree(books)
    shutil.copytree(place.outside / "yesterday", books)
    assert "12 entries verify" in place.run("verify"), "by itself the older copy is whole"
    kept = place.outside / "cosigned"
    assert "a checkpoint covers 32 entries, 12 are here" in place.run("verify", "--against", kept, code=5)
    assert "the log was rolled back" in place.run("export", place.outside / "log", code=5)
    shutil.rmtree(place.outside / "log")
    place.export()
    assert "the log was rolled back: 32 entries were signed before, 12" in place.cosign(code=5)
    place.grow(60)
    place.export()
    assert "the log was rewritten" in place.cosign(code=5)
    assert "is not what was signed" in place.run("verify", "--against", kept, code=5)


def test_a_cosigner_keeps_to_the_key_it_saw_first(place: Place) -> None:
    place.export()
    place.cosign()
    (place.folder / "books" / "keys" / "log").unlink()
    with closing(sqlite3.connect(place.folder / "books" / "evidence.db")) as db:
        db.execute("drop trigger checkpoint_stays")
        db.execute("delete from checkpoint")
        db.commit()
    shutil.rmtree(place.outside / "log")
    place.grow()
    place.export()
    assert "not signed by the log's key" in place.cosign(code=5)


def test_an_export_that_is_none_is_told(place: Place) -> None:
    (place.outside / "log").mkdir()
    assert "not an exported log" in place.cosign(code=2)
    place.run("export", place.outside / "log")
    assert "no checkpoint yet" in place.cosign(code=2)
    place.export()
    (place.outside / "seen.json").write_text("{}")
    assert "memory cannot be read" in place.cosign(code=2)


def test_bodies_expire_and_every_proof_still_holds(place: Place) -> None:
    place.export()
    assert "0 bodies dropped" in place.run("expire", "--before", "2026-09-01")
    assert "12 bodies dropped" in place.run("expire", "--before", "2026-10-02")
    assert "13 entries verify" in place.run("verify")
    assert "body dropped" in place.run("show")
    receipt = place.outside / "receipt.json"
    receipt.write_text(place.run("receipt", "3"))
    assert place.sekisho("evidence", "check-receipt", receipt, "--key", place.key).code == 0
    assert outsider("receipt", receipt, "--key", place.key).returncode == 0
    with closing(sqlite3.connect(place.folder / "books" / "evidence.db")) as db:
        db.execute("update entry set body = null, salt = null where seq = 12")
        db.commit()
    assert "is gone before its time" in place.run("verify", code=5)
