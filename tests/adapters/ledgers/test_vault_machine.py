"""The vault beside a model of plain dictionaries: whatever happens in whatever order, they agree on who sees what."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from sekisho.adapters.ledgers import keybackup
from sekisho.adapters.ledgers.keystore import KeyStore, Where
from sekisho.adapters.ledgers.vault import Vault
from sekisho.adapters.ledgers.vaulttables import open_vault
from sekisho.adapters.ledgers.vaultuse import Ports
from sekisho.ground import stamp
from sekisho.ground.errors import Refused
from sekisho.ground.personal import Personal
from sekisho.vault.blind import Identifier
from sekisho.vault.record import New
from sekisho.vault.secret import Secret
from studio import ACTOR, Notebook, policy

pytestmark = pytest.mark.unit
MASTER = Secret(bytes(range(32)))
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None
EVERYBODY = (1 << 63) - 1
SEEN = ("name", "contact.email")
"""What purpose `support` uses."""


class Standing:
    """Standing that the machine decides: who objected stands for nothing."""

    def __init__(self) -> None:
        self.objected: set[str] = set()

    def masks(self, people: dict[str, str]) -> dict[str, int]:
        return {p: 0 if p in self.objected else EVERYBODY for p in people}


class Machine(RuleBasedStateMachine):
    stored: Bundle[tuple[str, str]] = Bundle("stored")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY, prefix="sekisho-test-"))
        keys = self.folder / "keys"
        self.where = Where(keys / "store.db", keys / "erased.db", keys / "master")
        self.standing = Standing()
        self.model: dict[str, dict[str, dict[str, str]]] = {}
        self.emails: dict[str, set[str]] = {}
        self.gone: set[str] = set()
        self.barred: set[str] = set()
        self.count = 0
        self.old_keys: bytes | None = None
        self.known_then: set[str] = set()
        self.old_rows: dict[str, dict[str, dict[str, str]]] | None = None
        self.open()

    def open(self) -> None:
        self.keys = KeyStore(self.where, MASTER)
        ports = Ports(self.standing, Notebook(), lambda deed: None)
        self.vault = Vault(open_vault(f"sqlite:///{self.folder}/vault.db"), self.keys, policy(), ports, ACTOR)

    @rule(target=stored, n=st.integers(0, 4), postal=st.booleans(), fresh=st.booleans())
    def store(self, n: int, postal: bool, fresh: bool) -> object:
        email = f"p{n}@example.jp"
        self.count += 1
        said = {"name": f"canary {stamp.handle()}", "contact.email": email}
        said |= {"contact.postal": "Kitestreet"} if postal else {}
        new = New(
            "customer",
            {c: Personal(v) for c, v in said.items()},
            (Identifier("email", Personal(email)),),
            fresh=fresh,
        )
        if fresh:
            self.barred.discard(email)
        if email in self.barred:
            with pytest.raises(Refused):
                self.vault.store(new)
            return multiple()
        kept = self.vault.store(new)
        self.model[kept.person] = {kept.record: said}
        return kept.person, kept.record

    @rule(which=stored, name=st.text(st.characters(codec="utf-8"), max_size=20))
    def correct(self, which: tuple[str, str], name: str) -> None:
        person, record = which
        values = {"name": Personal(name), "contact.postal": None}
        if person not in self.model:
            with pytest.raises(Refused):
                self.vault.correct(person, record, values)
            return
        self.vault.correct(person, record, values)
        self.model[person][record]["name"] = name
        self.model[person][record].pop("contact.postal", None)

    @rule(which=stored)
    def erase(self, which: tuple[str, str]) -> None:
        person, _ = which
        assert self.vault.erase([person])
        self.gone.add(person)
        for said in self.model.pop(person, {}).values():
            self.barred.add(said["contact.email"])

    @rule(which=stored)
    def object(self, which: tuple[str, str]) -> None:
        self.standing.objected ^= {which[0]}

    @rule()
    def rotate(self) -> None:
        self.keys.rotate()
        place: int | None = 0
        while place is not None:
            place = self.keys.rewrap(place, 2)
        self.keys.retire()
        assert len(self.keys.status().wrapping) == 1

    @rule()
    def start_again(self) -> None:
        self.keys.close()
        self.open()

    @rule()
    def back_up(self) -> None:
        self.old_keys, self.known_then = keybackup.back_up(self.keys, MASTER), set(self.model)
        self.old_rows = {p: {r: dict(said) for r, said in records.items()} for p, records in self.model.items()}
        shutil.copy(self.folder / "vault.db", self.folder / "backup.db")
        wal = self.folder / "vault.db-wal"
        assert not wal.exists(), "no connection is open, so the file is whole"

    @rule()
    def lose_everything_and_put_it_back(self) -> None:
        """Keys and records come back as they were then; the register is the one of now."""
        if self.old_keys is None or self.old_rows is None:
            return
        self.keys.close()
        for file in (*self.folder.glob("keys/store.db*"), *self.folder.glob("vault.db*")):
            file.unlink()
        shutil.copy(self.folder / "backup.db", self.folder / "vault.db")
        done = keybackup.restore(self.where, self.old_keys, MASTER)
        assert done.refused == len(self.known_then & self.gone)
        self.model = {
            p: {r: dict(said) for r, said in records.items()}
            for p, records in self.old_rows.items()
            if p not in self.gone
        }
        self.open()

    @rule()
    def tidy(self) -> None:
        place: str | None = ""
        while place is not None:
            place = self.vault.tidy(place, 3)

    @invariant()
    def they_agree(self) -> None:
        everybody = [*self.model, *self.gone]
        expected = {
            p: sorted(tuple(sorted((c, v) for c, v in said.items() if c in SEEN)) for said in records.values())
            for p, records in self.model.items()
            if p not in self.standing.objected
        }
        with self.vault.use("support", "the machine") as use:
            seen = use.read_all(everybody)
            found = {
                p: sorted(tuple(sorted((c, v.reveal("test")) for c, v in r.values.items())) for r in read.records)
                for p, read in seen.items()
            }
            assert found == expected
            for n in range(5):
                email = f"p{n}@example.jp"
                theirs = {p for p in expected if any(s["contact.email"] == email for s in self.model[p].values())}
                assert set(use.find(Identifier("email", Personal(email)))) == theirs

    @invariant()
    def nothing_lies_in_clear(self) -> None:
        for file in self.folder.rglob("*"):
            assert not file.is_file() or b"canary" not in file.read_bytes()

    def teardown(self) -> None:
        if hasattr(self, "keys"):
            self.keys.close()
            shutil.rmtree(self.folder, ignore_errors=True)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
