"""An auditor visits: with a read-only copy and a key, and two checkpoints that were signed outside before they came."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from terminal import Done, edit, program

pytestmark = pytest.mark.slow
VERIFIER = Path(__file__).parents[2] / "tools" / "verify_evidence.py"
COSIGNERS = ("north.example/w1", "south.example/w1")
FIELDS = ("body", "salt", "leaf", "proof", "seq", "checkpoint")


def outsider(*words: str | Path) -> Done:
    """Run the standalone verifier where nothing of Sekisho can be imported."""
    alone = (
        "import sys, runpy; sys.modules['sekisho'] = None; sys.argv = sys.argv[1:]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-I", "-c", alone, str(VERIFIER), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Visit:
    """The studio's folder, and the auditor's desk with what was signed outside."""

    studio: Path
    desk: Path
    cosigners: tuple[str, ...]

    @property
    def log(self) -> Path:
        return self.desk / "log"

    @property
    def key(self) -> str:
        return (self.log / "key").read_text(encoding="utf-8").strip()

    def evidence(self, *words: str | Path) -> Done:
        return program("evidence", words[0], "-C", self.studio, *words[1:])

    def read(self, count: int) -> None:
        """Let somebody at support look at customers."""
        stated = ("--purpose", "support", "--reason", "ticket 4711")
        query = [w for i in range(count) for w in ("-c", f"select id, name from customers where id = {i + 2}")]
        assert program("gate", "shell", "shop", "-C", self.studio, *stated, *query).code == 0


def cosign(desk: Path, name: str) -> Done:
    mine = desk / name.partition("/")[0]
    return program("cosign", desk / "log", "--memory", mine.with_suffix(".seen"), "--key", mine, "--name", name)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Visit:
    """The studio ran for a while; two cosigners outside signed its log; it ran on."""
    home = tmp_path_factory.mktemp("audit")
    studio, desk = home / "studio", home / "desk"
    desk.mkdir()
    assert program("demo", "--into", studio).code == 0
    visited = Visit(studio, desk, ())
    visited.read(20)
    assert visited.evidence("checkpoint").code == 0
    assert visited.evidence("export", visited.log).code == 0
    keys = []
    for name in COSIGNERS:
        signed = cosign(desk, name)
        assert signed.code == 0, signed.err
        keys.append(signed.err.split("your verifier key: ")[1].strip())
        (desk / "signed").write_text(signed.out, encoding="utf-8")
        assert visited.evidence("cosigned", desk / "signed", "--cosigner", keys[-1]).code == 0
    shutil.copytree(visited.log, desk / "before")
    visited.read(5)
    assert visited.evidence("checkpoint").code == 0
    assert visited.evidence("export", visited.log).code == 0
    return Visit(studio, desk, tuple(keys))


def test_the_log_holds_against_two_checkpoints_signed_outside(visit: Visit) -> None:
    for cosigner in visit.cosigners:
        held = outsider("log", visit.log, "--key", visit.key, "--cosigner", cosigner, "--since", visit.desk / "before")
        assert held.code == 0, held.err
        assert "entries hold, and extend" in held.out
    assert visit.evidence("verify", "--against", visit.desk / "signed").code == 0


def test_ten_sampled_entries_are_proven_without_trusting_anybody(visit: Visit) -> None:
    size = len((visit.log / "leaves").read_bytes()) // 32
    for seq in random.Random(4711).sample(range(size), 10):
        file = visit.desk / f"{seq}.json"
        file.write_text(visit.evidence("receipt", str(seq)).out, encoding="utf-8")
        held = outsider("receipt", file, "--key", visit.key)
        assert held.code == 0, held.err
    whole = json.loads(file.read_text(encoding="utf-8"))
    assert set(FIELDS) <= whole.keys()
    file.write_text(json.dumps({**whole, "seq": (whole["seq"] + 1) % size}), encoding="utf-8")
    assert outsider("receipt", file, "--key", visit.key).code == 1


def test_what_is_given_to_outsiders_names_nobody(visit: Visit) -> None:
    given = b"".join(file.read_bytes() for file in visit.log.iterdir())
    for word in (b"example.jp", b"support", b"ticket", b"customer"):
        assert word not in given


def test_each_clause_says_its_rule_its_check_and_its_evidence(visit: Visit) -> None:
    done = program("check", visit.studio, "--live", "--json")
    assert done.code == 0, done.err
    clauses = json.loads(done.out)["clauses"]
    support = clauses["support"]
    assert support["state"] == "enforced"
    assert support["evidence"] >= 25
    assert any("customers" in rule for rule in support["rules"])
    assert all(c["rules"] for c in clauses.values() if c["state"] != "prose")
    counted = program("evidence", "show", "-C", visit.studio, "--clause", "support", "-n", "1000", "--json")
    assert len(json.loads(counted.out)) == support["evidence"]


def test_the_promise_whose_review_is_overdue_is_found(visit: Visit, tmp_path: Path) -> None:
    copy = tmp_path / "studio"
    copy.mkdir()
    for file in visit.studio.glob("policy*"):
        shutil.copy(file, copy)
    before = json.loads(program("check", copy, "--json").out)["clauses"]
    assert before["training"]["state"] == "kept by people"
    edit(copy / "policy.md", "review: 2027-03-31", "review: 2020-03-31")
    done = program("check", copy, "--json")
    after = json.loads(done.out)
    assert done.code == 2
    assert [c for c, kept in after["clauses"].items() if kept["state"] == "broken"] == ["training"]
    overdue = [d for d in after["diagnostics"] if d["code"] == "review-overdue"]
    assert len(overdue) == 1
    assert "2020-03-31" in overdue[0]["message"]


def test_a_log_that_was_rolled_back_is_seen_by_both_cosigners(visit: Visit, tmp_path: Path) -> None:
    desk = Path(shutil.copytree(visit.desk, tmp_path / "desk"))
    studio = Path(shutil.copytree(visit.studio, tmp_path / "studio"))
    other = Visit(studio, desk, visit.cosigners)
    yesterday = Path(shutil.copytree(studio / "books", tmp_path / "books"))
    other.read(3)
    assert other.evidence("checkpoint").code == 0
    assert other.evidence("export", other.log).code == 0
    assert [cosign(desk, name).code for name in COSIGNERS] == [0, 0]
    shutil.rmtree(studio / "books")
    yesterday.rename(studio / "books")
    assert other.evidence("verify").code == 0, "by itself the older copy is whole"
    assert other.evidence("export", other.log).code == 5
    shutil.rmtree(other.log)
    other.read(40)
    assert other.evidence("checkpoint").code == 0
    assert other.evidence("export", other.log).code == 0
    for name in COSIGNERS:
        refused = cosign(desk, name)
        assert refused.code == 5
        assert refused.out == ""
