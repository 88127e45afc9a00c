"""The vault on SQLite and PostgreSQL: sealed, seen by purpose, corrected, erased, and put back from old backups."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from postgres import ADMIN, fresh_database, listening
from sekisho.adapters.ledgers.books import open_books
from sekisho.adapters.ledgers.consent import Consents
from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.adapters.ledgers.keystore import KeyStore, Where
from sekisho.adapters.ledgers.people import People
from sekisho.adapters.ledgers.reasons import Reasons
from sekisho.adapters.ledgers.vault import Imported, Vault
from sekisho.adapters.ledgers.vaultstanding import BookStanding
from sekisho.adapters.ledgers.vaulttables import RECORD, open_vault
from sekisho.adapters.ledgers.vaultuse import Batched, Ports, Read
from sekisho.app.recorder import Recorder
from sekisho.consent.facts import Decision, Fact
from sekisho.evidence.log import Log
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, NotWitnessed, Refused, StoreTrouble, Tampered
from sekisho.ground.personal import Personal
from sekisho.people.model import Place
from sekisho.policy.model import Category, Policy
from sekisho.vault.blind import Identifier
from sekisho.vault.reading import Deed
from sekisho.vault.record import New
from sekisho.vault.secret import Secret
from studio import ACTOR, NOW, policy, purpose

MASTER = Secret(bytes(range(32)))
NAMES = ("Aoi Tanabe", "Bruno Falk", "Clara Imai", "Dai Ueno")


def clinic() -> Policy:
    made = policy(purpose("care", 12, ["name", "health"]))
    return replace(made, categories=(*made.categories, Category("contact.phone"), Category("health", special=True)))


@dataclass
class House:
    """A vault with all that stands around it, each of them real."""

    address: str
    folder: Path
    keys: KeyStore
    vault: Vault
    people: People
    consents: Consents
    log: Log
    deeds: list[Deed] = field(default_factory=list)
    instant: list[timedelta] = field(default_factory=lambda: [timedelta()])

    def new(self, n: int, **more: object) -> New:
        name = NAMES[n % len(NAMES)]
        values = {"name": f"{name} {n}", "contact.email": f"p{n}@example.jp", "health": f"allergy {n}"}
        said: dict[str, object] = {"key": f"form-{n}"} | more
        ids = (Identifier("email", Personal(f"p{n}@example.jp")), Identifier("phone", Personal(f"090-0000-{n:04}")))
        return New("customer", {c: Personal(v) for c, v in values.items()}, ids, **said)  # type: ignore[arg-type]

    def decide(self, person: str, number: int, decision: Decision) -> None:
        self.people.register("vault", "customer", [person])
        known = self.people.person(Place("vault", "customer", person))
        assert known is not None
        at = NOW
        name = next(p.name for p in clinic().purposes if p.number == number)
        self.consents.append([Fact(known.id, name, number, decision, "0" * 64, "2026-11-01", "en", "test", at)])

    def bytes(self) -> bytes:
        """Return all bytes of the database's rows, as a thief would have them."""
        engine = open_vault(self.address)
        with engine.connect() as db:
            rows = db.execute(sa.select(RECORD)).all()
        engine.dispose()
        return b"".join(bytes(v) if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)

    def count(self) -> int:
        engine = open_vault(self.address)
        with engine.connect() as db:
            found = db.execute(sa.select(sa.func.count()).select_from(RECORD)).scalar_one()
        engine.dispose()
        return int(found)


