"""Whose rows are in a result: named only where every table in it shows its person's key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.gate.naming import Namer, first_word, namer, naming, plain_origins
from studio import rules

pytestmark = pytest.mark.unit

HOW = naming(rules(), "support")


def test_a_table_is_named_by_its_own_key_or_by_its_link_to_a_person() -> None:
    every = naming(rules(), "answer-requests")
    assert every["customers"] == {"customer": ("id",)}
    assert every["orders"] == {"customer": ("customer_id",)}
    assert "order_items" not in every, "its person is two links away, so no row of it names one"
    assert every["products"] == {}


def test_people_are_those_whose_keys_stand_in_the_rows() -> None:
    found = namer(HOW, [("customers", "name"), ("customers", "id")])
    assert found is not None
    assert found.people([("A", 2), ("B", 1), ("C", 2), ("D", None)]) == (("customer", "1"), ("customer", "2"))


@pytest.mark.parametrize(
    "origins",
    [
        [("customers", "name")],
        [("customers", "id"), None],
        [("order_items", "order_id"), ("customers", "id")],
    ],
)
def test_what_shows_no_key_or_computes_is_not_named(origins: list[tuple[str, str] | None]) -> None:
    assert namer(HOW, origins) is None


def test_a_table_without_people_names_nobody() -> None:
    found = namer(HOW, [("products", "title")])
    assert found == Namer(())
    assert found.people([("kite",)]) == ()


def test_a_composite_key_is_written_as_stores_write_it() -> None:
    assert Namer((("member", (0, 1)),)).people([(7, 'a"b'), (7, None)]) == (("member", '[7, "a\\"b"]'),)


@pytest.mark.parametrize(
    "sql",
    [
        "select id, name from customers",
        'SELECT "id", name\nFROM customers WHERE id = ? ORDER BY name LIMIT 3;',
        "select * from customers where name in (select title from products)",
    ],
)
def test_a_plain_select_from_one_table_is_named(sql: str) -> None:
    assert namer(HOW, plain_origins(sql, ("id", "name"))) is not None


@pytest.mark.parametrize(
    "sql",
    [
        "select 1 as id, name from customers",
        "select id+0, name from customers",
        "select 1 id, name from customers",
        "select id, name from (select 1 as id, name from customers)",
        "select id, name from customers where 0 union select 1, name from customers",
        "with customers as (select 1 as id, name from customers) select id, name from customers",
        "select id, name from customers, orders",
        "select id, name from customers c join orders o on 1",
        "select id, name from customers group by name",
        "select id, (name) from customers",
        "select distinct id, name from customers",
    ],
)
def test_what_could_rename_or_compute_is_not_plain(sql: str) -> None:
    assert namer(HOW, plain_origins(sql, ("id", "name"))) is None


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_text_is_plain_or_not(sql: str, columns: list[str]) -> None:
    assert len(plain_origins(sql, columns)) == len(columns)


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("select 1", "select"),
        ("  -- a comment\n(SELECT 1)", "select"),
        ("/* select */ do $$ $$", "do"),
        ("/* /* */ select */ do $$ $$", "do"),
        ("-- select", ""),
        ("/* never closed select", ""),
        ("", ""),
        (";", ""),
        ("((with x as (select 1) table x))", "with"),
    ],
)
def test_the_first_word_of_a_statement(sql: str, word: str) -> None:
    assert first_word(sql) == word


@given(st.text(alphabet="/*-( selctdo\n"))
def test_the_first_word_of_anything_is_a_word_or_nothing(sql: str) -> None:
    word = first_word(sql)
    assert word == "" or word.isalpha()
