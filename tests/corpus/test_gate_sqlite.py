"""The attack corpus on SQLite, played through a passage; the known ways go round it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest

from corpus.gate_play import Came, Chunk, Play, called, disappoints, plays
from corpus.gate_stage import SHOWN, TRUST, find
from sekisho.adapters.stores import sqlite_passage
from sekisho.adapters.stores.sqlite import SqliteStore
from sekisho.adapters.stores.sqlite_passage import SqlitePassage
from sekisho.datamap.model import Withheld
from sekisho.ground.errors import Refused, SekishoError
from studio import KeyRing, Notebook, ask, rules, stand

pytestmark = pytest.mark.unit

BLOCKED, ALLOWED, KNOWN = (plays("sqlite", kind) for kind in ("blocked", "allowed", "known"))

SCHEMA = """
create table customers (id integer primary key, name text not null, email text unique, address text, birth_date text,
  created_at text default current_timestamp);
create table products (id integer primary key, title text);
create table orders (id integer primary key, customer_id integer references customers (id), total integer,
  ship_to text);
create index orders_of on orders (customer_id, ship_to);
create table order_items (order_id integer, line integer, what text, primary key (order_id, line)) without rowid;
insert into products values (1, 'kite'), (2, 'lantern');
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    path = tmp_path_factory.mktemp("stage") / "shop.db"
    db = sqlite3.connect(path)
    db.executescript(SCHEMA)
    people = [(n, f"zqname{n}zq", f"zqemail{n}zq", f"zqaddress{n}zq", f"1777-01-{n:02}") for n in range(1, 21)]
    people[4] = (5, *["zqhidden5zq"] * 3, "1777-01-05")
    db.executemany("insert into customers (id, name, email, address, birth_date) values (?, ?, ?, ?, ?)", people)
    orders = [(n, 1 + n % 20, 777000000 + n, f"zqship{n}zq" if n % 20 != 4 else f"zqhidden{n}zq") for n in range(1, 61)]
    db.executemany("insert into orders values (?, ?, ?, ?)", orders)
    db.executemany("insert into order_items values (?, 1, ?)", [(n, f"zqwhat{n}zq") for n in range(1, 61)])
    db.commit()
    db.close()
    made = SqliteStore(path, rules(engine="sqlite", schema="main", withheld=Withheld.ABSENT), KeyRing(), Notebook())
    made.apply(made.plan().digest)
    stand(made, {("customer", "5"): 0b11111})
    return made


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement that runs for ever is stopped sooner here."""
    monkeypatch.setattr(sqlite_passage, "SECONDS", 0.3)


@pytest.fixture(scope="module")
def image(store: SqliteStore) -> Iterator[bytes]:
    """The file as it must be when every play is over."""
    before = store.path.read_bytes()
    yield before
    assert store.path.read_bytes() == before


def perform(store: SqliteStore, play: Play, mode: str) -> tuple[list[str], str, SqlitePassage]:
    """Play and return what was not as expected, everything that came back, and the passage."""
    subject = "customer:4" if mode == "answer-requests" else ""
    login = "shop_ship" if mode == "shipping" else "shop_support"
    wrong, text = [], ""
    with store.open(ask(mode, login, subject=subject)) as passage:
        for chunk in play.chunks:
            came = _through(passage, chunk) if chunk.on == "first" else _round(store, passage, chunk)
            text += came.text + "\n"
            wrong += [why for why in [disappoints(came, chunk.expected(mode))] if why]
    return wrong, text, passage


def _through(passage: SqlitePassage, chunk: Chunk) -> Came:
    try:
        answer = passage.run(chunk.sql)
    except SekishoError as error:
        cause = str(error.__cause__ or "") if not isinstance(error, Refused) else ""
        return Came(said=[str(error), error.help, cause], state="refused" if isinstance(error, Refused) else "failed")
    return Came(rows=[tuple(None if v is None else str(v) for v in row) for row in answer.rows])


def _round(store: SqliteStore, passage: SqlitePassage, chunk: Chunk) -> Came:
    """Go round the gate: `file` opens the file itself, `inside` is code of our own process."""
    if chunk.on == "file":
        db = sqlite3.connect(store.path)
    else:
        assert passage._db is not None
        db = passage._db
        db.set_authorizer(None)
    rows = db.execute(chunk.sql).fetchall()
    if chunk.on == "file":
        db.close()
    return Came(rows=[tuple(None if v is None else str(v) for v in row) for row in rows])


def leaked(mode: str, text: str) -> list[str]:
    kinds = {"name", "email", "address", "birth", "order", "ship", "hidden"} - SHOWN[mode]
    return [found for kind in sorted(kinds) for found in find(kind, text)]


@pytest.mark.parametrize("pair", BLOCKED, ids=called)
def test_attack_is_blocked(store: SqliteStore, image: bytes, pair: tuple[Play, str]) -> None:
    wrong, text, passage = perform(store, *pair)
    assert leaked(pair[1], text) == []
    assert passage._token not in text
    assert wrong == []
    assert store.path.read_bytes() == image
    assert [p.name for p in store.path.parent.iterdir()] == [store.path.name]


@pytest.mark.parametrize("pair", ALLOWED, ids=called)
def test_ordinary_statement_is_allowed(store: SqliteStore, pair: tuple[Play, str]) -> None:
    wrong, text, _ = perform(store, *pair)
    assert wrong == []
    assert leaked(pair[1], text) == []


@pytest.mark.parametrize("pair", KNOWN, ids=called)
def test_known_way_still_succeeds(store: SqliteStore, pair: tuple[Play, str]) -> None:
    wrong, _, _ = perform(store, *pair)
    assert wrong == [], "it is blocked now: move it to `blocked` and take its sentence out of docs/trust.md"


def test_every_known_way_has_its_sentence_and_its_hole(store: SqliteStore) -> None:
    anchors = re.findall(r'<a id="([a-z-]+)"></a>', TRUST.read_text(encoding="utf-8"))
    holes = {h.code for h in store.check().holes}
    for play, _ in KNOWN:
        assert play.trust in anchors, f"{play.name}: docs/trust.md has no sentence `{play.trust}`"
        assert play.hole in holes, f"{play.name}: `sekisho gate holes` has no line `{play.hole}`"


def test_every_sentence_about_what_succeeds_has_its_play() -> None:
    anchors = re.findall(r'<a id="([a-z-]+)"></a>', TRUST.read_text(encoding="utf-8"))
    played = {play.trust for play, _ in (*KNOWN, *plays("postgresql", "known"))}
    assert set(anchors) == played, "a sentence without a play, or a play without its sentence"
