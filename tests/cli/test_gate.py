"""The gate's commands on SQLite: plan by digest, drift, holes, standing, and every wrong word answered."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from terminal import Sekisho, edit, program

pytestmark = pytest.mark.unit
STATED = ("--purpose", "shipping", "--reason", "order 4711")


def change(shop: Path, sql: str) -> None:
    with closing(sqlite3.connect(shop / "shop.db")) as db, db:
        db.execute(sql)


def schema(shop: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(shop / "shop.db")) as db:
        return db.execute("select type, name, sql from sqlite_schema order by rowid").fetchall()


def test_a_plan_is_read_applied_by_its_digest_and_taken_back(sekisho: Sekisho, bare: Path) -> None:
    before = schema(bare)
    planned = sekisho("gate", "plan", "shop", "-C", bare)
    assert planned.code == 0
    assert "alter table" in planned.out
    digest = planned.out.split()[2]
    assert f"--plan {digest}" in planned.err
    assert schema(bare) == before
    assert json.loads(sekisho("gate", "plan", "shop", "-C", bare, "--json").out)["plan"] == digest
    rollback = sekisho("gate", "plan", "shop", "-C", bare, "--rollback")
    assert rollback.out.startswith(f"-- rollback of plan {digest}")
    assert "drop " in rollback.out
    assert sekisho("gate", "apply", "shop", "-C", bare, "--plan", digest).code == 0
    again = sekisho("gate", "plan", "shop", "-C", bare)
    assert "nothing to do" in again.err
    assert sekisho("gate", "remove", "shop", "-C", bare, "--yes").code == 0
    assert schema(bare) == before


def test_a_plan_that_is_not_the_one_that_was_read_is_not_applied(sekisho: Sekisho, bare: Path) -> None:
    before = schema(bare)
    done = sekisho("gate", "apply", "shop", "-C", bare, "--plan", "0" * 64)
    assert done.code == 6
    assert "since the plan was made" in done.err
    assert schema(bare) == before


def test_taking_the_gate_away_asks_first(sekisho: Sekisho, shop: Path) -> None:
    before = schema(shop)
    done = sekisho("gate", "remove", "shop", "-C", shop, stdin="n\n")
    assert done.code == 130
    assert "no longer enforced" in done.out
    assert schema(shop) == before


def test_drift_is_named_and_has_an_exit_code(sekisho: Sekisho, shop: Path) -> None:
    assert sekisho("gate", "drift", "shop", "-C", shop).code == 0
    change(shop, "drop trigger " + next(f'"{name}"' for kind, name, _ in schema(shop) if kind == "trigger"))
    done = sekisho("gate", "drift", "shop", "-C", shop)
    assert done.code == 2
    assert "drift: " in done.err
    assert "sekisho gate plan shop" in done.err
    found = json.loads(sekisho("gate", "drift", "shop", "-C", shop, "--json").out)
    assert found["store"] == "shop"
    assert found["differences"]
    assert sekisho("gate", "check", "shop", "-C", shop).code == 2


def test_a_column_that_no_map_knows_is_named(sekisho: Sekisho, shop: Path) -> None:
    change(shop, "alter table customers add column diary text")
    found = json.loads(sekisho("gate", "drift", "shop", "-C", shop, "--json").out)
    assert any("diary" in unmapped for unmapped in found["unmapped"])
    assert "diary" in sekisho("gate", "drift", "shop", "-C", shop).err


def test_holes_are_listed_with_remedies(sekisho: Sekisho, shop: Path) -> None:
    (shop / "shop.db").chmod(0o644)
    found = {h["code"]: h for h in json.loads(sekisho("gate", "holes", "shop", "-C", shop, "--json").out)}
    assert found.keys() == {"file", "mode", "side-channel"}
    assert found["mode"]["remedy"] == "chmod 600 shop.db"
    shown = sekisho("gate", "holes", "shop", "-C", shop)
    assert shown.code == 0
    assert len([line for line in shown.out.splitlines() if line.startswith(("file ", "mode "))]) == 2


def test_where_nothing_is_applied_there_is_no_gate_to_get_past(sekisho: Sekisho, bare: Path) -> None:
    assert "no gate to get past" in sekisho("gate", "holes", "shop", "-C", bare).out
    done = sekisho("gate", "drift", "shop", "-C", bare)
    assert done.code == 2
    assert "nothing is applied" in done.err


def test_standing_that_somebody_changed_by_hand_is_counted(sekisho: Sekisho, shop: Path) -> None:
    assert sekisho("gate", "verify", "shop", "-C", shop).code == 0
    for kind, name, _ in schema(shop):
        if kind == "trigger":
            change(shop, f'drop trigger "{name}"')
    change(shop, "update customers set sekisho_standing = 0 where id = 1")
    done = sekisho("gate", "verify", "shop", "-C", shop, "--json")
    assert (done.code, json.loads(done.out)) == (2, {"store": "shop", "differ": 2})
    assert "the standing of 2 rows" in sekisho("gate", "verify", "shop", "-C", shop).out


def test_renewing_and_closing_say_what_they_did(sekisho: Sekisho, shop: Path) -> None:
    assert "open until" in sekisho("gate", "renew", "shop", "-C", shop).out
    assert "every permit of store `shop` is void" in sekisho("gate", "close", "shop", "-C", shop).out


def test_a_permit_for_sqlite_is_answered_with_the_shell(sekisho: Sekisho, shop: Path) -> None:
    done = sekisho("gate", "permit", "shop", "-C", shop, *STATED)
    assert done.code == 2
    assert "gate shell shop" in done.err


STORE_COMMANDS = ("plan", "apply", "drift", "holes", "check", "verify", "renew", "close")


@pytest.mark.parametrize("command", STORE_COMMANDS)
def test_an_unknown_store_is_answered_with_those_that_exist(sekisho: Sekisho, shop: Path, command: str) -> None:
    done = sekisho("gate", command, "shp", "-C", shop)
    assert done.code == 2
    assert "`shp` is not a store of these settings" in done.err
    assert "use one of: shop" in done.err


@pytest.mark.parametrize("command", STORE_COMMANDS)
def test_a_store_whose_file_is_away_is_told_so(sekisho: Sekisho, shop: Path, command: str) -> None:
    (shop / "shop.db").unlink()
    done = sekisho("gate", command, "shop", "-C", shop)
    assert done.code == 6
    assert "store `shop` has no file" in done.err
    assert not (shop / "shop.db").exists()


@pytest.mark.parametrize("command", STORE_COMMANDS)
def test_a_file_that_is_no_database_is_told_so_and_left_alone(sekisho: Sekisho, shop: Path, command: str) -> None:
    (shop / "shop.db").write_bytes(b"a letter, not a database, and longer than a header is " * 40)
    before = (shop / "shop.db").read_bytes()
    done = sekisho("gate", command, "shop", "-C", shop)
    assert done.code == 6
    assert "is not a SQLite file" in done.err
    assert (shop / "shop.db").read_bytes() == before


def test_a_map_that_names_what_the_database_has_not_is_told_so(sekisho: Sekisho, bare: Path) -> None:
    edit(bare / "map" / "shop.yaml", "email: contact.email", "e_mail: contact.email")
    done = sekisho("gate", "plan", "shop", "-C", bare)
    assert done.code == 2
    assert "column `e_mail` is not in table `customers`" in done.err


def test_a_policy_with_a_mistake_opens_no_store(sekisho: Sekisho, shop: Path) -> None:
    edit(shop / "policy.md", "because: contract", "because: whim")
    done = sekisho("gate", "shell", "shop", "-C", shop, *STATED, "-c", "select 1")
    assert done.code == 2
    assert "`whim`" in done.err
    assert "run `sekisho check`" in done.err


@pytest.mark.parametrize("file", ["keys/logins.json", "keys/log"])
def test_keys_that_others_may_read_are_not_used(shop: Path, file: str) -> None:
    sekisho = program
    (shop / "books" / file).parent.mkdir(exist_ok=True)
    sekisho("gate", "shell", "shop", "-C", shop, *STATED, "-c", "select 1")
    sekisho("evidence", "checkpoint", "-C", shop)
    (shop / "books" / file).chmod(0o644)
    command = ("evidence", "checkpoint") if file == "keys/log" else ("gate", "shell", "shop", *STATED, "-c", "select 1")
    done = sekisho(*command, "-C", shop)
    assert done.code == 2
    assert "others may read" in done.err
    assert "chmod 600" in done.err


def test_books_of_a_disk_that_is_full_give_nothing(shop: Path) -> None:
    for file in (shop / "books").glob("evidence.db*"):
        file.unlink()
    (shop / "books" / "evidence.db").write_bytes(b"not a ledger, but long enough to be looked at as one " * 40)
    done = program("gate", "shell", "shop", "-C", shop, *STATED, "-c", "select name from customers")
    assert done.code == 2
    assert "evidence.db" in done.err
    assert "Aoi" not in done.out
