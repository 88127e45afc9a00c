from __future__ import annotations

import pytest

from sekisho.datamap.model import Anchor, DataMap, Link, Table, anchors_of, by_depth, classes_of
from studio import TABLES, data_map, key

pytestmark = pytest.mark.unit


def table(name: str, *owners: str, subject: str = "") -> Table:
    return Table(name, ("id",), (key("id"),), subject, tuple(Link(o, ("id",)) for o in owners))


def classes(made: DataMap, name: str) -> frozenset[str]:
    found = made.table(name)
    assert found is not None
    return classes_of(made, found)


def test_rows_belong_to_the_classes_that_links_lead_to() -> None:
    made = data_map(
        tables=[table("a", subject="customer"), table("b", subject="partner"), table("c", "a", "b"), table("d", "c")]
    )
    assert classes(made, "d") == {"customer", "partner"}
    assert classes(made, "a") == {"customer"}


def test_a_ring_ends() -> None:
    made = data_map(tables=[table("a", "b"), table("b", "a"), table("c", "c")])
    assert classes(made, "a") == frozenset()
    assert by_depth(made) == ()


def test_owners_come_before_what_they_own() -> None:
    made = data_map(tables=list(reversed(TABLES)))
    assert [t.name for t in by_depth(made)] == ["customers", "orders", "order_items"]


def test_a_link_to_a_table_that_is_not_there_leads_nowhere() -> None:
    made = data_map(tables=[table("a", "missing")])
    assert classes(made, "a") == frozenset()
    assert by_depth(made) == ()


def test_names_are_found() -> None:
    made = data_map()
    orders = made.table("orders")
    assert orders is not None
    assert orders.column("total") is not None
    assert orders.column("missing") is None
    assert made.table("missing") is None


def test_anchors_hold_for_the_people_whose_rows_date_them() -> None:
    tables = [table("a", subject="customer"), table("b", "a"), table("c", subject="partner")]
    anchors = (
        Anchor("last order", "max", "b", "id"),
        Anchor("last order", "max", "c", "id"),
        Anchor("birth", "min", "a", "id"),
    )
    made = data_map(tables=tables)
    one = DataMap(made.store, made.engine, made.schema, made.withheld, made.tables, (), anchors, made.digest)
    assert anchors_of([one]) == {"last order": {"customer", "partner"}, "birth": {"customer"}}
    assert anchors_of([]) == {}
