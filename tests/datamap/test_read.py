from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies import STUDIO, codes
from sekisho.datamap.model import Anchor, DataMap, Link, Login, Use, Withheld
from sekisho.datamap.read import read
from sekisho.policy.source import Source, failed

pytestmark = pytest.mark.unit
SAMPLE = (STUDIO / "map" / "shop.postgresql.yaml").read_text(encoding="utf-8")
MAP = """store: shop
engine: postgresql
tables:
  customers:
    subject: customer
    key: [country, id]
    columns: {country: key, id: key, name: name, note: plain}
  orders:
    key: id
    owner: {customers: [customer_country, customer_id]}
    columns: {id: key, customer_country: key, customer_id: key, placed_at: plain}
  products: {personal: false}
"""


def made(text: str) -> DataMap:
    found, diagnostics = read(Source.of("map.yaml", text))
    assert found is not None, [d.message for d in diagnostics]
    return found


def test_a_map_is_read_in_all_its_parts() -> None:
    text = MAP + "logins:\n  a: {purposes: [x, y], pooled: yes}\n  b: {bound: x}\n  c: {backup: true}\n"
    found = made(text + "anchors:\n  last order: max(orders.placed_at)\nschema: sales\nwithheld: absent\n")
    assert (found.store, found.engine, found.schema, found.withheld) == ("shop", "postgresql", "sales", Withheld.ABSENT)
    customers, orders, products = found.tables
    assert (customers.subject, customers.key) == ("customer", ("country", "id"))
    assert [(c.name, c.use, c.category) for c in customers.columns] == [
        ("country", Use.KEY, ""),
        ("id", Use.KEY, ""),
        ("name", Use.PERSONAL, "name"),
        ("note", Use.PLAIN, ""),
    ]
    assert orders.owners == (Link("customers", ("customer_country", "customer_id")),)
    assert not products.personal
    assert found.logins == (Login("a", ("x", "y"), pooled=True), Login("b", bound="x"), Login("c", backup=True))
    assert found.anchors == (Anchor("last order", "max", "orders", "placed_at"),)


@pytest.mark.parametrize(("engine", "schema"), [("sqlite", "main"), ("postgresql", "public")])
def test_what_is_not_said_has_its_usual_value(engine: str, schema: str) -> None:
    found = made(MAP.replace("postgresql", engine))
    assert (found.schema, found.withheld, found.logins, found.anchors) == (schema, Withheld.NULL, (), ())


def test_an_anchor_may_be_dated_by_several_columns() -> None:
    found = made(MAP + "anchors:\n  last seen: [max(orders.placed_at), min(customers.note)]\n")
    assert [(a.how, a.table) for a in found.anchors] == [("max", "orders"), ("min", "customers")]


def test_the_digest_is_that_of_the_text() -> None:
    assert made(MAP).digest == made(MAP.replace("\n", "\r\n")).digest
    assert made(MAP).digest != made(MAP + "# note\n").digest


@pytest.mark.parametrize(
    "name", ['a"b', "a'; drop table b; --", "select", "顧客", "a b", "a.b", "${x}", "%s", "a\\b", "__proto__"]
)
def test_a_hostile_name_is_a_name_and_stays_as_it_was_written(name: str) -> None:
    quoted = "'" + name.replace("'", "''") + "'"
    found = made(MAP.replace("products:", f"{quoted}:").replace("note: plain", f"{quoted}: plain"))
    assert found.tables[2].name == name
    assert found.tables[0].column(name) is not None


@pytest.mark.parametrize("name", ["'" + "x" * 64 + "'", "'" + "漢" * 22 + "'", '""', '"  "'])
def test_a_name_that_no_database_can_hold_is_refused(name: str) -> None:
    _, found = read(Source.of("map.yaml", MAP.replace("products:", f"{name}:")))
    assert codes(found) == ["map-name"]


@pytest.mark.parametrize("name", ['"a\\0b"', '"\\0"', '"\\e[31m"', '"\\x07"'])
def test_a_character_that_no_text_should_hold_is_refused(name: str) -> None:
    for written in (MAP.replace("products:", f"{name}:"), MAP.replace("note: plain", f"note: {name}")):
        _, found = read(Source.of("map.yaml", written))
        assert "yaml" in codes(found)
        assert failed(found)


@settings(max_examples=300, deadline=None)
@given(st.text() | st.text(st.sampled_from("store: shopengtablcum[]{},-\n #'\"&*!|>"), max_size=120))
def test_any_text_gives_a_map_or_diagnostics(text: str) -> None:
    for written in (text, MAP + text):
        found, diagnostics = read(Source.of("map.yaml", written))
        assert (found is None) == (failed(diagnostics) or (not diagnostics and found is None))
        assert found is not None or failed(diagnostics)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_mutated_sample_gives_a_map_or_diagnostics(data: st.DataObject) -> None:
    text = SAMPLE
    for _ in range(data.draw(st.integers(1, 3))):
        at, gone = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 40))
        put = data.draw(
            st.text(max_size=8)
            | st.sampled_from(["[", "{", ": ", "\n", "- ", "personal: false", "owner: {}", "key: []"])
        )
        text = text[:at] + put + text[at + gone :]
    found, diagnostics = read(Source.of("map.yaml", text))
    assert (found is None) == failed(diagnostics)


KEYS = ["store", "engine", "schema", "withheld", "tables", "logins", "anchors"]
SHAPES = ["", "x", "[]", "{}", "[x, [y]]", "{a: b}", "{a: {b: {c: d}}}", "[{a: b}]", "{a: }", "null", "{a: [], b: ''}"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_in_any_place_is_told_with_its_place(key: str, shape: str) -> None:
    lines = {"store": "shop", "engine": "sqlite", "tables": "{products: {personal: false}}", key: shape}
    found, diagnostics = read(Source.of("map.yaml", "".join(f"{k}: {v}\n" for k, v in lines.items())))
    assert found is not None or failed(diagnostics)
    assert all(d.span is not None for d in diagnostics)


@pytest.mark.parametrize("field", ["subject", "key", "owner", "columns", "personal"])
@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_in_a_table_is_told(field: str, shape: str) -> None:
    fields = {"subject": "customer", "key": "id", "columns": "{id: key}", field: shape}
    table = "".join(f"    {k}: {v}\n" for k, v in fields.items())
    text = f"store: shop\nengine: sqlite\ntables:\n  a:\n{table}"
    found, diagnostics = read(Source.of("map.yaml", text))
    assert found is not None or failed(diagnostics)