def make(address: str, folder: Path) -> House:
    folder.mkdir(exist_ok=True)
    keys = KeyStore(Where(folder / "keys" / "store.db", folder / "keys" / "erased.db", folder / "master"), MASTER)
    books, rules = open_books(folder / "books.db"), clinic()
    log = Log(SqliteLeaves(folder / "evidence.db"), "test/evidence")
    people, deeds, instant = People(books), list[Deed](), [timedelta()]
    clauses = {p.name: p.clause for p in rules.purposes}
    witness = Recorder(log, people, Reasons(books), clauses, lambda: NOW)
    ports = Ports(BookStanding(books, rules), witness, deeds.append)
    vault = Vault(open_vault(address), keys, rules, ports, ACTOR, lambda: NOW + instant[0])
    return House(address, folder, keys, vault, people, Consents(books), log, deeds, instant)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fresh_database("sekisho_vault") as address:
        yield address


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=pytest.mark.unit),
        pytest.param(
            "postgresql",
            marks=[
                pytest.mark.postgresql,
                pytest.mark.skipif(not listening(), reason=f"no PostgreSQL at {ADMIN.rsplit('@')[-1]}"),
            ],
        ),
    ]
)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    address = f"sqlite:///{tmp_path}/vault.db"
    if request.param == "postgresql":
        address = request.getfixturevalue("server")
        with psycopg.connect(address) as db:
            db.execute("drop table if exists vault_record")
    made = make(address, tmp_path)
    yield made
    made.vault._engine.dispose()
    made.keys.close()


def plain(read: Read) -> list[Mapping[str, str]]:
    return [{c: v.reveal("test") for c, v in r.values.items()} for r in read.records]


def test_what_is_stored_is_read_for_a_purpose_and_is_nowhere_in_clear(house: House) -> None:
    stored = house.vault.store(house.new(1))
    seen = house.vault.read(stored.person, "support", "ticket 4711")
    assert plain(seen) == [{"name": "Bruno Falk 1", "contact.email": "p1@example.jp"}]
    assert seen.records[0].withheld == (), "what is special was not even opened"
    assert plain(house.vault.read(stored.person, "care", "visit")) == [{"name": "Bruno Falk 1", "health": "allergy 1"}]
    whole = house.vault.read(stored.person, "answer-requests", "case 1")
    assert len(plain(whole)[0]) == 3
    for file in house.folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert b"Bruno" not in content
        assert b"p1@example" not in content
    for secret in (b"Bruno", b"p1@example", b"allergy", b"0900000"):
        assert secret not in house.bytes()
    assert "Bruno" not in repr(seen)


def test_a_reading_is_in_the_log_before_it_is_given(house: House) -> None:
    stored = house.vault.store(house.new(1))
    house.vault.read(stored.person, "support", "ticket 4711")
    entries = [r.entry for r in house.log.entries(0, house.log.size) if r.entry]
    assert [e.kind for e in entries] == ["permit-issued", "reading"]
    issued, reading = (e.fields for e in entries)
    assert (issued["purpose"], issued["actor"], reading["clause"]) == ("support", ACTOR, "c-support")
    assert reading["permit"] == issued["permit"]
    handle = house.people.handles("vault", [("customer", stored.person)])["customer", stored.person]
    assert (reading["people"], reading["grade"]) == ([handle], "named")


