"""The PostgreSQL gate on a real server: nobody reads without a permit, what a purpose may not use is not there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.adapters.stores.postgres_passage import PostgresPassage
from sekisho.compiler.lower import default_mask
from sekisho.compiler.postgres_live import NOBODY, Names
from sekisho.datamap.model import Link, Login, Table
from sekisho.gate import permit as permits
from sekisho.ground.errors import BadInput, NotWitnessed, Refused, StoreTrouble
from sekisho.policy.model import Witness
from studio import NOW, SCHEMA, TABLES, KeyRing, Notebook, ask, key, purpose, rules, stand

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
    made = PostgresStore(url, rules(), KeyRing(), Notebook())
    made.apply(made.plan().digest)
    return made


@pytest.fixture
def through(store: PostgresStore) -> Iterator[Callable[..., PostgresPassage]]:
    """Open passages of the store that are closed when the test is over."""
    with ExitStack() as stack:
        yield lambda *words, **more: stack.enter_context(store.open(ask(*words, **more)))


def as_login(url: str, login: str, **more: object) -> psycopg.Connection:
    parts = {k: v for k, v in conninfo_to_dict(url).items() if v is not None}
    return psycopg.connect(make_conninfo(**{**parts, "user": login}), autocommit=True, **more)


def dump(url: str) -> str:
    done = subprocess.run(["pg_dump", "-s", "--restrict-key=x", url], capture_output=True, text=True, check=True)
    return done.stdout


def test_without_a_permit_nothing_is_there(store: PostgresStore, url: str) -> None:
    with as_login(url, "shop_support") as db:
        assert db.execute("select count(*) from support.customers").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("select * from public.customers")
        assert db.execute("select title from public.products order by 1").fetchall() == [("kite",), ("lantern",)]


def test_a_permit_opens_its_purpose_and_no_other(
    store: PostgresStore, through: Callable[..., PostgresPassage], url: str
) -> None:
    passage = through("support")
    answer = passage.run("select id, name, email, birth_date from customers order by id")
    assert answer.count == 20
    assert answer.rows[0][:3] == (1, "Name 1", "p1@example.jp")
    assert answer.rows[0][3] is None
    assert "clause #c-support" in answer.withheld["birth_date"]
    assert passage.run("select count(*) from news.customers").rows == [(0,)]


def test_issued_and_witnessed_before_anything_is_readable(
    store: PostgresStore, through: Callable[..., PostgresPassage]
) -> None:
    passage = through("support")
    passage.run("select id, name from customers where id = 3")
    notebook = store.witness
    assert isinstance(notebook, Notebook)
    assert notebook.kinds() == ["permit-issued", "reading"]
    reading = notebook.told[1][1]
    assert reading.grade == "named"
    assert reading.keys == (("customer", "3"),)


def test_a_log_that_cannot_take_the_permit_keeps_it_from_being_given(store: PostgresStore, url: str) -> None:
    class Full(Notebook):
        def carried(self, store: str, facts: object) -> None:
            raise NotWitnessed

    store.witness = Full()
    with pytest.raises(NotWitnessed):
        store.issue(ask("support"))
    store.witness = kept = Notebook()
    assert store.carry() == 1
    assert kept.kinds() == ["permit-issued"]


def test_standing_decides_whose_rows_are_seen(store: PostgresStore, through: Callable[..., PostgresPassage]) -> None:
    default = store.rules.defaults["customer"]
    support, news = store.rules.purpose("support"), store.rules.purpose("news")
    assert support is not None
    assert news is not None
    store.renew(store.position())
    assert through("news").run("select count(*) from customers").rows == [(0,)]
    passage = through("support")
    assert stand(store, {("customer", "5"): default & ~support.bit, ("customer", "6"): default | news.bit}) == 2
    assert passage.run("select count(*) from customers").rows == [(19,)]
    assert passage.run("select count(*) from customers where id = 5").rows == [(0,)]
    assert through("news").run("select id from customers").rows == [(6,)]
    assert store.verify() == 0


def test_owned_rows_follow_their_owner(store: PostgresStore, url: str) -> None:
    analysis = store.rules.purpose("analysis")
    assert analysis is not None
    stand(store, {("customer", "7"): store.rules.defaults["customer"] | analysis.bit})
    with psycopg.connect(url) as db:
        seen = db.execute("select distinct customer_id from orders where sekisho_standing & %s <> 0", (analysis.bit,))
        assert seen.fetchall() == [(7,)]
        db.execute("update orders set customer_id = 7 where id = 1")
        db.execute("update orders set customer_id = null where id = 2")
        assert db.execute("select sekisho_standing from orders where id = 2").fetchone() == (0b11111,)
        moved = db.execute("select sekisho_standing & %s <> 0 from order_items where order_id = 1", (analysis.bit,))
        assert moved.fetchall() == [(True,), (True,)]
        db.execute("insert into orders (customer_id, total) values (7, 1), (8, 1)")
        db.execute("delete from customers where id = 9 and not exists (select from orders where customer_id = 9)")
    assert store.verify() == 0


def test_nobody_sets_a_mask_by_hand(store: PostgresStore, url: str) -> None:
    with psycopg.connect(url) as db:
        db.execute("update customers set sekisho_standing = -1 where id = 1")
        db.execute("update orders set sekisho_standing = -1")
    assert store.verify() == 0


def test_an_opt_in_purpose_is_closed_when_the_lease_lapses(
    store: PostgresStore, through: Callable[..., PostgresPassage], url: str
) -> None:
    news = store.rules.purpose("news")
    assert news is not None
    stand(store, {("customer", "6"): store.rules.defaults["customer"] | news.bit})
    passage = through("news")
    assert passage.run("select count(*) from customers").rows == [(0,)]
    store.renew(store.position())
    assert passage.run("select count(*) from customers").rows == [(1,)]
    store.close()
    with pytest.raises(Refused, match="this permit is over"):
        passage.run("select count(*) from customers")
    assert through("news").run("select count(*) from customers").rows == [(0,)]


def test_an_opt_in_purpose_held_by_role_is_closed_when_the_lease_lapses(store: PostgresStore, url: str) -> None:
    news = store.rules.purpose("news")
    assert news is not None
    stand(store, {("customer", "6"): store.rules.defaults["customer"] | news.bit})
    with as_login(url, "shop_auto_news") as db:
        for opened, seen in ((False, 0), (True, 1)):
            if opened:
                store.renew(store.position())
            assert db.execute("select count(*) from customers").fetchone() == (seen,)
    store.close()
    with as_login(url, "shop_auto_news") as db:
        assert db.execute("select count(*) from customers").fetchone() == (0,)


def test_a_purpose_held_by_role_needs_no_permit_and_sees_only_who_stands(store: PostgresStore, url: str) -> None:
    shipping = store.rules.purpose("shipping")
    assert shipping is not None
    stand(store, {("customer", "1"): store.rules.defaults["customer"] & ~shipping.bit})
    with as_login(url, "shop_auto") as db:
        assert db.execute("select count(*), count(email) from customers").fetchone() == (19, 0)
        with pytest.raises(psycopg.errors.UndefinedFunction):
            db.execute("select sekisho_enter('x')")
    with as_login(url, "shop_auto_news") as db:
        assert db.execute("select count(*) from customers").fetchone() == (0,)


def test_a_pasted_permit_is_spent_by_its_first_use_even_when_that_is_rolled_back(
    store: PostgresStore, url: str
) -> None:
    token = store.issue(ask("support")).token
    with as_login(url, "shop_support") as db:
        db.execute("begin")
        db.execute("select sekisho.enter(%s)", (token,))
        db.execute("rollback")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="spent"):
            db.execute("select sekisho.enter(%s)", (token,))
    with as_login(url, "shop_support") as db, pytest.raises(psycopg.errors.InsufficientPrivilege, match="spent"):
        db.execute("select sekisho.enter(%s)", (token,))


def test_a_session_permit_ends_with_discard_all_and_with_leave(store: PostgresStore, url: str) -> None:
    with as_login(url, "shop_support") as db:
        for end in ("discard all", "select sekisho.leave()"):
            db.execute("select sekisho.enter(%s)", (store.issue(ask("support")).token,))
            assert db.execute("select count(*) from support.customers").fetchone() == (20,)
            db.execute(end.encode())
            assert db.execute("select count(*) from support.customers").fetchone() == (0,)


def test_a_service_permit_opens_one_transaction_at_a_time(store: PostgresStore, url: str) -> None:
    token = store.issue(ask("support"), permits.SERVICE).token
    with as_login(url, "shop_support") as db:
        for _ in range(2):
            with db.transaction():
                db.execute("select sekisho.enter(%s)", (token,))
                assert db.execute("select count(*) from support.customers").fetchone() == (20,)
            assert db.execute("select count(*) from support.customers").fetchone() == (0,)
        both = b"begin; select sekisho.enter('%s'); commit; select count(*) from support.customers" % token.encode()
        cursor = db.execute(both)
        while cursor.nextset():
            pass
        assert cursor.fetchone() == (0,), "two transactions in one message have one now(), but not one permit"


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("shop_ship", "the token of another login"),
        ("shop_support", "a changed purpose"),
        ("shop_support", "an unwitnessed token"),
        ("shop_support", "garbage"),
    ],
)
def test_a_forged_or_foreign_permit_opens_nothing(store: PostgresStore, url: str, who: str, change: str) -> None:
    issued = store.issue(ask("support"))
    keys = store.keys
    assert isinstance(keys, KeyRing)
    own = keys.key("shop", "shop_support")
    token = {
        "the token of another login": issued.token,
        "a changed purpose": issued.token.replace(".", ".A", 1),
        "an unwitnessed token": permits.sign(issued.permit, own) + "",
        "garbage": "sk1.e30.e30",
    }[change]
    if change == "an unwitnessed token":
        fresh = permits.make(
            ask("support"),
            9,
            permits.Place("shop", issued.permit.database, 1),
            permits.PASTED,
            own,
            at=NOW,
            nonce=b"0" * 16,
        )
        token = permits.sign(fresh, own)
    with as_login(url, who) as db, pytest.raises(psycopg.errors.InsufficientPrivilege, match="not witnessed here"):
        db.execute("select sekisho.enter(%s)", (token,))


def test_above_the_ceiling_is_refused_with_the_clause_and_witnessed(store: PostgresStore) -> None:
    with pytest.raises(Refused, match="may not state purpose") as caught:
        store.issue(ask("shipping"))
    assert caught.value.clause == "c-shipping"
    notebook = store.witness
    assert isinstance(notebook, Notebook)
    assert notebook.told == [("refused", ("shipping", "above-ceiling", "c-shipping"))]


def test_a_pooled_login_gets_no_session_permit(store: PostgresStore) -> None:
    with pytest.raises(Refused, match="scope"):
        store.issue(ask("support", login="shop_pooled"))
    assert store.issue(ask("support", login="shop_pooled"), permits.SERVICE).permit.scope == "transaction"


def test_answering_a_request_opens_one_person(store: PostgresStore, through: Callable[..., PostgresPassage]) -> None:
    passage = through("answer-requests", subject="customer:4")
    assert passage.run("select id, birth_date is null from customers").rows == [(4, False)]
    assert {r[0] for r in passage.run("select customer_id from orders").rows} == {4}


def test_what_may_be_written_is_what_the_policy_says(
    store: PostgresStore, through: Callable[..., PostgresPassage], url: str
) -> None:
    passage = through("support")
    passage.run("update customers set email = 'new@example.jp' where id = 2")
    with pytest.raises(Refused):
        passage.run("update customers set birth_date = now()")
    with pytest.raises(Refused):
        passage.run("delete from customers")
    passage.run("insert into customers (name, email) values ('New', 'n@example.jp')")
    with psycopg.connect(url) as db:
        assert db.execute("select email from customers where id = 2").fetchone() == ("new@example.jp",)
    assert store.verify() == 0


def test_applying_again_does_nothing_and_a_changed_policy_keeps_standing(store: PostgresStore, url: str) -> None:
    assert store.plan().empty
    stand(store, {("customer", "1"): 0b11111})
    wider = PostgresStore(url, rules(purpose("games", 12, ["name"])), store.keys, store.witness)
    plan = wider.plan()
    assert "column:customers" in plan.unchanged
    wider.apply(plan.digest)
    assert wider.verify() == 0
    assert wider.plan().empty
    assert wider.check().green
    with psycopg.connect(url) as db:
        assert db.execute("select sekisho_standing from customers where id = 1").fetchone() == (0b11111,)
        assert db.execute("select min(sekisho_standing) from customers where id > 1").fetchone() == (
            default_mask(wider.rules.purposes, "customer"),
        )


def test_a_plan_is_run_by_its_digest(store: PostgresStore) -> None:
    with pytest.raises(StoreTrouble, match="changed since"):
        store.apply("0" * 64)


def test_remove_puts_everything_back_byte_for_byte(url: str) -> None:
    with psycopg.connect(url) as db:
        for role in ("shop_reader_of_old", "shop_writer_of_old"):
            db.execute(f"do $$ begin create role {role}; exception when duplicate_object then null; end $$".encode())
        db.execute("grant select on customers to shop_reader_of_old with grant option")
        db.execute("grant update (email, name) on customers to shop_writer_of_old")
        db.execute("grant insert on orders to public")
    before = dump(url)
    store = PostgresStore(url, rules(), KeyRing(), Notebook())
    store.apply()
    assert dump(url) != before
    stand(store, {("customer", "1"): 0b11111})
    store.remove()
    assert dump(url) == before


def test_drift_is_seen(store: PostgresStore, url: str) -> None:
    assert store.check().differences == ()
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("grant select on customers to public")
        db.execute("alter table orders disable trigger sekisho_guard")
    differences = store.check().differences
    assert "table customers changed" in differences
    assert "trigger orders.sekisho_guard changed" in differences
    assert any(h.code == "grant" and h.who == "PUBLIC" for h in store.check().holes)


def test_a_map_that_does_not_fit_changes_nothing(url: str) -> None:
    from dataclasses import replace

    from studio import TABLES

    odd = (replace(TABLES[0], key=("name",)), *TABLES[1:3], replace(TABLES[3], name="no such table"))
    store = PostgresStore(url, rules(tables=odd), KeyRing(), Notebook())
    before = dump(url)
    with pytest.raises(BadInput, match="not unique"):
        store.plan()
    assert dump(url) == before


def test_a_store_follows_the_ledgers_in_order(store: PostgresStore, url: str) -> None:
    default = store.rules.defaults["customer"]
    assert store.project({("customer", "1"): 0b11111}, 0, 7) == 1
    assert store.position() == 7
    assert store.project({("customer", "1"): default}, 0, 6) == 0, "what is older must not overwrite a withdrawal"
    assert store.project({("customer", "1"): default}, 8, 9) is None, "what leaves a gap must not pass"
    assert (store.lease().position, store.lease().open_until) == (7, None)
    assert store.renew(8) is None
    assert store.renew(7) is not None
    assert store.lease().open_until is not None
    with psycopg.connect(url) as db:
        assert db.execute("select sekisho_standing from customers where id = 1").fetchone() == (0b11111,)


def test_a_key_written_otherwise_is_the_same_person(store: PostgresStore, url: str) -> None:
    stand(store, {("customer", "007"): 0b11111})
    with psycopg.connect(url) as db:
        db.execute("update customers set sekisho_standing = 0 where id = 7")
        assert db.execute("select sekisho_standing from customers where id = 7").fetchone() == (0b11111,)
    with pytest.raises(BadInput, match="does not fit"):
        stand(store, {("customer", "seven"): 0b11111})


def test_a_promise_of_names_refuses_what_does_not_name(
    url: str, through: Callable[..., PostgresPassage], store: PostgresStore
) -> None:
    named = rules(purpose("careful", 12, ["name"], witness=Witness.NAMED), logins=[Login("shop_careful", ("careful",))])
    store.rules = named
    store.apply()
    passage = through("careful", login="shop_careful")
    assert passage.run("select id, name from customers where id < 3").count == 2
    assert passage.run("select title from products").count == 2
    notebook = store.witness
    assert isinstance(notebook, Notebook)
    assert [r.keys for k, r in notebook.told if k == "reading"] == [(("customer", "1"), ("customer", "2")), ()]
    for sql in (
        "select name from customers",
        "select count(*) from customers",
        "select id, upper(name) from customers",
    ):
        with pytest.raises(Refused, match="does not name them"):
            passage.run(sql)
    assert notebook.told[-1] == ("refused", ("careful", "not-named", "c-careful"))


def test_what_a_refused_statement_did_is_taken_back(url: str, store: PostgresStore) -> None:
    store.rules = rules(
        purpose("careful", 12, ["name"], witness=Witness.NAMED), logins=[Login("shop_careful", ("careful",))]
    )
    store.apply()
    with psycopg.connect(url, autocommit=True) as ear, store.open(ask("careful", login="shop_careful")) as passage:
        ear.execute("listen x")
        for sql in (
            "select pg_notify('x', name) from customers",
            "do $$ begin perform pg_notify('x', 'told'); end $$",
            "copy (select name from careful.customers) to stdout",
            "/* /* */ select */ do $$ begin perform pg_notify('x', 'told'); end $$",
        ):
            with pytest.raises(Refused, match="does not name them"):
                passage.run(sql)
        with pytest.raises(StoreTrouble):
            passage.run("select id from customers; select name from customers")
        assert list(ear.notifies(timeout=0.2)) == []
        assert passage.run("select id, name from customers where id = 1").count == 1


def test_a_statement_without_a_result_is_witnessed_too(
    store: PostgresStore, through: Callable[..., PostgresPassage]
) -> None:
    passage = through("support")
    passage.run("begin")
    passage.run("do $$ begin perform name from customers; end $$")
    passage.run("commit")
    notebook = store.witness
    assert isinstance(notebook, Notebook)
    assert [(r.grade, r.rows) for k, r in notebook.told if k == "reading"] == [("scope", 0)]


def test_what_a_migration_adds_is_denied_and_told(store: PostgresStore, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("alter table customers add column phone2 text")
        db.execute("create table diary (of_whom integer, words text)")
    found = store.check()
    assert found.unmapped == ("customers.phone2", "diary")
    assert found.green, "nobody can read it, so the barrier stands"
    with as_login(url, "shop_support") as db:
        for sql in ("select * from diary", "select phone2 from support.customers"):
            with pytest.raises(psycopg.Error):
                db.execute(sql.encode())
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("grant select on diary to public")
    assert not store.check().green


TRIGGERS = """
alter table customers add column updated_at timestamptz not null default '2020-01-01';
create table audit (customer integer, what text);
create function touch() returns trigger language plpgsql as $$ begin
  new.updated_at := clock_timestamp(); insert into audit values (new.id, tg_op); return new; end $$;
