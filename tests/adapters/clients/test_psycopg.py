"""An application's own way through the gate, on a real server: permits first, readings witnessed, refusals named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.adapters.clients.psycopg import Gate
from sekisho.adapters.clients.readings import STRICT, Batched, Strict
from sekisho.adapters.clients.service import make_service, read_service, write_service
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.datamap.model import Login
from sekisho.gate import permit as permits
from sekisho.ground.errors import BadInput, NotWitnessed, Refused, StoreTrouble
from sekisho.policy.model import Witness
from studio import ACTOR, SCHEMA, KeyRing, Notebook, purpose, rules, stand

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as address:
        with psycopg.connect(address) as db:
            db.execute(SCHEMA)
        yield address


@pytest.fixture
def store(url: str) -> PostgresStore:
    careful = purpose("careful", 12, ["name"], witness=Witness.NAMED)
    logins = (
        Login("shop_support", ("support", "careful", "answer-requests")),
        Login("shop_auto", bound="shipping"),
        Login("shop_witness", witness=True),
    )
    made = PostgresStore(url, rules(careful, logins=logins), KeyRing(), Notebook())
    made.apply()
    return made


def as_login(url: str, login: str) -> str:
    return make_conninfo(**{**{k: v for k, v in conninfo_to_dict(url).items() if v is not None}, "user": login})


Open = Callable[..., Gate]


@pytest.fixture
def opened(store: PostgresStore, url: str) -> Iterator[Open]:
    with ExitStack() as stack:

        def gate(login: str = "shop_support", mode: Strict | Batched = STRICT) -> Gate:
            rule = next(i for i in store.rules.logins if i.name == login)
            service = make_service(store.rules, rule, store.keys.key("shop", login), ACTOR)
            return stack.enter_context(
                Gate(service, as_login(url, login), witness=as_login(url, "shop_witness"), mode=mode)
            )

        yield gate


def told(store: PostgresStore) -> list[tuple[str, object]]:
    store.carry()
    notebook = store.witness
    assert isinstance(notebook, Notebook)
    return [(k, getattr(f, "body", f)) for k, f in notebook.told]


def test_a_transaction_reads_for_its_purpose_and_each_reading_is_witnessed(store: PostgresStore, opened: Open) -> None:
    gate = opened()
    with gate.purpose("support", reason="ticket 4711") as db:
        assert db.execute("select id, name, birth_date from customers where id = %s", [7]).fetchall() == [
            (7, "Name 7", None)
        ]
        assert db.execute("select count(*) from customers").fetchone() == (20,)
    kinds = told(store)
    assert [k for k, _ in kinds] == ["permit-issued", "readings", "readings"]
    named, scope = kinds[1][1]["data"], kinds[2][1]["data"]
    assert (named["grade"], named["keys"], named["rows"]) == ("named", [[["customer", "7"]]], [1])
    assert (scope["grade"], scope["keys"], scope["rows"]) == ("scope", [[]], [1])
    assert named["permit"] == kinds[0][1]["digest"]


def test_outside_of_a_purpose_nothing_is_there(opened: Open) -> None:
    gate = opened()
    with gate.purpose("support", reason="x") as db:
        assert db.execute("select count(*) from customers").fetchone() == (20,)
    assert gate._db.execute("select count(*) from support.customers").fetchone() == (0,)
    gate._db.rollback()


def test_one_permit_serves_many_transactions_of_one_reason(store: PostgresStore, opened: Open) -> None:
    gate = opened()
    for reason in ("a", "a", "b"):
        with gate.purpose("support", reason=reason) as db:
            assert db.execute("select id from customers where id = 1").fetchone() == (1,)
    assert [k for k, _ in told(store)].count("permit-issued") == 2


def test_what_is_written_is_committed_or_rolled_back(opened: Open, url: str) -> None:
    gate = opened()
    with gate.purpose("support", reason="x") as db:
        db.execute("update customers set email = 'new@example.jp' where id = 2")
    with suppress(ZeroDivisionError), gate.purpose("support", reason="x") as db:
        db.execute("update customers set email = 'lost@example.jp' where id = 3")
        raise ZeroDivisionError
    with psycopg.connect(url) as admin:
        assert admin.execute("select email from customers where id in (2, 3) order by id").fetchall() == [
            ("new@example.jp",),
            ("p3@example.jp",),
        ]


def test_a_withdrawal_is_obeyed_from_the_next_statement_on(store: PostgresStore, opened: Open) -> None:
    gate = opened()
    with gate.session("support", reason="x") as db:
        assert db.execute("select id from customers where id = 5").rowcount == 1
        stand(store, {("customer", "5"): 0b11111})
        assert db.execute("select id from customers where id = 5").rowcount == 0


def test_a_session_holds_its_purpose_until_it_ends(store: PostgresStore, opened: Open) -> None:
    gate = opened()
    with gate.session("support", reason="x") as db:
        for n in range(10):
            assert db.execute("select id from customers where id = %s", [n + 1]).fetchone() == (n + 1,)
    assert gate._db.execute("select count(*) from support.customers").fetchone() == (0,)
    gate._db.rollback()
    assert [k for k, _ in told(store)].count("permit-issued") == 1


def test_a_session_enters_anew_before_its_permit_ends(
    store: PostgresStore, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace
    from datetime import timedelta

    from sekisho.adapters.clients import psycopg as client

    monkeypatch.setattr(client, "HELD", replace(client.HELD, life=timedelta(seconds=4)))
    gate = opened()
    with gate.session("support", reason="x") as db:
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            assert db.execute("select id from customers where id = 1").rowcount == 1
            time.sleep(0.25)
    assert [k for k, _ in told(store)].count("permit-issued") >= 2


def test_a_transaction_longer_than_its_permit_is_told_so(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime, timedelta

    from sekisho.adapters.clients import psycopg as client

    gate = opened()
    with gate.purpose("support", reason="x") as db:
        db.execute("select id from customers where id = 1")
        monkeypatch.setattr(client.stamp, "now", lambda: datetime.now(UTC) + permits.SERVICE.life)
        with pytest.raises(Refused, match="this permit is over"):
            db.execute("select id from customers where id = 1")
        monkeypatch.setattr(client.stamp, "now", lambda: datetime.now(UTC) + timedelta(minutes=1))
        assert db.execute("select id from customers where id = 1").rowcount == 1


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_that_differs_from_the_stores_keeps_nobody_out(
    store: PostgresStore, opened: Open, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    from datetime import UTC, datetime, timedelta

    from sekisho.adapters.clients import psycopg as client

    monkeypatch.setattr(client.stamp, "now", lambda: datetime.now(UTC) + timedelta(minutes=minutes))
    gate = opened()
    for _ in range(2):
        with gate.purpose("support", reason="x") as db:
            assert db.execute("select id from customers where id = 1").fetchone() == (1,)
    assert [k for k, _ in told(store)].count("permit-issued") == 1


def test_a_purpose_held_by_role_needs_no_permit_and_is_witnessed(store: PostgresStore, opened: Open) -> None:
    gate = opened("shop_auto")
    with gate.purpose("shipping", reason="orders of today") as db:
        assert db.execute("select id, address, email from customers where id = 1").fetchone() == (1, "Street 1", None)
    with gate.session("shipping", reason="orders of today") as db:
        assert db.execute("select id from customers where id = 2").fetchone() == (2,)
    assert [(k, b["data"]["permit"]) for k, b in told(store)] == [("readings", ""), ("readings", "")]


def test_refusals_name_the_clause_and_are_witnessed(store: PostgresStore, opened: Open) -> None:
    gate = opened()
    with pytest.raises(Refused, match="may not state purpose `shipping`"), gate.purpose("shipping", reason="x"):
        pass
    with pytest.raises(Refused, match="needs a reason"), gate.purpose("support", reason=" "):
        pass
    with pytest.raises(Refused) as caught, gate.purpose("support", reason="x") as db:
        db.execute("delete from customers")
    assert caught.value.clause == "c-support"
    with pytest.raises(Refused, match="does not name them"), gate.purpose("careful", reason="x") as db:
        db.execute("select name from customers")
    codes = [b["data"]["code"] for k, b in told(store) if k == "refusal"]
    assert codes == ["above-ceiling", "no-reason", "no-privilege", "not-named"]


def test_one_persons_request_names_that_person(store: PostgresStore, opened: Open) -> None:
    gate = opened()
    with gate.purpose("answer-requests", reason="case 1", subject="customer:4") as db:
        assert db.execute("select count(*) from orders").fetchone() == (3,)
    assert told(store)[-1][1]["data"]["keys"] == [[["customer", "4"]]]


def test_batched_readings_are_durable_within_their_bound(store: PostgresStore, opened: Open) -> None:
    gate = opened(mode=Batched(seconds=0.05, readings=7))
    with gate.session("support", reason="x") as db:
        for n in range(20):
            db.execute("select id from customers where id = %s", [n + 1])
    gate._readings.flush()
    bodies = [b["data"] for k, b in told(store) if k == "readings"]
    assert sorted(int(one[0][1]) for b in bodies for one in b["keys"]) == list(range(1, 21))
    assert all(len(b["statements"]) == 1 for b in bodies)


def test_what_cannot_be_witnessed_is_not_given(store: PostgresStore, opened: Open, url: str) -> None:
    gate = opened()
    with gate.purpose("support", reason="x") as db:
        db.execute("select id from customers where id = 1")
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("revoke execute on function sekisho.witness_readings(jsonb) from shop_witness")
        with pytest.raises(NotWitnessed):
            db.execute("select id from customers where id = 1")


def test_a_batch_that_cannot_be_witnessed_closes_the_gate_and_is_kept(
    store: PostgresStore, opened: Open, url: str
) -> None:
    gate = opened(mode=Batched(seconds=60))
    with gate.session("support", reason="x") as db:
        db.execute("select id from customers where id = 1")
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute("revoke execute on function sekisho.witness_readings(jsonb) from shop_witness")
            with pytest.raises(NotWitnessed):
                gate._readings.flush()
            with pytest.raises(NotWitnessed):
                db.execute("select id from customers where id = 2")
            admin.execute("grant execute on function sekisho.witness_readings(jsonb) to shop_witness")
        gate._readings.flush()
        db.execute("select id from customers where id = 2")
    gate._readings.flush()
    keys = [one for k, b in told(store) if k == "readings" for one in b["data"]["keys"]]
    assert sorted(keys) == [[["customer", "1"]], [["customer", "2"]]]


def test_a_composite_key_is_read_from_the_rows_and_they_are_still_there(opened: Open) -> None:
    from sekisho.adapters.clients.psycopg import _people
    from sekisho.gate.naming import Namer

    gate = opened()
    with gate.purpose("support", reason="x") as db:
        cursor = db.execute("select id, name from customers where id < 3 order by id")
        assert _people(Namer((("member", (0, 1)),)), cursor) == (
            ("member", '[1, "Name 1"]'),
            ("member", '[2, "Name 2"]'),
        )
        assert cursor.fetchall() == [(1, "Name 1"), (2, "Name 2")]


def test_the_service_file_is_a_secret_and_reads_back(store: PostgresStore, tmp_path: Path) -> None:
    rule = store.rules.logins[0]
    service = make_service(store.rules, rule, store.keys.key("shop", rule.name), ACTOR)
    path = tmp_path / "shop.key"
    write_service(path, service)
    assert path.stat().st_mode & 0o077 == 0
    assert read_service(path) == service
    with pytest.raises(BadInput, match="is there already"):
        write_service(path, service)
    path.chmod(0o644)
    with pytest.raises(BadInput, match="others may read"):
        read_service(path)
    path.chmod(0o600)
    for text in ("", "{}", '{"store": 1}', "\x00"):
        path.write_text(text)
        with pytest.raises(BadInput, match="not a service file"):
            read_service(path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_service(tmp_path / "none")


def test_a_store_that_does_not_answer_is_told(store: PostgresStore) -> None:
    rule = store.rules.logins[0]
    service = make_service(store.rules, rule, store.keys.key("shop", rule.name), ACTOR)
    with pytest.raises(StoreTrouble, match="cannot connect"):
        Gate(service, "host=127.0.0.1 port=1 dbname=x", witness="host=127.0.0.1 port=1 dbname=x")


def test_a_witness_login_reads_nothing(store: PostgresStore, url: str) -> None:
    with psycopg.connect(as_login(url, "shop_witness"), autocommit=True) as db:
        for sql in (
            "select * from support.customers",
            "select * from public.customers",
            "select * from sekisho.permit",
            "select * from sekisho.outbox",
            "select sekisho.enter('x')",
            "select sekisho.collect(1)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute(sql.encode())


def test_a_second_use_inside_the_first_is_refused(opened: Open) -> None:
    gate = opened()
    with gate.session("support", reason="x") as db:
        with pytest.raises(BadInput, match="a use of purpose `support` is open"), gate.purpose("support", reason="y"):
            pass
        assert db.execute("select id from customers where id = 1").rowcount == 1
