"""Names from policies and maps never become SQL, whatever they look like: compiled, applied, used and removed."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.adapters.stores.sqlite import SqliteStore
from sekisho.compiler.lower import lower
from sekisho.compiler.quoting import LONGEST_NAME, dollar, ident, literal, made_name, plain_literal
from sekisho.compiler.rules import RuleSet
from sekisho.datamap.model import Link, Login, Table
from sekisho.ground.errors import BadInput, SekishoError
from sekisho.policy.model import Subject
from studio import KeyRing, Notebook, ask, data, data_map, key, plain, policy, stand

needs_server = pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")

NAMES = {
    "double-quote": 'a"b',
    "only-quotes": '""',
    "single-quote": "o'clock",
    "injection-by-double-quote": 'x"; drop table victim; --',
    "injection-by-single-quote": "x'; drop table victim; --",
    "injection-by-dollar": "x$sekisho$; drop table victim; --",
    "our-dollar-quote": "$sekisho$",
    "bare-dollar-quote": "$$",
    "our-separator": "a--;b",
    "our-placeholder": "{{gate}}",
    "comment": "/* x */ --",
    "backslash": "back\\slash\\'",
    "semicolon": "a;b",
    "newline": "a\nb\r\tc",
    "dots": "public.victim.x",
    "percent": "100%s%%",
    "parameters": "$1 ? :name @x",
    "space": " a b ",
    "capitals": "Customers",
    "reserved-word": "select",
    "role-word": "user",
    "table-of-the-gate": "permit",
    "mask-variable": "mask",
    "row-alias": "new",
    "table-alias": "t",
    "japanese": "顧客名簿",
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "right-to-left": "\u202eabc\u202c",
    "zero-width": "a\u200bb",
    "emoji": "🗝️",
    "longest": "x" * LONGEST_NAME,
    "longest-in-bytes": "é" * 31 + "x",
}
IMPOSSIBLE = {
    "empty": "",
    "nul": "a\0b",
    "surrogate": "a\ud800b",
    "too-long": "x" * (LONGEST_NAME + 1),
    "too-long-in-bytes": "é" * 32,
}


def tables_of(names: Sequence[str]) -> list[tuple[Table, Table]]:
    """Return for each name a table of people of a class of that name, and one whose rows belong to them."""
    made = []
    for number, name in enumerate(names):
        other = f"{name[:-1]}!" if len(name) > 1 else "other"
        people = Table(name, (name,), (key(name), data("called", "name"), data("secret", "birth.date")), subject=name)
        columns = (key("id"), key(name), data(other, "name"), plain("note"))
        made.append((people, Table(f"owned {number}", ("id",), columns, owners=(Link(name, (name,)),))))
    return made


def rules_of(
    names: Sequence[str], engine: str, logins: Sequence[str] = ("shop_support",), schema: str = "main"
) -> RuleSet:
    """Return rules in which each name is a class, a table, a key, a link and a column."""
    made = policy()
    mine = replace(
        made,
        subjects=tuple(Subject(name, "people") for name in names),
        purposes=tuple(replace(p, of=tuple(names)) if p.of else p for p in made.purposes),
    )
    tables = [table for pair in tables_of(names) for table in pair]
    here = data_map(names[0], engine, tables, [Login(login, ("support",)) for login in logins], schema=schema)
    found, diagnostics = lower(mine, here)
    assert [d for d in diagnostics if d.severity.value == "error"] == []
    return found


def schema_sql(names: Sequence[str], prefix: str = "") -> list[str]:
    """Return SQL that makes those tables, with two people in each."""
    made = []
    for people, owned in tables_of(names):
        n, p, o = ident(people.name), prefix + ident(people.name), prefix + ident(owned.name)
        made += [
            f"create table {p} ({n} integer primary key, called text, secret text)",
            f"create table {o} (id integer primary key, {n} integer references {p} ({n}), "
            f"{ident(owned.columns[2].name)} text, note text)",
            f"insert into {p} values (1, 'one', 'zq1'), (2, 'two', 'zq2')",
            f"insert into {o} values (1, 1, 'of one', ''), (2, 2, 'of two', ''), (3, null, 'of nobody', '')",
        ]
    return made


def dump(url: str) -> str:
    done = subprocess.run(["pg_dump", "-s", "--restrict-key=x", url], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with fresh_database("sekisho_names") as url:
        with psycopg.connect(url) as db:
            db.execute("create table victim (id integer)")
            db.execute("insert into victim values (1)")
        yield url


@contextmanager
def made_schema(url: str, schema: str, names: Sequence[str]) -> Iterator[None]:
    with psycopg.connect(url) as db:
        db.execute(f"create schema {ident(schema)}".encode())
        for statement in schema_sql(names, f"{ident(schema)}."):
            db.execute(statement.encode())
    try:
        yield
    finally:
        with psycopg.connect(url) as db:
            db.execute("set client_min_messages = warning")
            db.execute(f"drop schema {ident(schema)} cascade".encode())


BATCHES = [list(NAMES)[start::4] for start in range(4)]
STORES = ["x\n; drop table public.victim; --", "'--;$$", "{{gate}}$sekisho$", 'x"; drop table public.victim; --\\']
"""A store's name stands in the gate's own functions."""


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize(("batch", "store_name"), list(zip(BATCHES, STORES, strict=True)), ids=["1", "2", "3", "4"])
def test_a_name_is_only_a_name_in_postgresql(server: str, batch: Sequence[str], store_name: str) -> None:
    """Each name of a batch is a class, a table, a key, a link and a login at once; one is the schema's as well."""
    names = [NAMES[word] for word in batch]
    logins = [name if len(name.encode()) > 50 else f"{name} login" for name in names]
    with made_schema(server, names[1], names):
        before, there = dump(server), roles(server)
        rules = replace(rules_of(names, "postgresql", logins, names[1]), store=store_name)
        store = PostgresStore(server, rules, KeyRing(), Notebook())
        store.apply(store.plan().digest)
        try:
            assert store.check().differences == ()
            assert store.plan().empty
            withdraw(store, names)
            for login, (people, owned) in zip(logins, tables_of(names), strict=True):
                with store.open(ask("support", login)) as passage:
                    n, p, o = ident(people.name), ident(people.name), ident(owned.name)
                    assert passage.run(f"select {n}, called, secret from support.{p}").rows == [(1, "one", None)]
                    assert passage.run(f"select id from support.{o}").rows == [(1,)]
            assert store.verify() == 0
        finally:
            store.remove()
        assert dump(server) == before
    with psycopg.connect(server) as db:
        assert db.execute("select count(*) from public.victim").fetchone() == (1,)
    assert roles(server) == there, "a role that was there before stays, and none is left behind"