create trigger touch before update on customers for each row execute function touch();
grant insert on audit to shop_support
"""


def test_triggers_of_the_application_rest_while_masks_change_and_run_otherwise(store: PostgresStore, url: str) -> None:
    store.remove()
    with psycopg.connect(url) as db:
        db.execute("do $$ begin create role shop_support login; exception when duplicate_object then null; end $$")
        db.execute(TRIGGERS)
    store.apply()
    assert stand(store, {("customer", "5"): 0b11111}) == 1
    assert stand(store, {("customer", "5"): 0b11111}) == 0, "nothing is written where nothing changes"
    with psycopg.connect(url) as db:
        assert db.execute("select * from audit").fetchall() == []
        assert db.execute("select distinct updated_at::date::text from customers").fetchall() == [("2020-01-01",)]
        assert db.execute("select distinct sekisho_standing from orders where customer_id = 5").fetchall() == [(31,)]
    with as_login(url, "shop_support") as db:
        db.execute("select sekisho.enter(%s)", (store.issue(ask("support")).token,))
        db.execute("update support.customers set name = 'x' where id = 6")
    with psycopg.connect(url) as db:
        assert db.execute("select * from audit").fetchall() == [(6, "UPDATE")]


def test_a_trigger_that_lacks_a_privilege_is_told_apart(
    store: PostgresStore, through: Callable[..., PostgresPassage], url: str
) -> None:
    with psycopg.connect(url) as db:
        db.execute(TRIGGERS)
        db.execute("revoke insert on audit from shop_support")
    with pytest.raises(Refused, match="permission denied for table audit") as caught:
        through("support").run("update customers set name = 'x' where id = 6")
    assert "security definer" in caught.value.help


def test_an_administrator_who_cannot_let_triggers_rest_is_told(store: PostgresStore, url: str) -> None:
    with psycopg.connect(url) as db:
        db.execute(TRIGGERS)
        db.execute("do $$ begin create role shop_admin login; exception when duplicate_object then null; end $$")
        db.execute(f"grant {Names.of(db.info.dbname).service} to shop_admin")
    plain = PostgresStore(make_conninfo(url, user="shop_admin"), store.rules, store.keys, store.witness)
    with pytest.raises(StoreTrouble, match="a trigger of the application in store `shop` failed"):
        plain.project({("customer", "5"): 0b11111}, store.position(), store.position() + 1)


def test_no_lease_is_longer_than_ten_minutes(store: PostgresStore, url: str) -> None:
    store.renew(store.position(), timedelta(days=1))
    with psycopg.connect(url) as admin:
        row = admin.execute("select open_until < now() + interval '11 minutes' from sekisho.lease").fetchone()
    assert row == (True,)


def test_a_permit_bound_to_a_connection_opens_no_other(store: PostgresStore, url: str) -> None:
    with as_login(url, "shop_support") as own, as_login(url, "shop_support") as other:
        token = store.issue(ask("support"), replace(permits.SHELL, pid=own.info.backend_pid)).token
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="bound to another connection"):
            other.execute("select sekisho.enter(%s)", (token,))
        own.execute("select sekisho.enter(%s)", (token,))
        assert own.execute("select count(*) from support.customers").fetchone() == (20,)


@pytest.mark.parametrize(
    ("when", "says"),
    [
        ("redeem = now() - interval '1 second'", "not redeemed in time"),
        ("not_before = now() + interval '1 hour'", "this permit is over"),
        ("until = now() - interval '1 second'", "this permit is over"),
        ("login = 'shop_ship'", "not witnessed here for login shop_support"),
        ("epoch = 0", "another epoch"),
    ],
)
def test_a_permit_at_the_wrong_time_or_of_another_opens_nothing(
    store: PostgresStore, url: str, when: str, says: str
) -> None:
    token = store.issue(ask("support")).token
    with psycopg.connect(url) as admin:
        admin.execute(f"update sekisho.permit set {when}".encode())
    with as_login(url, "shop_support") as db:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match=says):
            db.execute("select sekisho.enter(%s)", (token,))
        assert db.execute("select count(*) from support.customers").fetchone() == (0,)


def test_a_permit_that_is_over_shows_nothing_more(store: PostgresStore, url: str) -> None:
    with as_login(url, "shop_support") as db:
        db.execute("select sekisho.enter(%s)", (store.issue(ask("support")).token,))
        assert db.execute("select count(*) from support.customers").fetchone() == (20,)
        with psycopg.connect(url) as admin:
            admin.execute("update sekisho.entered set until = clock_timestamp()")
        assert db.execute("select count(*) from support.customers").fetchone() == (0,)


def test_a_row_one_of_whose_owners_is_not_there_belongs_to_nobody(url: str) -> None:
    links = (Link("customers", ("customer_id",)), Link("orders", ("order_id",)))
    parcels = Table("parcels", ("id",), (key("id"), key("customer_id"), key("order_id")), owners=links)
    with psycopg.connect(url) as db:
        db.execute("create table parcels (id integer primary key, customer_id integer, order_id integer)")
        db.execute("insert into parcels values (1, 1, 60), (2, 1, 999), (3, 1, null), (4, 999, 60), (5, null, null)")
    store = PostgresStore(url, rules(tables=(*TABLES, parcels)), KeyRing(), Notebook())
    store.apply()
    with psycopg.connect(url) as db:
        db.execute("insert into parcels select id + 10, customer_id, order_id from parcels")
        masks = dict(db.execute("select id, sekisho_standing from parcels").fetchall())
        assert {n for n, mask in masks.items() if mask != NOBODY} == {1, 3, 11, 13}
        assert store.verify() == 0
        db.execute("delete from order_items")
        db.execute("delete from orders where id = 60")
        masks = dict(db.execute("select id, sekisho_standing from parcels").fetchall())
        assert {n for n, mask in masks.items() if mask != NOBODY} == {3, 13}


def test_a_deadlock_with_the_application_is_tried_again(store: PostgresStore, url: str) -> None:
    def waiting(admin: psycopg.Connection) -> bool:
        found = admin.execute(
            "select from pg_stat_activity where wait_event_type = 'Lock' and application_name = 'sekisho'"
        )
        return found.rowcount > 0

    with ThreadPoolExecutor(1) as pool, psycopg.connect(url) as app, psycopg.connect(url, autocommit=True) as admin:
        app.execute("select from customers where id = 5 for update")
        done = pool.submit(stand, store, {("customer", "5"): 0b11111})
        while not waiting(admin):
            time.sleep(0.01)
        app.execute("set local deadlock_timeout = '1min'")
        app.execute("update sekisho.lease set epoch = epoch")
        app.commit()
        assert done.result() == 1


def test_a_database_that_is_governed_as_another_store_is_left_alone(store: PostgresStore, url: str) -> None:
    other = PostgresStore(url, replace(store.rules, store="other"), store.keys, store.witness)
    stand(store, {("customer", "5"): 0b11111})
    before = dump(url), store.position()
    deeds = (
        other.plan,
        other.apply,
        other.remove,
        other.close,
        other.position,
        other.check,
        lambda: other.migrate("select 1"),
    )
    for deed in deeds:
        with pytest.raises(StoreTrouble, match="governed as store `shop`"):
            deed()
    with pytest.raises(Refused, match="not signed with a key that is known here"):
        other.issue(ask("support"))
    assert (dump(url), store.position()) == before


@pytest.mark.parametrize(
    ("name", "words"),
    [("none_of_that_name", 'database "none_of_that_name" does not exist'), ("postgres", "is not applied")],
)
def test_why_a_store_does_not_answer_is_said(url: str, name: str, words: str) -> None:
    elsewhere = PostgresStore(make_conninfo(url, dbname=name), rules(), KeyRing(), Notebook())
    for look in (elsewhere.position, elsewhere.verify):
        with pytest.raises(StoreTrouble, match=words):
            look()


@pytest.mark.parametrize(
    "change",
    [
        "create table kin (more text) inherits (orders)",
        "create table kin (like orders); alter table orders inherit kin",
        "create table kin (like orders) partition by range (id); "
        "alter table kin attach partition orders for values from (1) to (1000)",
        "drop table order_items, orders; create table orders (id integer, customer_id integer, total integer, "
        "ship_to text) partition by range (id); create table order_items (order_id integer, line integer, what text)",
    ],
)
def test_a_table_whose_rows_have_another_name_is_refused(url: str, change: str) -> None:
    with psycopg.connect(url) as db:
        db.execute(change.encode())
    with pytest.raises(BadInput, match="`orders` shares its rows with another table"):
        PostgresStore(url, rules(), KeyRing(), Notebook()).plan()


def test_a_snapshot_from_before_a_change_is_ended(store: PostgresStore, url: str) -> None:
    token = store.issue(ask("support"), permits.SERVICE).token
    with as_login(url, "shop_support") as db:
        db.execute("begin isolation level repeatable read")
        db.execute("select sekisho.enter(%s)", (token,))
        assert db.execute("select count(*) from support.customers").fetchone() == (20,)
        stand(store, {("customer", "5"): 0b11111})
        assert store.watch() == 0, "an application is not cut off between two of its statements"
        assert store.watch(timedelta(0)) == 1
        with pytest.raises(psycopg.errors.AdminShutdown):
            db.execute("select count(*) from support.customers")


@pytest.mark.parametrize("minutes", [-20, 20])
def test_clocks_that_differ_from_the_stores_keep_nobody_out(store: PostgresStore, url: str, minutes: int) -> None:
    store.clock = lambda: datetime.now(UTC) + timedelta(minutes=minutes)
    with as_login(url, "shop_support") as db:
        db.execute("select sekisho.enter(%s)", (store.issue(ask("support")).token,))
        assert db.execute("select count(*) from support.customers").fetchone() == (20,)
    until = store.renew(store.position())
    with psycopg.connect(url) as admin:
        assert admin.execute("select open_until from sekisho.lease where open_until > now()").fetchone() == (until,)


def test_a_login_cannot_put_data_aside(store: PostgresStore, url: str) -> None:
    with as_login(url, "shop_support") as db:
        for sql in (
            "create temp table kept as select 1",
            "create table public.kept (a int)",
            "select lo_from_bytea(0, 'x')",
            "select lo_create(0)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                db.execute(sql.encode())


def test_a_login_that_was_there_before_loses_what_it_could_put_data_aside_with(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("do $$ begin create role shop_ship login; exception when duplicate_object then null; end $$")
        db.execute(f'grant temporary, create on database "{db.info.dbname}" to shop_ship'.encode())
    before = dump(url)
    store = PostgresStore(url, rules(), KeyRing(), Notebook())
    store.apply()
    assert not [h for h in store.check().holes if h.code == "create"]
    store.remove()
    assert dump(url) == before


def test_links_that_no_foreign_key_holds_follow_their_owners_all_the_same(url: str) -> None:
    with psycopg.connect(url) as db:
        db.execute("alter table orders drop constraint orders_customer_id_fkey")
    store = PostgresStore(url, rules(), KeyRing(), Notebook())
    store.apply()
    stand(store, {("customer", "7"): 0b11111})
    with psycopg.connect(url, autocommit=True) as db:
        for change in (
            "update customers set id = 1007 where id = 7",
            "update customers set id = 7 where id = 8",
            "delete from customers where id = 9",
            "insert into customers (id, name) values (9, 'Nine again'), (8, 'Eight again')",
            "truncate customers",
            "insert into customers (id, name) values (3, 'Three again')",
        ):
            db.execute(change.encode())
            assert store.verify() == 0, change
