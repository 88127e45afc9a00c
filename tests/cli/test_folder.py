"""Checking, comparing and printing a folder: what is wrong is underlined, with a remedy, and nothing is compiled."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from terminal import Sekisho, edit, program

pytestmark = pytest.mark.unit


def test_a_clean_folder_is_told_in_figures(sekisho: Sekisho, shop: Path) -> None:
    done = sekisho("check", shop)
    assert done.code == 0
    assert "clauses promise something; maps: shop; 0 warnings" in done.out
    assert "compiled, not applied" in done.out
    assert "`--live` does that" in done.err


def test_live_it_looks_at_the_stores(sekisho: Sekisho, shop: Path) -> None:
    found = json.loads(sekisho("check", shop, "--live", "--json").out)
    assert found["clauses"]["shipping"]["state"] == "enforced"
    assert found["stores"]["shop"]["differences"] == []
    assert found["stores"]["shop"]["holes"] >= 1


def test_strict_fails_on_what_this_version_cannot_keep(sekisho: Sekisho, shop: Path) -> None:
    assert sekisho("check", shop, "--live").code == 0
    assert sekisho("check", shop, "--strict").code == 2


def test_a_store_that_is_away_fails_the_live_check_and_is_named(sekisho: Sekisho, shop: Path) -> None:
    (shop / "shop.db").unlink()
    done = sekisho("check", shop, "--live")
    assert done.code == 2
    assert "store shop: " in done.err


def test_a_broken_clause_is_underlined_with_its_remedy(sekisho: Sekisho, shop: Path) -> None:
    edit(shop / "policy.md", "uses: [name, contact.postal]", "uses: [name, contact.postall]")
    lock = (shop / "policy.lock").read_bytes()
    done = sekisho("check", shop)
    assert done.code == 2
    shown = done.out.splitlines()
    line = next(i for i, text in enumerate(shown) if "uses: [name, contact.postall]" in text)
    assert shown[line + 1].rstrip().endswith("^" * len("contact.postall"))
    assert "did you mean `contact.postal`?" in done.out
    assert "policy.md:" in done.out
    assert "so nothing was compiled" in done.err
    assert (shop / "policy.lock").read_bytes() == lock


def test_json_says_the_same_with_positions(sekisho: Sekisho, shop: Path) -> None:
    edit(shop / "map" / "shop.yaml", "email: contact.email", "email: contact.emale")
    done = sekisho("check", shop, "--json")
    assert done.code == 2
    found = json.loads(done.out)
    (wrong,) = [d for d in found["diagnostics"] if d["severity"] == "error"]
    text = (shop / "map" / "shop.yaml").read_text(encoding="utf-8").splitlines()
    line, column = wrong["position"]
    assert text[line - 1][column - 1 :].startswith("contact.emale")
    assert (found["ok"], wrong["file"], wrong["code"]) == (False, "map/shop.yaml", "map-category")
    assert wrong["help"]


def test_notes_are_a_line_each_unless_asked_for(sekisho: Sekisho, shop: Path) -> None:
    short, long = sekisho("check", shop), sekisho("check", shop, "--notes")
    assert short.err.count("note: ") == long.out.count("note[") > 0
    assert "note[" not in short.out
    assert "help:" in long.out


def test_the_lock_is_written_once_and_then_agrees(sekisho: Sekisho, shop: Path) -> None:
    (shop / "policy.lock").unlink()
    assert "policy.lock is up to date" in sekisho("check", shop).out
    assert "policy.lock" not in sekisho("check", shop).out


BAD_FOLDERS = {
    "missing": ("there is no policy here", "sekisho init"),
    "file": ("is a file", ""),
    "not-utf8": ("policy.md: the file is not UTF-8 text", "save it as UTF-8"),
    "map-not-utf8": ("map/shop.yaml: the file is not UTF-8 text", "save it as UTF-8"),
    "policy-is-a-folder": ("policy.md: the file cannot be read", "readable"),
    "map-is-a-folder": ("map/shop.yaml: the file cannot be read", "readable"),
}


@pytest.mark.parametrize("case", BAD_FOLDERS)
def test_a_folder_that_cannot_be_read_is_told_so_and_where(shop: Path, case: str) -> None:
    folder = shop
    if case == "missing":
        folder = shop / "nowhere"
    elif case == "file":
        folder = shop / "policy.md"
    elif case == "not-utf8":
        (shop / "policy.md").write_bytes(b"\xff\xfe---")
    elif case == "map-not-utf8":
        (shop / "map" / "shop.yaml").write_bytes(b"store: \xff")
    elif case == "policy-is-a-folder":
        (shop / "policy.md").unlink()
        (shop / "policy.md").mkdir()
    else:
        (shop / "map" / "shop.yaml").unlink()
        (shop / "map" / "shop.yaml").mkdir()
    done = program("check", folder)
    message, remedy = BAD_FOLDERS[case]
    assert done.code == 2
    assert message in done.err
    assert remedy in done.err


@pytest.mark.parametrize(
    "text", ["", "store", "- a\n- b", "store: shop\n  tables: {", "store: [shop]\ntables: 3", "\x00"]
)
def test_a_map_that_is_none_is_a_diagnostic(sekisho: Sekisho, shop: Path, text: str) -> None:
    (shop / "map" / "shop.yaml").write_text(text, encoding="utf-8")
    done = sekisho("check", shop)
    assert done.code == 2
    assert "map/shop.yaml" in done.out
    assert "help:" in done.out


def test_settings_that_are_not_toml_are_told_so(sekisho: Sekisho, shop: Path) -> None:
    (shop / "sekisho.toml").write_text("[stores", encoding="utf-8")
    done = sekisho("doctor", "-C", shop)
    assert done.code == 2
    done = sekisho("gate", "plan", "shop", "-C", shop)
    assert done.code == 2
    assert "sekisho.toml: the settings are not TOML" in done.err


# -- diff ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def changed(shop: Path, tmp_path: Path) -> Path:
    """A copy in which shipping may use the telephone too, and the newsletter is worded anew."""
    other = Path(shutil.copytree(shop, tmp_path / "changed"))
    edit(other / "policy.md", "uses: [name, contact.postal]", "uses: [name, contact.postal, contact.phone]")
    edit(other / "policy.md", "We write to you about new things", "We tell you what is new")
    return other


def test_a_wider_purpose_needs_the_approval_of_its_people(sekisho: Sekisho, shop: Path, changed: Path) -> None:
    found = {d["clause"]: d for d in json.loads(sekisho("diff", shop, changed, "--json").out)}
    assert (found["shipping"]["change"], found["shipping"]["approval"]) == ("widened", True)
    assert found["shipping"]["affects"] == ["customer"]
    assert any("contact.phone" in why for why in found["shipping"]["reasons"])
    assert (found["news"]["change"], found["news"]["approval"]) == ("prose only", False)
    shown = sekisho("diff", shop, changed)
    row = next(line for line in shown.out.splitlines() if "#shipping" in line)
    assert row.rstrip().split("  ")[-1].strip() == "customer"


def test_the_same_text_has_no_differences(sekisho: Sekisho, shop: Path) -> None:
    done = sekisho("diff", shop, shop)
    assert (done.code, done.out) == (0, "nothing changed\n")
    assert json.loads(sekisho("diff", shop, shop, "--json").out) == []


def test_a_published_version_is_compared_by_its_date(sekisho: Sekisho, shop: Path) -> None:
    sekisho("policy", "publish", "-C", shop)
    (version,) = [p.name for p in (shop / "books" / "releases").iterdir()]
    edit(shop / "policy.md", "We write to you about new things", "We tell you what is new")
    assert "#news" in sekisho("diff", version, shop, "-C", shop).out
    done = sekisho("diff", "1999-01-01", shop, "-C", shop)
    assert done.code == 2
    assert f"use one of: {version}" in done.err


def test_a_policy_that_does_not_compile_is_named(sekisho: Sekisho, shop: Path, changed: Path) -> None:
    edit(changed / "policy.md", "because: contract", "because: nothing")
    done = sekisho("diff", shop, changed)
    assert done.code == 2
    assert f"`{changed}` does not compile" in done.err


# -- notice --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "begins"), [("markdown", "# "), ("html", "<"), ("json", "{")])
def test_the_notice_is_printed_in_each_form(sekisho: Sekisho, shop: Path, form: str, begins: str) -> None:
    done = sekisho("notice", shop, "--format", form)
    assert done.code == 0
    assert done.out.startswith(begins)
    assert "We send you what you bought" in done.out


def test_the_notice_as_json_says_how_each_clause_is_kept(sekisho: Sekisho, shop: Path) -> None:
    assert '"enforced"' in sekisho("notice", shop, "--json").out


def test_a_language_that_the_policy_does_not_have_is_answered_with_those_it_has(sekisho: Sekisho, shop: Path) -> None:
    done = sekisho("notice", shop, "--language", "fr")
    assert done.code == 2
    assert "`fr` is not a language of this policy" in done.err
    assert "use one of: en" in done.err
