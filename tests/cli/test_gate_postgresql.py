"""The gate's commands on a real PostgreSQL: permits to paste, drift and holes, a server that is away."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.cli.main import cli
from terminal import Sekisho, edit, program

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]
SCHEMA = """
create schema "The Shop";
create table "The Shop".customers (id integer primary key, name text, address text, email text);
create table "The Shop".orders (id integer primary key, customer_id integer references "The Shop".customers (id),
  placed_at timestamptz, ship_to text);
create table "The Shop".products (id integer primary key, title text);
insert into "The Shop".customers values (1, 'Aoi Tanabe', 'Kitestreet 1', 'aoi@example.jp');
"""
STATED = ("--purpose", "shop-news", "--reason", "December")


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database("sekisho_cli") as address:
        with psycopg.connect(address) as db:
            db.execute(SCHEMA)
        yield address


def begin(folder: Path, url: str) -> Path:
    """Begin a folder whose store is a schema with a name that must be quoted, and whose purpose has a hyphen."""
    cli.main(["init", str(folder)], standalone_mode=False)
    edit(folder / "sekisho.toml", '"sqlite:///shop.db"', f'"{url}"')
    edit(folder / "map" / "shop.yaml", "engine: sqlite\nwithheld: absent", 'engine: postgresql\nschema: "The Shop"')
    edit(folder / "map" / "shop.yaml", "purposes: [news]", "purposes: [shop-news]")
    edit(folder / "policy.md", "purpose: news", "purpose: shop-news")
    edit(
        folder / "policy.md",
        "because: consent\nkeep: until withdrawn",
        "because: contract\nkeep: 1 year after last order",
    )
    return folder


@pytest.fixture
def shop(url: str, tmp_path: Path) -> Path:
    """The folder, applied."""
    folder = begin(tmp_path / "shop", url)
    assert program("gate", "apply", "shop", "-C", folder).code == 0
    return folder


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """The folder, its server away."""
    return begin(tmp_path / "shop", "postgresql://keeper:hunter2@127.0.0.1:1/shop")


def test_the_lines_of_a_permit_work_as_they_are_printed_once(sekisho: Sekisho, shop: Path, url: str) -> None:
    done = sekisho("gate", "permit", "shop", "-C", shop, *STATED)
    assert done.code == 0
    enter, path = done.out.splitlines()
    assert path == 'set search_path = "shop_news", "The Shop";'
    assert "as login shop_letters" in done.err
    parts = {k: v for k, v in conninfo_to_dict(url).items() if v is not None}
    login = make_conninfo(**{**parts, "user": "shop_letters"})
    with psycopg.connect(login, autocommit=True) as db:
        db.execute(enter.encode())
        db.execute(path.encode())
        assert db.execute("select name, email from customers").fetchall() == [("Aoi Tanabe", "aoi@example.jp")]
    with psycopg.connect(login, autocommit=True) as db, pytest.raises(psycopg.Error):
        db.execute(enter.encode())


def test_a_withheld_column_is_a_null_that_is_told_apart(sekisho: Sekisho, shop: Path) -> None:
    query = "select id, address, email as e from customers"
    done = sekisho("gate", "shell", "shop", "-C", shop, *STATED, "-c", query)
    assert done.code == 0
    assert "(withheld)" in done.out
    assert "withheld: `address` (`contact.postal`) is not for purpose `shop-news`: clause #news" in done.err


def test_a_statement_that_fails_is_two_lines(sekisho: Sekisho, shop: Path) -> None:
    done = sekisho("gate", "shell", "shop", "-C", shop, *STATED, "-c", "selekt 1", "-c", "select 1/0", "-c", "select 1")
    assert done.code == 6
    assert done.err.count("the statement failed") == 2
    assert "(1 row)" in done.out


def test_drift_and_holes(sekisho: Sekisho, shop: Path, url: str) -> None:
    assert sekisho("gate", "drift", "shop", "-C", shop).code == 0
    with psycopg.connect(url) as db:
        db.execute('grant select on "The Shop".customers to public')
        db.execute("drop view shop_news.customers")
    drift = json.loads(sekisho("gate", "drift", "shop", "-C", shop, "--json").out)
    assert any("customers" in difference for difference in drift["differences"])
    holes = json.loads(sekisho("gate", "holes", "shop", "-C", shop, "--json").out)
    assert {"code": "grant", "who": "PUBLIC", "what": "has SELECT on customers"}.items() <= next(
        h for h in holes if h["code"] == "grant"
    ).items()
    assert all(h["remedy"] for h in holes)
    assert sekisho("gate", "check", "shop", "-C", shop).code == 2


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "holes", "check", "verify", "renew", "close", "permit"])
def test_a_server_that_is_away_is_told_so_without_its_address(sekisho: Sekisho, away: Path, command: str) -> None:
    done = sekisho("gate", command, "shop", "-C", away, *(STATED if command == "permit" else ()))
    assert done.code == 6
    assert "store `shop` does not answer" in done.err
    assert "hunter2" not in done.err + done.out


def test_a_server_that_is_away_is_seen_by_the_doctor_and_the_live_check(sekisho: Sekisho, away: Path) -> None:
    assert "does not answer" in sekisho("doctor", "-C", away).out
    assert "does not answer" in sekisho("check", away, "--live").err


def test_an_address_that_libpq_does_not_take_is_told_so(sekisho: Sekisho, tmp_path: Path) -> None:
    begin(tmp_path / "shop", "postgresql://127.0.0.1/shop?nope=1")
    done = sekisho("gate", "drift", "shop", "-C", tmp_path / "shop")
    assert done.code == 2
    assert "cannot be read" in done.err


# -- changing a schema, and applications ---------------------------------------------------------------------------


def test_a_change_of_schema_is_witnessed_and_what_no_map_knows_is_named(
    sekisho: Sekisho, shop: Path, tmp_path: Path
) -> None:
    script = tmp_path / "change.sql"
    script.write_text('alter table "The Shop".customers add column diary text;', encoding="utf-8")
    done = sekisho("gate", "migrate", "shop", script, "-C", shop, "--reason", "release 7")
    assert done.code == 2
    assert "the schema is changed" in done.out
    assert "diary" in done.err
    entries = json.loads(sekisho("evidence", "show", "-C", shop, "--kind", "migration-entered", "--json").out)
    assert len(entries) == 1
    assert "release 7" not in json.dumps(entries)


def test_a_change_without_a_reason_or_that_is_no_text_changes_nothing(
    sekisho: Sekisho, shop: Path, tmp_path: Path
) -> None:
    script = tmp_path / "change.sql"
    script.write_text('drop table "The Shop".products;', encoding="utf-8")
    done = sekisho("gate", "migrate", "shop", script, "-C", shop)
    assert done.code == 2
    assert "--reason" in done.err
    script.write_bytes(b"drop table \xff")
    done = sekisho("gate", "migrate", "shop", script, "-C", shop, "--reason", "x")
    assert done.code == 2
    assert "not UTF-8" in done.err
    script.write_text("drop table nowhere;", encoding="utf-8")
    assert sekisho("gate", "migrate", "shop", script, "-C", shop, "--reason", "x").code == 6
    assert sekisho("gate", "drift", "shop", "-C", shop).code == 0


def test_the_file_of_an_application_is_its_owners_alone(sekisho: Sekisho, shop: Path, tmp_path: Path) -> None:
    target = tmp_path / "service.json"
    done = sekisho("gate", "service", "shop", "--login", "shop_letters", "--out", target, "-C", shop)
    assert done.code == 0, done.err
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    wrong = sekisho("gate", "service", "shop", "--login", "nobody", "--out", tmp_path / "x", "-C", shop)
    assert wrong.code == 2
    assert "use one of: shop_desk, shop_letters" in wrong.err
    assert not (tmp_path / "x").exists()
