"""The harness of the corpus sees what it must see: a play without expectations, a marker in any dress."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from corpus.gate_play import Came, disappoints, read
from corpus.gate_stage import find

pytestmark = pytest.mark.unit


def test_a_play_that_expects_nothing_is_no_play(tmp_path: Path) -> None:
    (tmp_path / "quiet.sql").write_text("-- permit: none support\n-- expect support: done\nselect 1\n")
    with pytest.raises(ValueError, match="says nowhere what must come with permit `none`"):
        read(tmp_path / "quiet.sql")


def test_a_play_is_read_with_its_actors_and_acts(tmp_path: Path) -> None:
    (tmp_path / "loud.sql").write_text(
        "-- permit: none\n-- login: shop_ship\n-- What it is.\n-- expect: 42501\nselect 1;\nselect 2\n\n"
        "-- on: second as shop_auto\n-- do: withdraw 6\n-- meanwhile: tick\n-- enter: support\n"
        "-- expect none: rows 2\nselect 3\n"
    )
    play = read(tmp_path / "loud.sql")
    first, second = play.chunks
    assert (play.login, play.modes, first.sql, first.expected("none")) == (
        "shop_ship",
        ("none",),
        "select 1;\nselect 2",
        "42501",
    )
    assert (second.on, second.login, second.do, second.meanwhile, second.enter) == (
        "second",
        "shop_auto",
        ("withdraw 6",),
        ("tick",),
        "support",
    )
    assert second.expected("none") == "rows 2"
    assert second.expected("support") == ""


@pytest.mark.parametrize(
    ("came", "expected", "good"),
    [
        (Came(state="42501"), "42501", True),
        (Came(), "42501", False),
        (Came(), "no rows", True),
        (Came(state="42601"), "no rows", False),
        (Came(rows=[("1",)]), "no rows", False),
        (Came(rows=[("1",), (None,)]), "rows 2", True),
        (Came(said=["NOTICE: a"]), "says a", True),
        (Came(state="22012"), "done", False),
        (Came(), "whatever", False),
    ],
)
def test_what_came_is_compared_with_what_was_expected(came: Came, expected: str, good: bool) -> None:
    assert (disappoints(came, expected) == "") is good


@pytest.mark.parametrize(
    "dress",
    [
        "zqname7zq",
        "ZQNAME7ZQ",
        "zqname7zq"[::-1],
        b"zqname7zq".hex(),
        b64encode(b"zqname7zq").decode(),
        b64encode(b"xzqname7zq").decode(),
        b64encode(b"xyzqname7zq").decode(),
    ],
)
def test_a_marker_is_found_in_any_dress(dress: str) -> None:
    assert find("name", f"... {dress} ...")
    assert not find("name", "... nothing of the kind ...")