def test_what_cannot_be_witnessed_is_not_given(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = house.vault.store(house.new(1))

    def full(*_: object) -> None:
        raise NotWitnessed("the log is full")

    use = house.vault.use("support", "ticket", mode=Batched(seconds=60, readings=2))
    use.read(stored.person)
    monkeypatch.setattr(house.log.store, "append", full)
    with pytest.raises(NotWitnessed):
        use.read(stored.person)
    with pytest.raises(NotWitnessed):
        house.vault.use("support", "ticket")
    monkeypatch.undo()
    use.close()
    (entry,) = [r.entry for r in house.log.entries(0, house.log.size) if r.kind == "readings" and r.entry]
    assert (entry.fields["rows"], entry.fields["actor"]) == ([1, 1], ACTOR), "what waited was kept"


def test_batched_readings_enter_the_log_by_themselves(house: House) -> None:
    stored = house.vault.store(house.new(1))
    with house.vault.use("support", "ticket", mode=Batched(seconds=0.01)) as use:
        use.read(stored.person)
        timer = use._waiting._timer
        assert timer is not None
        timer.join()
        assert house.log.count_by(kind="readings") == 1
        handle = house.people.handles("vault", [("customer", stored.person)])["customer", stored.person]
        entry = house.log.latest(1)[0].entry
        assert entry is not None
        assert entry.fields["people"] == [[handle]]


@pytest.mark.parametrize(
    ("purpose", "reason", "code"),
    [
        ("nosuch", "t", "unknown-purpose"),
        ("support", " ", "no-reason"),
        ("migration", "t", "sees-nothing"),
        ("news", "t", "does-not-stand"),
    ],
)
def test_a_refusal_names_its_clause_and_is_witnessed(house: House, purpose: str, reason: str, code: str) -> None:
    stored = house.vault.store(house.new(1))
    with pytest.raises(Refused) as refused:
        house.vault.read(stored.person, purpose, reason)
    assert refused.value.help
    assert bool(refused.value.clause) == (purpose != "nosuch")
    last = house.log.latest(1)[0].entry
    assert last is not None
    assert (last.kind, last.fields["code"]) == ("refusal", code)


def test_a_decision_is_obeyed_by_the_next_reading(house: House) -> None:
    one, two = (house.vault.store(house.new(n)).person for n in (1, 2))
    with house.vault.use("news", "December") as news, house.vault.use("support", "t") as support:
        assert (news.read_all([one, two]), set(support.read_all([one, two]))) == ({}, {one, two})
        house.decide(one, 10, Decision.GIVE)
        house.decide(two, 9, Decision.OBJECT)
        assert (set(news.read_all([one, two])), set(support.read_all([one, two]))) == ({one}, {one})
        assert plain(news.read(one)) == [{"contact.email": "p1@example.jp"}]
        house.decide(one, 10, Decision.WITHDRAW)
        with pytest.raises(Refused):
            news.read(one)


def test_unknown_erased_and_not_standing_give_one_answer(house: House) -> None:
    unknown, gone, objects = stamp.handle(), house.vault.store(house.new(1)), house.vault.store(house.new(2))
    house.vault.erase([gone.person])
    house.decide(objects.person, 9, Decision.OBJECT)
    said = set()
    for person in (unknown, gone.person, objects.person, "nonsense", ""):
        with pytest.raises(Refused) as refused, house.vault.use("support", "t") as use:
            use.read(person)
        said.add((str(refused.value), refused.value.help, refused.value.clause))
    assert len(said) == 1


def test_a_request_of_one_person_sees_that_person_only(house: House) -> None:
    one, two = (house.vault.store(house.new(n)).person for n in (1, 2))
    with house.vault.use("answer-requests", "case 1", person=one) as use:
        assert set(use.read_all([one, two])) == {one}
        with pytest.raises(Refused):
            use.read(two)


def test_a_use_ends_with_its_permit(house: House) -> None:
    stored = house.vault.store(house.new(1))
    with house.vault.use("support", "t") as use:
        house.instant[0] = timedelta(minutes=16)
        with pytest.raises(Refused, match="this use is over"):
            use.read(stored.person)


def test_people_are_looked_up_however_the_identifier_is_typed(house: House) -> None:
    one = house.vault.store(house.new(1)).person
    house.vault.store(house.new(2))
    house.vault.store(house.new(1, key="form-1b", person=one))
    with house.vault.use("support", "t") as use:
        for kind, text in (("email", "P1@EXAMPLE.jp"), ("phone", "０９００００００００１")):
            assert use.find(Identifier(kind, Personal(text))) == (one,)
        assert use.find(Identifier("email", Personal("nobody@example.jp"))) == ()
        assert len(use.read(one).records) == 2
    with house.vault.use("news", "t") as use:
        assert use.find(Identifier("email", Personal("p1@example.jp"))) == (), "who does not stand is not found"


def test_a_correction_replaces_the_sealed_text_and_the_look_up(house: House) -> None:
    stored = house.vault.store(house.new(1))
    engine = open_vault(house.address)
    with engine.connect() as db:
        before = {bytes(s) for s in db.execute(sa.select(RECORD.c.sealed)).scalars()}
    values = {"name": Personal("Bruno Feld"), "health": None}
    house.vault.correct(stored.person, stored.record, values, [Identifier("email", Personal("new@example.jp"))])
    with engine.connect() as db:
        rows = db.execute(sa.select(RECORD.c.sealed, RECORD.c.version)).all()
    engine.dispose()
    assert not before & {bytes(r.sealed) for r in rows}
    assert [r.version for r in rows] == [2]
    assert plain(house.vault.read(stored.person, "answer-requests", "t")) == [
        {"name": "Bruno Feld", "contact.email": "p1@example.jp"}
    ]
    with house.vault.use("support", "t") as use:
        assert use.find(Identifier("email", Personal("new@example.jp"))) == (stored.person,)
        for kind, text in (("email", "p1@example.jp"), ("phone", "09000000001")):
            assert use.find(Identifier(kind, Personal(text))) == ()
    with pytest.raises(Refused, match="no such record"):
        house.vault.correct(stored.person, stamp.handle(), values)
    with pytest.raises(BadInput, match="`nmae` is not a category"):
        house.vault.correct(stored.person, stored.record, {"nmae": Personal("x")})


def test_a_record_has_one_identifier_of_each_kind(house: House) -> None:
    two = (Identifier("email", Personal("a@example.jp")), Identifier("email", Personal("b@example.jp")))
    with pytest.raises(BadInput, match="one identifier of each kind"):
        house.vault.store(replace(house.new(1), identifiers=two))
    assert house.count() == 0


def test_a_sealed_text_in_another_place_does_not_open(house: House) -> None:
    one, two = (house.vault.store(house.new(n)) for n in (1, 2))
    engine = open_vault(house.address)
    with engine.begin() as db:
        query = sa.select(RECORD.c.sealed).where(RECORD.c.person == bytes.fromhex(one.person), RECORD.c.sealed_as == 0)
        theirs = db.execute(query).scalar_one()
        moved = sa.update(RECORD).where(RECORD.c.person == bytes.fromhex(two.person), RECORD.c.sealed_as == 0)
        db.execute(moved.values(sealed=theirs))
    with pytest.raises(Tampered):
        house.vault.read(two.person, "support", "t")
    with engine.begin() as db:
        db.execute(sa.update(RECORD).where(RECORD.c.person == bytes.fromhex(one.person)).values(version=2))
    engine.dispose()
    with pytest.raises(Tampered):
        house.vault.read(one.person, "support", "t")


def test_one_key_is_one_record(house: House) -> None:
    first = house.vault.store(house.new(1))
    again = house.vault.store(house.new(1))
    assert (again.person, again.record, again.there) == (first.person, first.record, True)
    news = [house.new(n) for n in (1, 2, 2, 3)]
    done = house.vault.load(news)
    assert (done.stored, done.there, done.refused) == (2, 2, 0)
    assert house.count() == 6, "two classes each"


def test_two_who_store_under_one_key_at_the_same_time_store_once(house: House) -> None:
    found: list[str] = []

    def store() -> None:
        found.extend(house.vault.store(house.new(n)).person for n in range(8))

    threads = [threading.Thread(target=store) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), house.count()) == (32, 8, 16)