def roles(server: str) -> set[str]:
    """Return the roles of the server that are named like those of these tests."""
    with psycopg.connect(server) as db:
        found = {r[0] for r in db.execute("select rolname from pg_roles")}
    return {r for r in found if r in NAMES.values() or r.endswith(" login")}


def withdraw(store: PostgresStore | SqliteStore, names: Sequence[str]) -> None:
    """Let the second person of each class withdraw from support."""
    support = store.rules.purpose("support")
    assert support is not None
    stand(store, {(name, "2"): store.rules.defaults[name] & ~support.bit for name in names})


@pytest.mark.unit
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_is_only_a_name_in_sqlite(tmp_path: Path, name: str) -> None:
    path = tmp_path / "shop.db"
    db = sqlite3.connect(path)
    for statement in ["create table victim (id integer)", *schema_sql([name])]:
        db.execute(statement)
    db.commit()
    before = db.execute("select type, name, tbl_name, sql from sqlite_schema order by rowid").fetchall()
    store = SqliteStore(path, rules_of([name], "sqlite"), KeyRing(), Notebook())
    store.apply(store.plan().digest)
    assert store.check().differences == ()
    withdraw(store, [name])
    with store.open(ask("support")) as passage:
        n = ident(name)
        assert passage.run(f"select {n}, called, secret from {n} order by 1").rows == [(1, "one", None)]
        assert passage.run('select id from "owned 0" order by id').rows == [(1,)]
    assert store.verify() == 0
    store.remove()
    assert db.execute("select type, name, tbl_name, sql from sqlite_schema order by rowid").fetchall() == before
    assert db.execute("select count(*) from victim").fetchone() == (0,)
    db.close()


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize("name", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_a_name_is_refused_and_changes_nothing(server: str, name: str) -> None:
    before = dump(server)
    for rules in (rules_of([name], "postgresql"), rules_of(["people"], "postgresql", schema=name)):
        with pytest.raises(BadInput):
            PostgresStore(server, rules, KeyRing(), Notebook()).plan()
    of_login = rules_of(["people"], "postgresql", [name], "of people")
    with made_schema(server, "of people", ["people"]), pytest.raises(BadInput):
        PostgresStore(server, of_login, KeyRing(), Notebook()).plan()
    assert dump(server) == before


@pytest.mark.postgresql
@needs_server
def test_names_that_differ_by_case_alone_are_two(server: str) -> None:
    with psycopg.connect(server) as db:
        db.execute('create schema two; create table two.people (id integer primary key, "Name" text, name text)')
        db.execute('create table two."People" (id integer primary key, "NAME" text); insert into two.people values (1)')
        db.execute("""insert into two."People" values (1, 'zq')""")
    small = Table("people", ("id",), (key("id"), data("Name", "name"), data("name", "birth.date")), subject="customer")
    large = Table("People", ("id",), (key("id"), data("NAME", "name")), subject="customer")
    rules, _ = lower(policy(), data_map(tables=(small, large), logins=(Login("two", ("support",)),), schema="two"))
    store = PostgresStore(server, rules, KeyRing(), Notebook())
    before = dump(server)
    store.apply()
    with store.open(ask("support", "two")) as passage:
        assert passage.run('select "NAME" from "People"').rows == [("zq",)]
        assert passage.run("select name from people").rows == [(None,)]
    store.remove()
    assert dump(server) == before


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize("taken", ["column", "purpose-schema", "gate-schema"])
def test_a_database_that_has_our_names_already_is_left_alone(server: str, taken: str) -> None:
    ours = {
        "column": "alter table own.people add column sekisho_standing text",
        "purpose-schema": "create schema support",
        "gate-schema": "create schema sekisho",
    }
    undo = {"column": "select 1", "purpose-schema": "drop schema support", "gate-schema": "drop schema sekisho"}
    with psycopg.connect(server) as db:
        db.execute("create schema own; create table own.people (id integer primary key, called text)")
        db.execute(ours[taken])
    before = dump(server)
    people = Table("people", ("id",), (key("id"), data("called", "name")), subject="customer")
    rules, _ = lower(policy(), data_map(tables=(people,), schema="own"))
    try:
        with pytest.raises(SekishoError, match=r"sekisho|support") as caught:
            PostgresStore(server, rules, KeyRing(), Notebook()).apply()
        assert caught.value.help
        assert dump(server) == before
    finally:
        with psycopg.connect(server) as db:
            db.execute(undo[taken])
            db.execute("drop schema own cascade")


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
hostile = st.text(st.sampled_from("'\"\\$;-{}%.aA\n é顧🗝"), max_size=15) | texts


@pytest.fixture(scope="module")
def lines() -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """Two connections that read backslashes in two ways."""
    with fresh_database("sekisho_quoting") as url:
        parts = {k: str(v) for k, v in conninfo_to_dict(url).items() if v is not None}
        old = "-c standard_conforming_strings=off -c escape_string_warning=off -c backslash_quote=off"
        with (
            psycopg.connect(url, autocommit=True) as new,
            psycopg.connect(make_conninfo(**{**parts, "options": old}), autocommit=True) as aged,
        ):
            yield new, aged


@pytest.mark.postgresql
@needs_server
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile)
def test_a_literal_comes_back_as_it_was(lines: tuple[psycopg.Connection, psycopg.Connection], text: str) -> None:
    for line in lines:
        assert line.execute(f"select {literal(text)}, {literal(text)} = ''".encode()).fetchone() == (text, text == "")
        assert line.execute(f"select {dollar(text)}".encode()).fetchone() == (text,)


