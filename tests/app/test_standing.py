"""Decisions of people in a real folder: entered into the log once, obeyed by every store, whatever crashes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.adapters.clients.psycopg import Gate
from sekisho.adapters.clients.service import make_service
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.gate.decide import Ask
from sekisho.ground.errors import BadInput, NotWitnessed, StoreTrouble
from sekisho.people.model import Place

POLICY = """---
policy: Kite shop
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: A. Kite, title: Owner}
controller: {name: Kite shop}
law: eu-gdpr
timezone: Asia/Tokyo
---

# Customers {#customers of=customer}

```promise
- subject: customer
- minors: children
  under: 16
  who: guardian
```

- We send what you bought. {#shipping}

```promise
purpose: shipping
uses: [name, contact.postal]
because: contract
```

- We write news to those who said yes. {#news}

```promise
purpose: news
uses: [name, contact.email]
because: consent
keep: until withdrawn
```
"""
MAP = """store: {store}
engine: {engine}
tables:
  customers:
    subject: customer
    key: id
    age: born
    columns: {{id: key, name: name, email: contact.email, address: contact.postal, born: birth.date}}
logins:
  kites: {{purposes: [shipping, news]}}
  kites_role: {{bound: shipping}}
  kites_witness: {{witness: true}}
"""
TABLE = "create table customers (id integer primary key, name text, email text, address text, born {type})"
ROWS = [(n, f"Name {n}", f"p{n}@example.jp", f"Street {n}") for n in range(1, 11)]


def make_file(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute(TABLE.format(type="text"))
    db.executemany("insert into customers (id, name, email, address) values (?, ?, ?, ?)", ROWS)
    db.commit()
    db.close()


def make_folder(root: Path, stores: dict[str, str]) -> Workspace:
    (root / "map").mkdir(parents=True)
    (root / "policy.md").write_text(POLICY, encoding="utf-8")
    settings = []
    for name, url in stores.items():
        engine = "sqlite" if url.startswith("sqlite") else "postgresql"
        (root / "map" / f"{name}.yaml").write_text(MAP.format(store=name, engine=engine), encoding="utf-8")
        settings.append(f'[stores.{name}]\nurl = "{url}"\nmap = "map/{name}.yaml"\n')
    (root / "sekisho.toml").write_text("\n".join(settings), encoding="utf-8")
    workspace = Workspace(root)
    for name in stores:
        workspace.apply(name)
    return workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "kites"
    root.mkdir()
    make_file(root / "one.db")
    make_file(root / "two.db")
    return make_folder(root, {"one": "sqlite:///one.db", "two": "sqlite:///two.db"})


def seen(workspace: Workspace, store: str, purpose: str) -> set[int]:
    ask = Ask("kites", purpose, workspace.actor(), "a test")
    with workspace.store(store).open(ask) as passage:
        return {row[0] for row in passage.run("select id from customers").rows}


ALL = set(range(1, 11))
FIVE = Place("one", "customer", "5")


@pytest.mark.unit
def test_a_decision_is_obeyed_and_entered_once(workspace: Workspace) -> None:
    assert seen(workspace, "one", "shipping") == ALL
    decided = workspace.decide(FIVE, "shipping", Decision.WITHDRAW)
    assert set(decided.stores) == {"one", "two"}
    assert seen(workspace, "one", "shipping") == ALL - {5}
    workspace.decide(FIVE, "news", Decision.GIVE)
    workspace.keep()
    assert seen(workspace, "one", "news") == {5}
    entries = [r.entry for r in workspace.log.entries(0, workspace.log.size) if r.kind == "consent-decision"]
    assert [(e.fields["purpose"], e.fields["decision"]) for e in entries if e] == [
        ("shipping", "withdraw"),
        ("news", "give"),
    ]
    assert workspace.note() == 0


@pytest.mark.unit
def test_a_crash_after_the_ledger_is_made_up_for(workspace: Workspace) -> None:
    workspace.people.register("one", "customer", ["5"])
    person = workspace.people.person(FIVE)
    assert person is not None
    workspace.consents.append([workspace.fact(person.id, "shipping", Decision.WITHDRAW, "self")])
    assert seen(workspace, "one", "shipping") == ALL, "the process died before any store heard of it"
    assert Workspace(workspace.root).keep() == {}
    assert seen(workspace, "one", "shipping") == ALL - {5}
    assert workspace.log.count_by(kind="consent-decision") == 1


@pytest.mark.unit
def test_a_crash_between_projection_and_the_log_is_made_up_for(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(entries: object) -> None:
        raise NotWitnessed

    monkeypatch.setattr(workspace.log, "append", full)
    with pytest.raises(NotWitnessed):
        workspace.decide(FIVE, "shipping", Decision.WITHDRAW)
    monkeypatch.undo()
    fresh = Workspace(workspace.root)
    assert seen(fresh, "one", "shipping") == ALL - {5}, "a withdrawal is obeyed even where it cannot be witnessed yet"
    assert fresh.keep() == {}
    assert fresh.log.count_by(kind="consent-decision") == 1


@pytest.mark.unit
def test_what_must_be_obeyed_does_not_wait_for_a_log_that_cannot_be_opened(workspace: Workspace) -> None:
    workspace.decide(FIVE, "news", Decision.GIVE)
    workspace.decide(Place("two", "customer", "7"), "shipping", Decision.GIVE)
    workspace.log.store.close()
    evidence = workspace.settings.books / "evidence.db"
    evidence.rename(away := workspace.root / "evidence.away")
    evidence.mkdir()
    fresh = Workspace(workspace.root)
    with pytest.raises(StoreTrouble, match="the evidence ledger cannot be opened"):
        fresh.decide(FIVE, "shipping", Decision.WITHDRAW)
    with pytest.raises(StoreTrouble, match="the evidence ledger cannot be opened"):
        Workspace(workspace.root).decide(Place("two", "customer", "7"), "shipping", Decision.WITHDRAW)
    with pytest.raises(NotWitnessed, match="`one` is closed, but that could not be recorded"):
        Workspace(workspace.root).close("one")
    evidence.rmdir()
    away.rename(evidence)
    late = Workspace(workspace.root)
    assert seen(late, "one", "shipping") == ALL - {5}
    assert seen(late, "two", "shipping") == ALL - {7}
    assert seen(late, "one", "news") == set()
    assert late.keep() == {}
    assert seen(late, "one", "news") == {5}
    assert late.log.count_by(kind="consent-decision") == 4


@pytest.mark.unit
def test_a_store_that_is_away_follows_when_it_is_back(workspace: Workspace) -> None:
    away = workspace.root / "away.db"
    (workspace.root / "two.db").rename(away)
    two = Place("two", "customer", "7")
    decided = workspace.decide(two, "shipping", Decision.WITHDRAW)
    assert (decided.stores, decided.waiting) == (("one",), ("two",))
    assert "two" in workspace.keep()
    away.rename(workspace.root / "two.db")
    assert workspace.keep() == {}
    assert seen(workspace, "two", "shipping") == ALL - {7}


@pytest.mark.unit
def test_a_store_restored_from_before_a_withdrawal_is_closed_until_it_has_followed(workspace: Workspace) -> None:
    workspace.decide(FIVE, "news", Decision.GIVE)
    workspace.keep()
    backup = workspace.root / "backup.db"
    shutil.copy(workspace.root / "one.db", backup)
    workspace.decide(FIVE, "news", Decision.WITHDRAW)
    shutil.copy(backup, workspace.root / "one.db")
    store = workspace.store("one")
    head, _ = workspace.consents.changes(0)
    assert store.renew(head) is None, "the lease is not renewed before the store has followed"
    assert workspace.keep() == {}
    assert seen(workspace, "one", "news") == set()


@pytest.mark.unit
def test_books_older_than_a_store_are_told_and_renew_nothing(workspace: Workspace) -> None:
    books = workspace.settings.books / "books.db"
    workspace.decide(FIVE, "news", Decision.GIVE)
    older = books.read_bytes()
    workspace.decide(FIVE, "news", Decision.WITHDRAW)
    books.write_bytes(older)
    for beside in ("books.db-wal", "books.db-shm"):
        (workspace.settings.books / beside).unlink(missing_ok=True)
    fresh = Workspace(workspace.root)
    assert "older" in fresh.keep()["one"]


@pytest.mark.unit
def test_a_child_is_seen_for_nothing_until_a_guardian_says_yes(workspace: Workspace) -> None:
    workspace.people.register("one", "customer", ["3"], {"3": "10-12"})
    workspace.keep()
    assert seen(workspace, "one", "shipping") == ALL - {3}
    child = Place("one", "customer", "3")
    workspace.decide(child, "shipping", Decision.GIVE)
    assert seen(workspace, "one", "shipping") == ALL - {3}, "the child's own yes does not open it"
    workspace.decide(child, "shipping", Decision.GIVE, by="guardian")
    workspace.decide(child, "news", Decision.GIVE, by="guardian")
    workspace.keep()
    assert seen(workspace, "one", "shipping") == ALL
    assert seen(workspace, "one", "news") == {3}
    workspace.decide(child, "news", Decision.WITHDRAW, by="guardian")
    assert seen(workspace, "one", "news") == set()


@pytest.mark.unit
def test_what_nobody_decides_about_is_refused(workspace: Workspace) -> None:
    for purpose in ("answer-requests", "no-such-purpose"):
        with pytest.raises(BadInput, match="not a purpose that people decide about"):
            workspace.decide(FIVE, purpose, Decision.GIVE)


@pytest.mark.unit
def test_a_store_that_is_not_applied_is_told(tmp_path: Path) -> None:
    root = tmp_path / "kites"
    root.mkdir()
    make_file(root / "one.db")
    made = make_folder(root, {"one": "sqlite:///one.db"})
    made.remove("one")
    with pytest.raises(StoreTrouble, match="not applied"):
        made.keep_store(made.store("one"))
    assert "not applied" in made.keep()["one"]


@pytest.fixture
def governed(tmp_path: Path) -> Iterator[Workspace]:
    with fresh_database() as url:
        with psycopg.connect(url) as db:
            db.execute(TABLE.format(type="date").encode())
            db.cursor().executemany("insert into customers (id, name, email, address) values (%s, %s, %s, %s)", ROWS)
        yield make_folder(tmp_path / "kites", {"one": url_of(url)})


def url_of(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts.get('port', 5432)}/{parts['dbname']}"


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_what_a_service_reads_is_in_the_log_by_handle(governed: Workspace) -> None:
    store = governed.store("one")
    assert isinstance(store, PostgresStore)
    governed.people.register("one", "customer", ["7"])
    person = governed.people.person(Place("one", "customer", "7"))
    assert person is not None
    actor = governed.actor("service:kites")
    for login, purpose in (("kites", "shipping"), ("kites_role", "shipping")):
        rule = next(i for i in store.rules.logins if i.name == login)
        service = make_service(store.rules, rule, store.keys.key("one", login), actor)
        address = make_conninfo(store.url, user=login)
        witness = make_conninfo(store.url, user="kites_witness")
        with Gate(service, address, witness=witness) as gate, gate.purpose(purpose, reason="order 12") as db:
            assert db.execute("select id, address from customers where id = 7").fetchone() == (7, "Street 7")
    assert governed.keep() == {}
    entries = [r.entry for r in governed.log.latest(10, kind="readings")]
    assert [(e.fields["people"], e.fields["actor"], e.fields["rows"]) for e in entries if e] == 2 * [
        ([[person.handle]], actor, [1])
    ]
    assert sorted(bool(e.fields["permit"]) for e in entries if e) == [False, True]
    assert governed.log.verify(governed.signer.key).sound


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_what_a_witness_says_wrongly_is_an_incident_and_stops_nothing(governed: Workspace) -> None:
    store = governed.store("one")
    assert isinstance(store, PostgresStore)
    with psycopg.connect(make_conninfo(store.url, user="kites_witness"), autocommit=True) as db:
        db.execute("""select sekisho.witness_readings('[{"kind": "readings", "purpose": "shipping", "data": {"x": 1}},
            {"kind": "refusal", "purpose": "a person''s name", "data": {"actor": "me", "code": "a b"}}]')""")
    store.issue(Ask("kites", "shipping", governed.actor(), "a test"))
    kinds = [r.kind for r in governed.log.latest(3)]
    assert kinds == ["permit-issued", "incident", "incident"]


@pytest.mark.unit
def test_the_words_of_a_reason_are_kept_apart_from_the_log(workspace: Workspace) -> None:
    seen(workspace, "one", "shipping")
    (entry,) = [r.entry for r in workspace.log.latest(1, kind="permit-issued")]
    assert entry is not None
    assert workspace.reasons.words([str(entry.fields["reason"])]) == {entry.fields["reason"]: "a test"}
    assert b"a test" not in (workspace.settings.books / "evidence.db").read_bytes()


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_the_words_of_a_reason_wait_in_the_store_and_are_those_that_were_signed(governed: Workspace) -> None:
    store = governed.store("one")
    assert isinstance(store, PostgresStore)
    issued = store.issue(Ask("kites", "shipping", governed.actor(), "ticket 4711"))
    assert governed.reasons.words([issued.permit.reason]) == {issued.permit.reason: "ticket 4711"}
    with (
        psycopg.connect(make_conninfo(store.url, user="kites_witness"), autocommit=True) as db,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="not the words"),
    ):
        db.execute("select sekisho.witness_permit(%s, 'another reason')", (issued.token,))


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_a_change_of_schema_is_witnessed_before_it_runs(governed: Workspace) -> None:
    with pytest.raises(BadInput, match="needs a reason"):
        governed.migrate("one", " ", "select 1")
    found = governed.migrate(
        "one", "ticket 12", "alter table customers add phone2 text; create index on customers (email)"
    )
    assert found.unmapped == ("customers.phone2",)
    assert found.green
    for script in ("alter table no_such add x int", "commit; create table left_behind (a int)"):
        with pytest.raises(StoreTrouble, match="the script"):
            governed.migrate("one", "ticket 13", script)
    store = governed.store("one")
    assert isinstance(store, PostgresStore)
    with psycopg.connect(store.url) as db:
        assert db.execute("select to_regclass('left_behind')").fetchone() == (None,)
    assert [r.kind for r in governed.log.latest(3)] == 3 * ["migration-entered"]
    assert store.check().green


def write(workspace: Workspace, sql: str) -> None:
    """Write as the company's own application does, which knows nothing of the gate."""
    store = workspace.store("one")
    if isinstance(store, PostgresStore):
        with psycopg.connect(store.url) as db:
            db.execute(sql.encode())
        return
    db = sqlite3.connect(workspace.root / "one.db")
    db.execute(sql)
    db.commit()
    db.close()


def play_a_child(workspace: Workspace) -> None:
    child, grown = Place("one", "customer", "11"), Place("one", "customer", "12")
    write(
        workspace,
        "insert into customers (id, name, born) values (11, 'Child', '2999-01-01'), (12, 'Adult', '1990-01-01')",
    )
    assert seen(workspace, "one", "shipping") == ALL | {12}, "a child's row is closed from its first moment on"
    workspace.decide(child, "shipping", Decision.GIVE)
    workspace.decide(grown, "news", Decision.GIVE)
    assert seen(workspace, "one", "shipping") == ALL | {12}
    workspace.decide(child, "shipping", Decision.GIVE, by="guardian")
    workspace.keep()
    assert seen(workspace, "one", "shipping") == ALL | {11, 12}
    assert seen(workspace, "one", "news") == {12}, "a guardian's yes opens what it was said to, and nothing else"
    write(workspace, "update customers set name = 'Child again' where id = 11")
    assert seen(workspace, "one", "shipping") == ALL | {11, 12}, (
        "what was recorded outlives the next writing of the row"
    )
    workspace.decide(child, "shipping", Decision.WITHDRAW)
    assert seen(workspace, "one", "shipping") == ALL | {12}, "a child may say no alone"
    assert workspace.store("one").verify() == 0
    write(workspace, "update customers set born = '2999-01-01' where id = 1")
    assert seen(workspace, "one", "shipping") == (ALL | {12}) - {1}


@pytest.mark.unit
def test_a_child_is_told_by_its_own_row(workspace: Workspace) -> None:
    play_a_child(workspace)


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_a_child_is_told_by_its_own_row_on_a_server(governed: Workspace) -> None:
    play_a_child(governed)


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
@pytest.mark.parametrize("script", ["reset role", "set role postgres", "set session authorization postgres", "commit"])
def test_a_script_cannot_become_the_administrator(governed: Workspace, script: str) -> None:
    with pytest.raises(StoreTrouble, match="the script failed"):
        governed.migrate("one", "ticket 12", f"{script}; create role sekisho_evil superuser")


@pytest.mark.unit
def test_a_row_of_ones_own_is_looked_up(workspace: Workspace) -> None:
    asked = [("customer", "5"), ("customer", "05"), ("customer", "99"), ("client", "5")]
    assert workspace.store("one").exists(asked) == {("customer", "5"), ("customer", "05")}


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_a_row_of_ones_own_is_looked_up_on_a_server(governed: Workspace) -> None:
    asked = [("customer", "5"), ("customer", "05"), ("customer", "99"), ("client", "5")]
    assert governed.store("one").exists(asked) == {("customer", "5"), ("customer", "05")}
    with pytest.raises(BadInput, match="does not fit its column"):
        governed.store("one").exists([("customer", "a%s")])


@pytest.mark.unit
def test_nothing_is_decided_on_books_older_than_the_log_or_a_store(workspace: Workspace) -> None:
    books = workspace.settings.books
    workspace.decide(FIVE, "news", Decision.GIVE)
    older = {name: (books / name).read_bytes() for name in ("books.db", "evidence.db")}
    workspace.decide(FIVE, "news", Decision.WITHDRAW)

    def put_back(*names: str) -> Workspace:
        for name in names:
            (books / name).write_bytes(older[name])
            for beside in (f"{name}-wal", f"{name}-shm"):
                (books / beside).unlink(missing_ok=True)
        return Workspace(workspace.root)

    behind_the_log = put_back("books.db")
    with pytest.raises(StoreTrouble, match="older than the evidence log"):
        behind_the_log.decide(FIVE, "shipping", Decision.WITHDRAW)
    with pytest.raises(StoreTrouble, match="older than the evidence log"):
        behind_the_log.keep_store(behind_the_log.store("one"))
    behind_the_stores = put_back("books.db", "evidence.db")
    assert "older than store" in behind_the_stores.keep()["one"]
    with pytest.raises(StoreTrouble, match="a store knows decisions"):
        behind_the_stores.decide(FIVE, "shipping", Decision.WITHDRAW)
    assert behind_the_stores.consents.last() == 1, "nothing was recorded under a number that is taken"


def edit(workspace: Workspace, *pairs: tuple[str, str]) -> Workspace:
    for file in (workspace.root / "policy.md", *(workspace.root / "map").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        for old, new in pairs:
            text = text.replace(old, new)
        file.write_text(text, encoding="utf-8")
    return Workspace(workspace.root)


@pytest.mark.unit
def test_a_no_outlives_the_widening_of_its_purpose(workspace: Workspace) -> None:
    workspace.decide(FIVE, "shipping", Decision.WITHDRAW)
    wider = edit(workspace, ("uses: [name, contact.postal]", "uses: [name, contact.postal, contact.email]"))
    before, after = workspace.policy.purpose("shipping"), wider.policy.purpose("shipping")
    assert before is not None
    assert after is not None
    assert before.number != after.number
    wider.apply("one")
    assert seen(wider, "one", "shipping") == ALL - {5}


@pytest.mark.unit
def test_a_class_whose_people_have_decided_is_not_renamed_unseen(workspace: Workspace) -> None:
    workspace.decide(FIVE, "shipping", Decision.WITHDRAW)
    before = (workspace.root / "one.db").read_bytes()
    renamed = edit(workspace, ("subject: customer", "subject: client"), ("of=customer", "of=client"))
    with pytest.raises(BadInput, match="people of class `customer` have decided"):
        renamed.apply("one")
    assert (workspace.root / "one.db").read_bytes() == before, "nothing was changed"
    renamed.apply("one", without=["customer"])
    assert seen(renamed, "one", "shipping") == ALL