def test_many_threads_store_read_and_erase_beside_each_other(house: House) -> None:
    troubles: list[Exception] = []

    def work(who: int) -> None:
        try:
            for n in range(6):
                stored = house.vault.store(house.new(100 * who + n))
                with house.vault.use("support", "t", mode=Batched()) as use:
                    assert plain(use.read(stored.person))[0]["contact.email"] == f"p{100 * who + n}@example.jp"
                    if n % 2:
                        house.vault.erase([stored.person])
                        with pytest.raises(Refused):
                            use.read(stored.person)
        except Exception as error:  # noqa: BLE001 - whatever went wrong is the finding
            troubles.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (troubles, house.count()) == ([], 30)


def test_an_import_tells_how_far_it_is_and_stops_at_what_is_wrong(house: House) -> None:
    told: list[int] = []
    news = [house.new(n) for n in range(25)]
    bad = replace(house.new(99), identifiers=(Identifier("email", Personal("no address")),))
    with pytest.raises(BadInput) as wrong:
        house.vault.load([*news[:17], bad, *news[17:]], lambda done: told.append(done.stored), portion=10)
    assert (wrong.value.place, "no address" in str(wrong.value)) == ("record 18", False)
    assert (told, house.count()) == ([10], 20)
    done = house.vault.load(news, lambda done: told.append(done.stored), portion=10)
    assert (done, told) == (Imported(15, 10, 0), [10, 0, 10, 15])
    assert house.vault.load([]) == Imported()