@pytest.mark.postgresql
@needs_server
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile.filter(lambda t: 0 < len(t.encode()) <= LONGEST_NAME))
def test_a_name_comes_back_as_it_was(lines: tuple[psycopg.Connection, psycopg.Connection], text: str) -> None:
    for line in lines:
        cursor = line.execute(f"select q.{ident(text)} from (select 1 as {ident(text)}) q".encode())
        assert cursor.description is not None
        assert [d.name for d in cursor.description] == [text]


def nameable_in_sqlite(text: str) -> bool:
    """Say whether SQLite gives a column of a sub-select that name: `true` and `false` are values, however quoted."""
    return 0 < len(text.encode()) <= LONGEST_NAME and text.lower() not in ("true", "false")


@pytest.mark.unit
@settings(max_examples=300, deadline=None)
@given(text=hostile.filter(nameable_in_sqlite))
def test_a_name_and_a_literal_come_back_from_sqlite(text: str) -> None:
    db = sqlite3.connect(":memory:")
    cursor = db.execute(
        f"select q.{ident(text)} as {ident(text)} from (select {plain_literal(text)} as {ident(text)}) q"
    )
    assert cursor.fetchone() == (text,)
    assert [d[0] for d in cursor.description] == [text]
    db.close()


@pytest.mark.unit
@given(part=st.sampled_from(["guard", "sekisho standing insert"]), text=hostile)
def test_a_name_that_we_make_always_fits_and_differs(part: str, text: str) -> None:
    made = made_name(part, text)
    assert len(made.encode()) <= LONGEST_NAME
    assert made_name(part, text + "x") != made


@pytest.mark.unit
@pytest.mark.parametrize("name", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_stored_is_refused_by_quoting(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        ident(name)
    assert caught.value.help
    if "\0" in name or "\ud800" in name:
        with pytest.raises(BadInput):
            literal(name)
