"""The reference pages are what the code makes, and pages say only what is so."""

from __future__ import annotations

import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import pytest

from sekisho.adapters.clients.readings import Batched
from sekisho.app.keeper import EVERY
from sekisho.evidence.leaves import SALT
from sekisho.gate.decide import PASTE_LIMIT, PERSON_LIMIT
from sekisho.policy.model import FIRST_FREE_NUMBER

pytestmark = pytest.mark.unit

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools"))

import calls  # noqa: E402 - tools is no package; its path is set above
import pages  # noqa: E402 - as above
import prose  # noqa: E402 - as above

import docs  # noqa: E402 - as above


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A small checkout: the parts that pages may speak of."""
    (tmp_path / "docs" / "reference").mkdir(parents=True)
    (tmp_path / "src" / "sekisho" / "gate").mkdir(parents=True)
    (tmp_path / "src" / "sekisho" / "gate" / "permit.py").write_text("")
    (tmp_path / "Makefile").write_text("run: ## runs\n")
    (tmp_path / "docs" / "gate.md").write_text("# The gate\n\n## Who passes\n")
    return tmp_path


def said(place: Path, text: str) -> list[str]:
    (place / "docs" / "page.md").write_text(text, encoding="utf-8")
    prose._tracked.cache_clear()
    return [w for w in prose.wrong(place) if w.startswith("docs/page.md")]


def test_the_checkout_is_as_its_pages_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert docs.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_a_missing_and_an_orphaned_page_are_named(place: Path) -> None:
    reference = place / "docs" / "reference"
    (reference / "law.md").write_text("old")
    (reference / "gone.md").write_text("nothing makes me")
    found = docs.stale(place, {"law.md": "new", "words.md": "new"})
    assert [f.split(";")[0] for f in found] == [
        "docs/reference/law.md: stale",
        "docs/reference/words.md: missing",
        "docs/reference/gone.md: nothing makes this page",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("see [this](nowhere.md)", "links to `nowhere.md`"),
        ("see [this](gate.md#who-fails)", "no such heading"),
        ("run `sekisho gates apply shop`", "`gates` is not a command"),
        ("run `sekisho gate applyy shop`", "`applyy` is not a command"),
        ("run `sekisho check --hard`", "`--hard` is not an option"),
        ("```console\n$ .venv/bin/sekisho gate shell shop --why x\n```\n", "`--why` is not an option"),
        ("`make walk`", "`make walk` is not in the Makefile"),
        ("see `src/sekisho/gate/permits.py`", "names `src/sekisho/gate/permits.py`"),
        ("see `gate/permits.py`", "names `gate/permits.py`"),
        ("see `sekisho.gates.permit`", "names `sekisho.gates.permit`"),
        ("it lies in /home/anna/code", "a path of somebody's machine"),
    ],
)
def test_what_is_not_so_is_named(place: Path, text: str, complaint: str) -> None:
    assert any(complaint in w for w in said(place, text))


@pytest.mark.parametrize(
    "text",
    [
        "see [this](gate.md#who-passes) and [that](https://example.com)",
        "run `sekisho gate shell shop --purpose support` or `make run STORE=postgresql`",
        "see `gate/permit.py`, `src/sekisho/gate/*.py` and `sekisho.gate.permit`",
        "```console\n$ sekisho check . --json | head\nanything\n```\n",
    ],
)
def test_what_is_so_is_left_alone(place: Path, text: str) -> None:
    assert said(place, text) == []


def test_a_remedy_that_names_no_command_is_named(place: Path) -> None:
    (place / "src" / "sekisho" / "gate" / "permit.py").write_text('help = f"run `sekisho gates apply {name}`"\n')
    prose._tracked.cache_clear()
    assert any("`gates` is not a command" in w for w in prose.wrong(place))


def test_a_long_readme_is_named(place: Path) -> None:
    (place / "README.md").write_text("line\n" * (prose.LONGEST_README + 1))
    prose._tracked.cache_clear()
    assert any("lines" in w for w in prose.wrong(place))


def test_every_kind_of_promise_diagnostic_and_command_has_its_place() -> None:
    made = pages.made()
    codes = {c.code for c in calls.calls("diagnostics")}
    assert len(codes) > 50
    assert all(f"`{code}`" in made["diagnostics.md"] for code in codes)
    assert all(f"### `{kind}`" in made["promises.md"] for kind in pages.kinds.KINDS)
    assert "## `sekisho gate`" in made["commands.md"]
    assert "### `sekisho gate shell`" in made["commands.md"]


def test_every_decision_is_in_the_index_once() -> None:
    folder = TOP / "docs" / "decisions"
    index = (folder / "index.md").read_text(encoding="utf-8")
    for page in sorted(folder.glob("0*.md")):
        title = page.read_text(encoding="utf-8").splitlines()[0].partition(". ")[2]
        assert index.count(f"[{title}]({page.name})") == 1


def test_the_numbers_that_pages_say_are_those_of_the_code() -> None:
    text = {p.name: p.read_text(encoding="utf-8") for p in [*TOP.glob("*.md"), *(TOP / "docs").rglob("*.md")]}
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "ends after fifteen\nminutes" in text["postgresql.md"]
    assert timedelta(minutes=15) == PERSON_LIMIT
    assert "paste as login shop_support within a minute" in text["postgresql.md"]
    assert timedelta(minutes=1) == PASTE_LIMIT
    assert "each minute" in text["site.md"]
    assert EVERY == 60
    assert f"Batched(seconds={Batched().seconds}, readings={Batched().readings})" in text["client.md"]
    assert "0 to 7 are reserved" in text["0005-numbers-for-ever.md"]
    assert FIRST_FREE_NUMBER == 8
    assert "Sixteen bytes" in text["0003-salted-leaves.md"]
    assert SALT == 16
    python = project["requires-python"].removeprefix(">=")
    assert all(f"Python {python}" in text[name] for name in ("README.md", "CONTRIBUTING.md", "tutorial.md"))
    assert project["version"] in text["CHANGELOG.md"]
