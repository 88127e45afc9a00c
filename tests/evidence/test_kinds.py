"""Only what the closed list allows becomes bytes, and the bytes are canonical."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.evidence.kinds import KINDS, TYPES, Entry, body_of
from sekisho.ground import canon
from sekisho.ground.errors import BadInput

pytestmark = pytest.mark.unit

NOW = datetime(2026, 12, 1, 9, 0, 0, 250_000, tzinfo=UTC)


def hexes(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=length, max_size=length)


CODES = st.from_regex(r"[a-zA-Z0-9_.:+-]{1,128}", fullmatch=True)
INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2900, 1, 1)).map(lambda at: at.isoformat()[:26] + "Z")
GOOD: dict[str, st.SearchStrategy[object]] = {
    "handle": hexes(32),
    "handles": st.lists(hexes(32), max_size=4),
    "handle-lists": st.lists(st.lists(hexes(32), max_size=3), max_size=3),
    "digest": hexes(64),
    "digest?": hexes(64) | st.just(""),
    "digests": st.lists(hexes(64), max_size=3).map(tuple),
    "code": CODES,
    "code?": CODES | st.just(""),
    "codes": st.lists(CODES, max_size=3),
    "instant": INSTANTS,
    "number": st.integers(0, 2**62 - 1),
    "numbers": st.lists(st.integers(0, 2**62 - 1), max_size=4),
    "flag": st.booleans(),
}
BAD: dict[str, tuple[object, ...]] = {
    "handle": ("0" * 31, "0" * 33, "A" * 32, "taro@example.jp", 7, None, ["0" * 32], b"0" * 24),
    "handles": ("0" * 32, ["0" * 31], [None], {"a": 1}, ["0" * 32, "taro@example.jp".ljust(32)]),
    "handle-lists": (["0" * 32], [["0" * 31]], "[]", [[], 5]),
    "digest": ("0" * 63, "g" * 64, "0" * 64 + "\n", 0, None),
    "digest?": ("0" * 63, "x", "0" * 65, None, 0),
    "digests": (["0" * 65], "0" * 64, [1]),
    "code": ("", "two words", "a" * 129, 'a"b', "a\\b", "taro@example.jp", "日本", "a\n", 5, None, True),
    "code?": (" ", "taro@example.jp", None, 0),
    "codes": ("a", ["a b"], [1]),
    "instant": (
        "2026-12-01",
        "2026-12-01T09:00:00",
        "2026-1a-01T09:00:00Z",
        "x" * 24,
        NOW,
        5,
        "2026-12-01T09:00:00Z\n",
    ),
    "number": (-1, 1.5, 1e22, "5", None, True, 2**70),
    "numbers": ([1.5], [-1], [True], 5, [[1]], ["5"]),
    "flag": (0, 1, "true", None),
}


def entries(kind: str) -> st.SearchStrategy[Entry]:
    fields = {name: GOOD[type_name] for name, type_name in KINDS[kind].items()}
    return st.builds(Entry, st.just(kind), st.datetimes(timezones=st.just(UTC)), st.fixed_dictionaries(fields))


def test_every_type_that_is_used_has_good_and_bad_examples() -> None:
    assert GOOD.keys() == BAD.keys() == TYPES.keys()
    assert {t for fields in KINDS.values() for t in fields.values()} <= TYPES.keys()


@given(st.sampled_from(sorted(KINDS)).flatmap(entries))
def test_what_is_allowed_becomes_canonical_bytes(entry: Entry) -> None:
    body = body_of(entry)
    read = json.loads(body)
    assert canon.encode(read) == body
    assert read.keys() == {"kind", "at", *KINDS[entry.kind]}
    assert datetime.fromisoformat(read["at"]) == entry.at


FIELDS = {t: (kind, field) for kind, fields in KINDS.items() for field, t in fields.items()}
"""For each type that is used a field of it."""


@pytest.mark.parametrize(("type_name", "value"), [(t, v) for t in FIELDS for v in BAD[t]])
def test_what_is_not_allowed_is_refused_and_not_repeated(type_name: str, value: object) -> None:
    kind, field = FIELDS[type_name]
    fields = {name: _plain(t) for name, t in KINDS[kind].items()}
    assert body_of(Entry(kind, NOW, fields))
    with pytest.raises(BadInput) as caught:
        body_of(Entry(kind, NOW, {**fields, field: value}))
    assert f"field `{field}` of kind `{kind}`" in str(caught.value)
    assert "taro" not in str(caught.value)


def _plain(type_name: str) -> object:
    shapes: dict[str, object] = {
        "handle": "0" * 32,
        "digest": "0" * 64,
        "number": 0,
        "flag": True,
        "code?": "",
        "digest?": "",
    }
    shapes |= {"code": "x", "instant": "2026-12-01T09:00:00Z"}
    return shapes.get(type_name, [])


def test_an_instant_is_recorded_in_utc_wherever_it_was_told() -> None:
    entry = Entry("incident", NOW.astimezone(timezone(timedelta(hours=9))), {"code": "x", "store": ""})
    assert b'"at":"2026-12-01T09:00:00.250000Z"' in body_of(entry)
    with pytest.raises(BadInput, match="no time zone"):
        body_of(Entry("incident", datetime(2026, 12, 1), {"code": "x", "store": ""}))


@pytest.mark.parametrize("kind", ["", "gossip", "Reading"])
def test_a_kind_that_is_not_listed_is_refused(kind: str) -> None:
    with pytest.raises(BadInput, match="is not a kind of entry"):
        body_of(Entry(kind, NOW, {}))
