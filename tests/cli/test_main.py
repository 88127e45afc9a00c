"""The command line as a whole: help without loading rooms, exit codes, and two lines instead of a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from sekisho.cli.main import COMMANDS, cli
from sekisho.ground import errors
from terminal import COMMAND, Sekisho, edit, program

pytestmark = pytest.mark.unit


def every_command() -> Iterator[tuple[str, click.Command]]:
    """Yield each command with the words that call it."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", inner) for sub, inner in command.commands.items())


EVERY = dict(every_command())


def test_alone_it_says_how_to_begin(sekisho: Sekisho) -> None:
    done = sekisho()
    assert done.code == 0
    assert "sekisho demo --serve" in done.out
    assert "sekisho init my-policy" in done.out


def test_help_names_every_command_and_loads_none_of_their_rooms() -> None:
    script = (
        "import sys\nfrom sekisho.cli.main import cli\ncli.main(['--help'], standalone_mode=False)\n"
        "heavy = {'sqlalchemy', 'psycopg', 'rich', 'cryptography', 'markdown_it', 'ruamel', 'django', 'msgspec'}\n"
        "print(sorted(heavy & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    *_, loaded = done.stdout.splitlines()
    assert loaded == "[]"
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("words", EVERY)
def test_every_command_and_option_says_what_it_is(words: str) -> None:
    command = EVERY[words]
    assert (command.help or "").strip()
    named = ("folder", "language", "purpose", "kind", "clause", "count", "name", "port", "engine")
    silent = [p.name for p in command.params if isinstance(p, click.Option) and not p.help and p.name not in named]
    assert silent == []


@pytest.mark.parametrize("words", EVERY)
def test_every_command_has_help(sekisho: Sekisho, words: str) -> None:
    done = sekisho(*words.split(), "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: sekisho {words} ")


def test_the_sentence_of_each_command_is_about_that_command() -> None:
    for name, (module, attribute, says) in COMMANDS.items():
        assert EVERY[name].callback is not None, name
        assert EVERY[name].callback.__module__ == f"sekisho.cli.{module}"
        assert attribute in (name, f"{name}_")
        assert says == says.lower()


@pytest.mark.parametrize(("typed", "meant"), [("chekc", "check"), ("gat", "gate"), ("docter", "doctor")])
def test_a_misspelt_command_is_answered_with_the_nearest(sekisho: Sekisho, typed: str, meant: str) -> None:
    done = sekisho(typed)
    assert done.code == 2
    assert f"did you mean `{meant}`?" in done.err


def test_each_kind_of_error_has_the_exit_code_that_the_help_promises(sekisho: Sekisho) -> None:
    codes = {kind.__name__: kind.exit_code for kind in errors.SekishoError.__subclasses__()}
    assert codes == {"Refused": 3, "BadInput": 2, "NotWitnessed": 4, "Tampered": 5, "StoreTrouble": 6}
    promised = " ".join(sekisho("--help").out.split())
    for words in ("0 done", "2 bad input", "3 refused", "4 not witnessed", "5 tampered", "6 store trouble"):
        assert words in promised


def test_a_fault_of_ours_is_two_lines_without_what_the_library_said(
    sekisho: Sekisho, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fault(folder: object, today: object) -> None:
        raise ZeroDivisionError("Aoi Tanabe lives in Kitestreet 1")

    monkeypatch.setattr("sekisho.cli.check.read_folder", fault)
    done = sekisho("check", tmp_path)
    assert done.code == 1
    assert "ZeroDivisionError in test_main.py, line" in done.err
    assert "Kitestreet" not in done.err + done.out
    assert "Traceback" not in done.err


def test_a_fault_of_ours_is_shown_whole_when_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fault(folder: object, today: object) -> None:
        raise ZeroDivisionError("why")

    monkeypatch.setattr("sekisho.cli.check.read_folder", fault)
    monkeypatch.setattr(sys, "argv", ["sekisho", "--traceback", "check", str(tmp_path)])
    from sekisho.cli.main import main

    with pytest.raises(ZeroDivisionError, match="why"):
        main()


def test_a_file_that_the_system_refuses_is_named(sekisho: Sekisho, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = sekisho("init", tmp_path / "file" / "below")
    assert done.code == 1
    assert "`" + str(tmp_path / "file" / "below") in done.err
    assert "not a directory" in done.err


def test_a_reader_that_leaves_early_is_no_error(shop: Path) -> None:
    script = f'{" ".join(map(repr, COMMAND[:2]))} "{COMMAND[2]}" notice {shop} | head -n 1; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_a_terminal_that_knows_no_japanese_still_gets_its_answer(shop: Path) -> None:
    edit(shop / "policy.md", "uses: [name, contact.postal]", "uses: [name, 住所]")
    done = program("check", shop, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.code == 2
    assert "\\u4f4f\\u6240" in done.out
