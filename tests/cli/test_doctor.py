"""The doctor: all is well, or each thing that is not has its remedy; an exit code says which."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from terminal import Done, Sekisho, edit

pytestmark = pytest.mark.unit


def found(done: Done) -> dict[str, list[dict[str, object]]]:
    by_name: dict[str, list[dict[str, object]]] = {}
    for finding in json.loads(done.out):
        by_name.setdefault(finding["what"], []).append(finding)
    return by_name


def test_where_all_is_well_nothing_fails(sekisho: Sekisho, shop: Path) -> None:
    done = sekisho("doctor", "-C", shop, "--json")
    findings = found(done)
    assert (done.code, [f for fs in findings.values() for f in fs if not f["ok"]]) == (0, [])
    assert findings.keys() >= {"python", "sqlite", "site", "policy", "lock", "store shop", "books", "evidence"}
    assert "as applied" in sekisho("doctor", "-C", shop).out


def test_without_a_policy_it_still_looks_at_the_machine(sekisho: Sekisho, tmp_path: Path) -> None:
    done = sekisho("doctor", "-C", tmp_path, "--json")
    assert done.code == 2
    assert found(done)["python"][0]["ok"]
    assert "sekisho init" in str(found(done)["folder"][0]["remedy"])


BREAK = {
    "nothing applied": ("store shop", "nothing is applied", "sekisho gate plan shop"),
    "store away": ("store shop", "has no file", "sekisho.toml"),
    "drift": ("store shop", "is gone or changed", "sekisho gate plan shop"),
    "unmapped": ("store shop", "no map knows", "category"),
    "lock": ("lock", "behind the policy", "sekisho check"),
    "keys": ("books", "others may read `keys/log`", "/books/keys/log"),
    "evidence": ("evidence", "entry 0", "backup"),
    "mistake": ("folder", "`whim`", "sekisho check"),
    "text": ("versions", "no longer that of version", "new `version:`"),
    "release": ("versions", "is not what was signed", "backup"),
}


def damage(shop: Path, what: str) -> None:
    """Do to a folder what the doctor must find."""
    if what == "store away":
        (shop / "shop.db").unlink()
    elif what == "lock":
        (shop / "policy.lock").unlink()
    elif what == "keys":
        (shop / "books" / "keys" / "log").chmod(0o640)
    elif what == "mistake":
        edit(shop / "policy.md", "because: contract", "because: whim")
    elif what == "text":
        edit(shop / "policy.md", "We send you what you bought", "We send you things")
    elif what == "release":
        edit(next((shop / "books" / "releases").iterdir()) / "policy.md", "We send you", "We give you")
    elif what == "evidence":
        with closing(sqlite3.connect(shop / "books" / "evidence.db")) as db, db:
            for (name,) in db.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
                db.execute(f'drop trigger "{name}"')
            db.execute("update entry set body = replace(body, 'shop', 'shap') where seq = 0")
    else:
        drop = "select 'drop trigger \"' || name || '\"' from sqlite_schema where type = 'trigger' limit 1"
        with closing(sqlite3.connect(shop / "shop.db")) as db, db:
            change = "alter table customers add column diary text" if what == "unmapped" else ""
            db.execute(change or db.execute(drop).fetchone()[0])


@pytest.mark.parametrize("what", BREAK)
def test_each_thing_that_is_not_well_is_found_with_its_remedy(
    sekisho: Sekisho, shop: Path, bare: Path, what: str
) -> None:
    if what != "nothing applied":
        assert sekisho("gate", "apply", "shop", "-C", shop).code == 0
        assert sekisho("policy", "publish", "-C", shop).code == 0
        assert sekisho("evidence", "checkpoint", "-C", shop).code == 0
        damage(shop, what)
    done = sekisho("doctor", "-C", shop, "--json")
    name, says, remedy = BREAK[what]
    assert done.code == 2
    (wrong,) = [f for f in found(done)[name] if not f["ok"]]
    assert says in str(wrong["found"])
    assert remedy in str(wrong["remedy"])


def test_an_unpublished_version_is_mentioned_and_fails_nothing(sekisho: Sekisho, shop: Path) -> None:
    done = sekisho("doctor", "-C", shop, "--json")
    assert done.code == 0
    assert found(done)["versions"][0]["remedy"] == "sekisho policy publish"
