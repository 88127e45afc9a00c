"""Applications that speak through an ORM go on working: its statements on a real server, under a permit.

What an ORM must be told of a governed table is in docs/postgresql.md; each line there is a test here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import NotSupportedError, ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, selectinload
from sqlalchemy.pool import StaticPool

from postgres import fresh_database, listening
from sekisho.adapters.clients.psycopg import Gate
from sekisho.adapters.clients.service import make_service
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.datamap.model import Login
from sekisho.gate import permit as permits
from sekisho.ground.errors import Refused
from sekisho.policy.model import Action
from studio import ACTOR, SCHEMA, KeyRing, Notebook, ask, purpose, rules, stand

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str | None]
    # withheld from this purpose: an ORM that writes NULL into it is refused, so the server is said to fill it
    birth_date: Mapped[date | None] = mapped_column(server_default=sa.FetchedValue())
    created_at: Mapped[datetime] = mapped_column(server_default=sa.func.now())
    orders: Mapped[list[Order]] = relationship(back_populates="customer", order_by="Order.id")


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("customers.id"))
    total: Mapped[int]
    ship_to: Mapped[str | None] = mapped_column(server_default=sa.FetchedValue())
    customer: Mapped[Customer | None] = relationship(back_populates="orders")


ALL = (Action.READ, Action.CREATE, Action.UPDATE, Action.DELETE)


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as address:
        with psycopg.connect(address) as db:
            db.execute(SCHEMA)
        yield address


@pytest.fixture
def store(url: str) -> PostgresStore:
    desk = purpose("desk", 12, ["name", "contact.email", "commerce.order"], may=ALL)
    logins = (Login("shop_desk", ("desk",)), Login("shop_witness", witness=True))
    made = PostgresStore(url, rules(desk, logins=logins), KeyRing(), Notebook())
    made.apply()
    return made


def as_login(url: str, login: str) -> str:
    return make_conninfo(**{**{k: v for k, v in conninfo_to_dict(url).items() if v is not None}, "user": login})


@pytest.fixture
def engine(store: PostgresStore, url: str) -> Iterator[sa.Engine]:
    """An engine of one connection that entered with a session permit, as an application does when it connects."""
    made = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(as_login(url, "shop_desk")), poolclass=StaticPool
    )

    @sa.event.listens_for(made, "connect")
    def enter(db: psycopg.Connection, _: Any) -> None:
        issued = store.issue(ask("desk", "shop_desk"), permits.PASTED)
        db.execute("select sekisho.enter(%s)", (issued.token,))
        db.commit()

    yield made
    made.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    with Session(engine) as made:
        yield made


def whole(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as admin:
        return admin.execute(query.encode()).fetchall()


def test_objects_are_read_with_what_is_withheld_as_none(session: Session) -> None:
    found = session.get(Customer, 7)
    assert found is not None
    assert (found.name, found.email, found.birth_date) == ("Name 7", "p7@example.jp", None)
    assert [o.ship_to for o in found.orders] == [None, None, None]
    loaded = session.scalars(sa.select(Customer).options(selectinload(Customer.orders)).order_by(Customer.id)).all()
    assert [len(c.orders) for c in loaded] == [3] * 20


def test_a_new_object_comes_back_with_its_number_and_defaults(session: Session, url: str) -> None:
    session.add(made := Customer(name="New", email="new@example.jp", orders=[Order(total=5), Order(total=6)]))
    session.commit()
    assert made.id is not None
    assert made.created_at is not None
    assert whole(url, f"select name from customers where id = {made.id}") == [("New",)]
    assert [o.total for o in made.orders] == [5, 6]


def test_many_new_objects_are_written_at_once_and_numbered(session: Session) -> None:
    session.add_all([made := Order(customer_id=1 + n % 20, total=n) for n in range(300)])
    session.commit()
    assert made.id is not None
    ids = session.scalars(sa.insert(Order).returning(Order.id), [{"customer_id": 3, "total": n} for n in range(10)])
    assert len(set(ids)) == 10
    assert session.scalar(sa.select(sa.func.count()).select_from(Order)) == 370


def test_changes_and_deletions_by_key_are_made(session: Session, url: str) -> None:
    found = session.get_one(Customer, 2)
    found.email = "changed@example.jp"
    session.delete(session.get_one(Order, 1))
    session.commit()
    assert whole(url, "select email from customers where id = 2") == [("changed@example.jp",)]
    assert whole(url, "select count(*) from orders where id = 1") == [(0,)]
    done = session.execute(sa.update(Customer).where(Customer.id < 4).values(name=sa.func.upper(Customer.name)))
    assert done.rowcount == 3  # type: ignore[attr-defined]
    assert session.scalars(sa.select(Customer.name).where(Customer.id == 3)).one() == "NAME 3"


def test_rows_are_locked_for_update(session: Session, url: str) -> None:
    session.scalars(sa.select(Customer).where(Customer.id == 4).with_for_update(skip_locked=True)).one()
    with psycopg.connect(url) as admin, pytest.raises(psycopg.errors.LockNotAvailable):
        admin.execute("select 1 from customers where id = 4 for update nowait")


def test_counts_groups_windows_and_pages(session: Session) -> None:
    per_person = (
        sa.select(Customer.id, Customer.name, sa.func.count(Order.id).label("n"), sa.func.sum(Order.total))
        .outerjoin(Order)
        .group_by(Customer.id, Customer.name)
        .having(sa.func.count(Order.id) > 2)
        .order_by(sa.desc("n"), Customer.id)
        .limit(5)
        .offset(1)
    )
    assert [r[0] for r in session.execute(per_person)] == [2, 3, 4, 5, 6]
    rank = sa.func.row_number().over(partition_by=Order.customer_id, order_by=Order.total.desc())
    assert session.scalar(sa.select(sa.func.max(sa.select(rank.label("r")).subquery().c.r))) == 3
    assert session.scalar(sa.select(sa.exists().where(Customer.email == "p1@example.jp"))) is True


def test_a_savepoint_gives_back_what_was_done_in_it_alone(session: Session) -> None:
    session.get_one(Customer, 5).name = "kept"
    twice = sa.insert(Customer).values(name="Twice", email="p1@example.jp")
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(twice)
    session.commit()
    assert session.get_one(Customer, 5).name == "kept"


def test_what_is_there_is_got_and_what_is_not_is_made(session: Session) -> None:
    upsert = (
        postgresql.insert(Customer)
        .values(name="Known", email="p6@example.jp")
        .on_conflict_do_update(index_elements=["email"], set_={"name": "Known"})
        .returning(Customer.id)
    )
    assert session.scalars(upsert).one() == 6
    quiet = postgresql.insert(Customer).values(name="x", email="p6@example.jp").on_conflict_do_nothing()
    assert session.scalars(quiet.returning(Customer.id)).all() == []


def test_rows_are_streamed(engine: sa.Engine) -> None:
    with engine.connect().execution_options(yield_per=7) as db, db.begin():
        assert sum(1 for _ in db.execute(sa.select(Order.id))) == 60


def test_a_withdrawal_is_obeyed_by_the_next_statement_of_an_open_transaction(
    session: Session, store: PostgresStore
) -> None:
    assert session.get(Customer, 9) is not None
    stand(store, {("customer", "9"): 0b11111})
    assert session.scalars(sa.select(Customer.id).where(Customer.id == 9)).all() == []
    session.expire_all()
    assert session.get(Customer, 9) is None


def test_what_is_withheld_is_not_written_also_as_null(session: Session) -> None:
    session.get_one(Customer, 1).birth_date = date(2000, 1, 1)
    with pytest.raises(NotSupportedError, match='cannot update column "birth_date"'):
        session.flush()
    session.rollback()
    with pytest.raises(NotSupportedError, match='cannot insert into column "birth_date"'):
        session.execute(sa.insert(Customer).values(name="x", birth_date=None))


def test_a_key_or_a_link_is_not_changed(session: Session) -> None:
    session.get_one(Order, 1).customer_id = 7
    with pytest.raises(ProgrammingError, match="permission denied"):
        session.flush()


def test_a_row_that_would_not_be_seen_is_not_made(session: Session) -> None:
    session.add(Order(total=1))
    with pytest.raises(ProgrammingError, match="row-level security"):
        session.flush()


DJANGO = (
    (
        'INSERT INTO "customers" ("name", "email") VALUES (%s, %s) RETURNING "customers"."id"',
        ("Dj", "dj@example.jp"),
        1,
    ),
    (
        'INSERT INTO "customers" ("name", "email") VALUES (%s, %s), (%s, %s) ON CONFLICT DO NOTHING',
        ("Dj", "dj@example.jp", "Dk", "dk@example.jp"),
        1,
    ),
    (
        'INSERT INTO "customers" ("name", "email") VALUES (%s, %s) ON CONFLICT("email") DO UPDATE SET "name" = '
        'EXCLUDED."name" RETURNING "customers"."id"',
        ("Dl", "dk@example.jp"),
        1,
    ),
    ('UPDATE "customers" SET "name" = %s WHERE "customers"."id" = %s', ("Dm", 2), 1),
    (
        'UPDATE "customers" SET "name" = (CASE WHEN ("customers"."id" = %s) THEN %s '
        'WHEN ("customers"."id" = %s) THEN %s ELSE NULL END)::text WHERE "customers"."id" IN (%s, %s)',
        (3, "a", 4, "b", 3, 4),
        2,
    ),
    ('SELECT 1 AS "a" FROM "customers" WHERE "customers"."email" = %s LIMIT 1', ("p1@example.jp",), 1),
    ('SELECT COUNT(*) AS "__count" FROM "customers"', (), 1),
    (
        'SELECT "customers"."id", "customers"."name", COUNT("orders"."id") AS "n" FROM "customers" LEFT OUTER '
        'JOIN "orders" ON ("customers"."id" = "orders"."customer_id") GROUP BY "customers"."id", "customers"."name" '
        "ORDER BY 3 DESC LIMIT 2",
        (),
        2,
    ),
    (
        'SELECT "orders"."id", "customers"."id", "customers"."name" FROM "orders" INNER JOIN "customers" ON '
        '("orders"."customer_id" = "customers"."id") WHERE UPPER("customers"."name"::text) LIKE UPPER(%s) FOR UPDATE '
        'OF "orders" SKIP LOCKED',
        ("%NAME 7%",),
        3,
    ),
    ('SAVEPOINT "s1"', (), 0),
    ('DELETE FROM "orders" WHERE "orders"."id" IN (%s, %s)', (1, 2), 2),
    ('ROLLBACK TO SAVEPOINT "s1"', (), 0),
    ('RELEASE SAVEPOINT "s1"', (), 0),
    ('SELECT "orders"."id" FROM "orders" WHERE "orders"."id" IN (%s, %s)', (1, 2), 2),
)
"""What Django's ORM sends for create, bulk_create, update_or_create, save, bulk_update, exists, count, annotate, …"""


