"""Versions: what would be signed, what is published, and what is no longer what was signed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terminal import Sekisho, edit

pytestmark = pytest.mark.unit


def test_a_version_is_looked_at_published_and_verified(sekisho: Sekisho, shop: Path) -> None:
    signed = json.loads(sekisho("policy", "sign", "-C", shop).out)
    assert sorted(signed) == ["digest", "effective", "lock", "policy", "signed-by", "texts", "version"]
    assert "nothing is published yet" in sekisho("policy", "verify", "-C", shop).out
    published = sekisho("policy", "publish", "-C", shop)
    assert published.code == 0
    assert signed["digest"][:16] in published.out
    assert json.loads(sekisho("policy", "verify", "-C", shop, "--json").out) == [
        {"version": signed["version"], "digest": signed["digest"], "sound": True}
    ]
    assert "holds" in sekisho("policy", "verify", "-C", shop).out


def test_another_text_under_the_same_version_is_refused(sekisho: Sekisho, shop: Path) -> None:
    sekisho("policy", "publish", "-C", shop)
    edit(shop / "policy.md", "We send you what you bought", "We send you things")
    done = sekisho("policy", "publish", "-C", shop)
    assert done.code == 2
    assert "give the change a new `version:`" in done.err


def test_a_published_text_that_was_changed_is_found(sekisho: Sekisho, shop: Path) -> None:
    sekisho("policy", "publish", "-C", shop)
    (folder,) = (shop / "books" / "releases").iterdir()
    edit(folder / "policy.md", "We send you what you bought", "We send you things")
    done = sekisho("policy", "verify", "-C", shop)
    assert done.code == 5
    assert "BROKEN" in done.out
    assert f"version {folder.name} is not what was signed" in done.err
    machine = sekisho("policy", "verify", "-C", shop, "--json")
    assert (machine.code, json.loads(machine.out)[0]["sound"]) == (5, False)