def test_an_erased_person_is_unreadable_at_once_and_does_not_come_back(house: House) -> None:
    one, two = (house.vault.store(house.new(n)) for n in (1, 2))
    with house.vault.use("support", "t") as use:
        use.read(one.person)
        assert house.vault.erase([one.person])
        with pytest.raises(Refused):
            use.read(one.person)
        assert use.find(Identifier("email", Personal("p1@example.jp"))) == ()
        use.read(two.person)
    assert house.count() == 2
    for late in (house.new(1), house.new(1, key="another"), house.new(7, person=one.person)):
        with pytest.raises(Refused, match="was erased"):
            house.vault.store(late)
    assert house.vault.load([house.new(1), house.new(3)]) == Imported(1, 0, 1)
    again = house.vault.store(house.new(1, key="form-1-anew", fresh=True))
    assert again.person != one.person
    assert [d.what for d in house.deeds] == ["store", "store", "erase", "import", "store"]


def dying(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_key_that_was_lost_is_not_taken_for_an_erasure(house: House) -> None:
    one = house.vault.store(house.new(1))
    with closing(sqlite3.connect(house.keys.where.store)) as db, db:
        db.execute("delete from data_key")
    with house.vault.use("support", "t") as use:
        with pytest.raises(StoreTrouble, match="whose key is not, and nobody erased it") as lost:
            use.read(one.person)
        assert "restore a later backup of keys" in lost.value.help
        with pytest.raises(StoreTrouble):
            use.find(Identifier("email", Personal("p1@example.jp")))
    house.vault.tidy()
    assert house.count() == 2, "it may come back"


def test_an_erasure_that_died_half_way_is_tidied(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [house.vault.store(house.new(n)).person for n in range(5)]
    monkeypatch.setattr("sekisho.adapters.ledgers.vault._delete", dying)
    with pytest.raises(KeyboardInterrupt):
        house.vault.erase(people[:2])
    monkeypatch.undo()
    assert house.count() == 10
    with house.vault.use("support", "t") as use:
        assert set(use.read_all(people)) == set(people[2:])
    place: str | None = ""
    while place is not None:
        place = house.vault.tidy(place, 2)
    assert house.count() == 6


@pytest.mark.unit
def test_of_an_erased_person_nothing_in_an_old_backup_opens(tmp_path: Path) -> None:
    """The drill of a lost disk: the vault of yesterday is put back beside the key store of today."""
    house = make(f"sqlite:///{tmp_path}/vault.db", tmp_path)
    people = [house.vault.store(house.new(n)).person for n in range(6)]
    model = {p: plain(house.vault.read(p, "answer-requests", "drill")) for p in people}
    shutil.copy(tmp_path / "vault.db", tmp_path / "backup.db")
    house.vault.erase(people[:2])
    for file in tmp_path.glob("vault.db*"):
        file.unlink()
    shutil.copy(tmp_path / "backup.db", tmp_path / "vault.db")
    again = make(f"sqlite:///{tmp_path}/vault.db", tmp_path)
    assert again.count() == 12
    for person in people:
        if person in people[:2]:
            with pytest.raises(Refused):
                again.vault.read(person, "answer-requests", "drill")
        else:
            assert plain(again.vault.read(person, "answer-requests", "drill")) == model[person]
    assert again.vault.tidy() is not None
    assert again.count() == 8
    with closing(again.keys), closing(house.keys):
        pass


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason=f"no PostgreSQL at {ADMIN.rsplit('@')[-1]}")
def test_a_server_that_is_away_is_said_and_a_use_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with fresh_database("sekisho_vault") as address:
        house = make(address, tmp_path)
        stored = house.vault.store(house.new(1))
        with house.vault.use("support", "t") as use, closing(house.keys):
            use.read(stored.person)
            with psycopg.connect(ADMIN, autocommit=True) as admin:
                name = psycopg.conninfo.conninfo_to_dict(address)["dbname"]
                admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
            with pytest.raises(StoreTrouble, match="does not answer") as away:
                use.read(stored.person)
            assert (away.value.__cause__, "p1@" in str(away.value)) == (None, False)
            use.read(stored.person)
        house.vault._engine.dispose()
