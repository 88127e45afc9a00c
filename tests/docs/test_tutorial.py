"""The tutorial, played: its files are written, its commands run in order, and what it shows is what comes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^(`{3,})([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A command and what the page shows of its output."""

    command: str
    shown: tuple[str, ...]

    @property
    def fails(self) -> bool:
        """Whether the page shows a refusal or an error."""
        return any(line.startswith(("refused", "error")) for line in self.shown)


def steps(body: str) -> list[Step]:
    found: list[tuple[str, list[str]]] = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.strip():
            found[-1][1].append(line)
    return [Step(command, tuple(shown)) for command, shown in found]


def pattern(line: str) -> re.Pattern[str]:
    """Return what matches a shown line: `…` is anything, runs of spaces are one."""
    words = re.split(r"\s+", line.strip())
    return re.compile(r"\s+".join(r".*" if w == "…" else re.escape(w).replace("…", ".*") for w in words))


def missing(output: str, shown: tuple[str, ...]) -> str:
    """Return the first shown line that does not come, in order, or an empty text."""
    lines = iter(output.splitlines())
    for line in shown:
        if line.strip() == "…":
            continue
        wanted = pattern(line)
        if not any(wanted.search(came.strip()) for came in lines):
            return line
    return ""


def play(page: Path, folder: Path) -> int:
    """Play a page in a folder; returns how many commands ran."""
    place, ran = folder, 0
    environment = {**os.environ, "COLUMNS": "160", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for fence in FENCE.finditer(page.read_text(encoding="utf-8")):
        _, info, body = fence.groups()
        if file := re.search(r"\bfile=(\S+)", info):
            (place / file[1]).write_text(body, encoding="utf-8")
        for step in steps(body) if info.strip() == "console" else ():
            if step.command.startswith("cd "):
                place = place / step.command.removeprefix("cd ")
                continue
            done = subprocess.run(
                ["bash", "-c", step.command],
                cwd=place,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            ran += 1
            assert (done.returncode != 0) == step.fails, f"$ {step.command}\n{done.stdout}"
            absent = missing(done.stdout, step.shown)
            assert not absent, f"$ {step.command}\nshows no line like: {absent}\nbut:\n{done.stdout}"
    return ran


def test_the_tutorial_does_what_it_shows(tmp_path: Path) -> None:
    assert play(TOP / "docs" / "tutorial.md", tmp_path) > 15


@pytest.mark.unit
def test_a_page_that_shows_what_does_not_come_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo one\none\n$ echo two\nthree\n```\n")
    with pytest.raises(AssertionError, match="shows no line like: three"):
        play(page, tmp_path)


@pytest.mark.unit
def test_a_page_whose_command_fails_unannounced_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ false\n```\n")
    with pytest.raises(AssertionError, match="false"):
        play(page, tmp_path)


def promises(text: str) -> list[str]:
    return re.findall(r"^```promise\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.mark.unit
def test_the_readme_quotes_the_studio_as_it_is() -> None:
    shown = promises((TOP / "README.md").read_text(encoding="utf-8"))
    kept = promises((TOP / "examples" / "studio" / "policy.md").read_text(encoding="utf-8"))
    assert shown
    assert set(shown) <= set(kept)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place that looks like a checkout in which `make run` was called; pages are played in it one after the other."""
    place = tmp_path_factory.mktemp("checkout")
    (place / ".venv").mkdir()
    (place / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (place / "examples").symlink_to(TOP / "examples")
    command = [".venv/bin/sekisho", "demo", "--into", "var/demo-sqlite"]
    made = subprocess.run(command, cwd=place, capture_output=True, check=False)
    assert made.returncode == 0, made.stderr.decode()
    return place


def test_the_ten_lines_of_the_readme_run(checkout: Path) -> None:
    assert play(TOP / "README.md", checkout) > 4


def test_the_page_about_evidence_does_what_it_shows(checkout: Path) -> None:
    studio = checkout / "var" / "demo-sqlite"
    (studio / "tools").symlink_to(TOP / "tools")
    assert play(TOP / "docs" / "evidence.md", studio) > 10


def test_the_page_about_consent_does_what_it_shows(checkout: Path) -> None:
    assert play(TOP / "docs" / "consent.md", checkout / "var" / "demo-sqlite") > 9
