"""`gate shell`: a witnessed SQL session for one purpose, at a terminal, from a pipe, or for one command."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from sekisho.app.wire import Store, Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, LOGIN, MACHINE, PURPOSE, REASON, STORE, SUBJECT
from sekisho.cli.statements import Cutter, cut
from sekisho.gate.decide import Ask
from sekisho.gate.session import Answer, Passage
from sekisho.ground.errors import SekishoError

WORDS = """\\d            the tables that this purpose sees, with their columns
\\d TABLE      one of them
\\q            leave; the permit ends
Statements end with a semicolon and may take several lines; Ctrl-C forgets what was typed."""


def ask_for(workspace: Workspace, store: Store, purpose: str, reason: str, login: str, subject: str) -> Ask:
    """Return what a person at this machine asks for; without a login, the first whose ceiling holds the purpose."""
    if not login:
        able = [i.name for i in store.rules.logins if purpose in i.purposes]
        login = able[0] if able else next((i.name for i in store.rules.logins if i.purposes), "")
    return Ask(login, purpose, workspace.actor(), reason, subject)


@click.command()
@STORE
@PURPOSE
@REASON
@LOGIN
@SUBJECT
@HERE
@click.option("-c", "--command", "commands", multiple=True, help="run this and leave; may be given more than once")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(min=1), help="how many rows are printed")
@MACHINE
def shell(  # noqa: PLR0913, PLR0917 - one parameter an option
    store: str,
    purpose: str,
    reason: str,
    login: str,
    subject: str,
    folder: Path,
    commands: tuple[str, ...],
    limit: int,
    machine: bool,
) -> int:
    """Open a witnessed SQL session for one purpose; every statement is recorded before its rows are shown."""
    workspace = Workspace(folder)
    opened = workspace.store(store)
    workspace.keep_store(opened)
    with opened.open(ask_for(workspace, opened, purpose, reason, login, subject)) as passage:
        session = Session(passage, purpose, limit, machine)
        if commands:
            return session.run_all(c.splitlines(keepends=True) for c in commands)
        if not sys.stdin.isatty():
            return session.run_all([sys.stdin])
        return session.talk()


class Session:
    """One permit at work: takes words and statements, shows what they give."""

    def __init__(self, passage: Passage, purpose: str, limit: int, machine: bool) -> None:
        self.passage, self.purpose, self.limit, self.machine = passage, purpose, limit, machine

    def run_all(self, texts: Iterable[Iterable[str]]) -> int:
        """Run every statement of the texts; returns the worst exit code."""
        return max((self.run(s) for text in texts for s in _words_and_statements(text)), default=0)

    def talk(self) -> int:
        """Read from a person until they leave; what they meet on the way is not an exit code."""
        show.say(f"purpose `{self.purpose}`: every statement is witnessed; the permit ends in fifteen minutes")
        self.describe("")
        show.say("\\? for help, \\q to leave")
        _forget_lines()
        cutter = Cutter()
        while True:
            try:
                line = input("sekisho> " if not cutter.waiting else "      -> ")
            except EOFError:
                return 0
            except KeyboardInterrupt:
                cutter.rest()
                show.say("")
                continue
            if not cutter.waiting and line.strip() in ("\\q", "quit", "exit"):
                return 0
            for statement in [line.strip()] if _is_word(line, cutter) else cutter.feed(line):
                self.run(statement)

    def run(self, text: str) -> int:
        """Run one statement, or one of the words that begin with a backslash."""
        try:
            if text.startswith("\\"):
                self.word(text)
            else:
                self.show(self.passage.run(text))
        except SekishoError as error:
            return show.failure(error)
        return 0

    def word(self, text: str) -> None:
        """Do what a word with a backslash asks for."""
        word, _, rest = text.partition(" ")
        if word == "\\d":
            self.describe(rest.strip().strip(';"'))
        else:
            show.say(WORDS)

    def describe(self, table: str) -> None:
        """Show the tables that the purpose sees, or one of them."""
        seen = [(name, columns) for name, columns in self.passage.tables() if table in ("", name)]
        if self.machine:
            show.as_json([{"table": name, "columns": columns} for name, columns in seen])
        elif table and not seen:
            show.say(f"purpose `{self.purpose}` sees no table `{table}`; \\d lists those it sees")
        else:
            show.table(("table", "columns you may see"), [(name, ", ".join(columns)) for name, columns in seen])

    def show(self, answer: Answer) -> None:
        """Show what a statement gave, and what was withheld from it and why."""
        if self.machine:
            rows = [list(row) for row in answer.rows[: self.limit]]
            show.as_json(
                {"columns": answer.columns, "rows": rows, "count": answer.count, "withheld": dict(answer.withheld)}
            )
            return
        if answer.columns:
            show.answer(answer.columns, answer.rows[: self.limit], answer.withheld)
            more = f"; the first {self.limit} are shown, --limit shows more" if answer.count > self.limit else ""
            show.say(f"({answer.count} {'row' if answer.count == 1 else 'rows'}{more})")
        else:
            show.say(f"({answer.count} {'row' if answer.count == 1 else 'rows'} changed)")
        for why in answer.withheld.values():
            show.complain("withheld", why)


def _is_word(line: str, cutter: Cutter) -> bool:
    return not cutter.waiting and line.lstrip().startswith("\\")


def _words_and_statements(lines: Iterable[str]) -> Iterator[str]:
    """Yield statements, and lines that are words with a backslash where no statement is under way."""
    cutter = Cutter()
    for line in lines:
        if _is_word(line, cutter):
            if line.strip() == "\\q":
                return
            yield line.strip()
        else:
            yield from cutter.feed(line)
    yield from cut([cutter.rest()])


def _forget_lines() -> None:
    """Let lines be edited as they are typed, and keep none of them: they may name people."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: PLC0415 - only a terminal needs it, and not every Python has it

        readline.set_auto_history(False)