def test_djangos_statements_run_under_a_session_permit(engine: sa.Engine) -> None:
    with engine.connect() as db:
        for text, values, rows in DJANGO:
            assert max(db.exec_driver_sql(text, values).rowcount, 0) == rows, text


def test_djangos_statements_run_through_the_client(store: PostgresStore, url: str) -> None:
    rule = next(i for i in store.rules.logins if i.name == "shop_desk")
    service = make_service(store.rules, rule, store.keys.key("shop", rule.name), ACTOR)
    with (
        Gate(service, as_login(url, "shop_desk"), witness=as_login(url, "shop_witness")) as gate,
        gate.purpose("desk", reason="orders of today") as db,
    ):
        for text, values, rows in DJANGO:
            assert max(db.execute(text, values).rowcount, 0) == rows, text
        with pytest.raises(Refused, match="birth_date"):
            db.execute('UPDATE "customers" SET "birth_date" = NULL WHERE "customers"."id" = %s', [2])


def test_grouping_by_the_key_alone_must_name_what_else_is_selected(engine: sa.Engine) -> None:
    text = 'SELECT "customers"."id", "customers"."name", COUNT(*) FROM "customers" GROUP BY "customers"."id"'
    with engine.connect() as db, pytest.raises(ProgrammingError, match="must appear in the GROUP BY"):
        db.exec_driver_sql(text)
