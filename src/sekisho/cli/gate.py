"""Commands at the gate: plan, apply, remove, permit, shell, check, holes, verify, renew, close."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.app.wire import Store, Workspace
from sekisho.cli import show
from sekisho.gate.decide import Ask
from sekisho.gate.session import Answer, Passage
from sekisho.ground.errors import BadInput, SekishoError

HERE = click.option(
    "-C", "--folder", default=".", type=click.Path(path_type=Path, file_okay=False), help="the policy's folder"
)
STORE = click.argument("store")
PURPOSE = click.option("--purpose", required=True, help="what you will use the data for")
REASON = click.option("--reason", default="", help="why, for instance a ticket")
LOGIN = click.option("--login", default="", help="the database login; the first one whose ceiling holds the purpose")
SUBJECT = click.option("--subject", default="", help="whose request it is, as class:key (for answer-requests)")


@click.group()
def gate() -> None:
    """Put a store under the policy, and pass through it."""


@gate.command()
@STORE
@HERE
@click.option("--rollback", is_flag=True, help="print what takes it back instead")
def plan(store: str, folder: Path, rollback: bool) -> None:
    """Print the SQL that `apply` would run; nothing is changed."""
    made = Workspace(folder).store(store).plan()
    click.echo(made.rollback() if rollback else made.script())
    if made.empty:
        show.err.print("nothing to do: the store is as the policy says")
    else:
        show.err.print(f"apply just this with: sekisho gate apply {store} --plan {made.digest}")


@gate.command()
@STORE
@HERE
@click.option("--plan", "digest", default=None, help="run only the plan of this digest")
def apply(store: str, folder: Path, digest: str | None) -> None:
    """Run the plan in one transaction, bring people's standing in, and record it."""
    done = Workspace(folder).apply(store, digest)
    show.done(f"store `{store}` keeps the policy (plan {done[:12]}…)")


@gate.command()
@STORE
@HERE
@click.confirmation_option(prompt="take the gate away, so that the policy is no longer enforced here?")
def remove(store: str, folder: Path) -> None:
    """Put the store back as it was before the gate."""
    Workspace(folder).remove(store)
    show.done(f"store `{store}` is as it was before")


def _ask(workspace: Workspace, store: Store, purpose: str, reason: str, login: str, subject: str) -> Ask:
    if not login:
        able = [i.name for i in store.rules.logins if purpose in i.purposes]
        login = able[0] if able else next((i.name for i in store.rules.logins if i.purposes), "")
    return Ask(login, purpose, workspace.actor(), reason, subject)


@gate.command()
@STORE
@PURPOSE
@REASON
@LOGIN
@SUBJECT
@HERE
def permit(store: str, purpose: str, reason: str, login: str, subject: str, folder: Path) -> None:
    """Issue a permit for psql and print the lines to paste within a minute; it is spent by its first use."""
    workspace = Workspace(folder)
    opened = workspace.store(store)
    if not isinstance(opened, PostgresStore):
        raise BadInput(
            "permits are for servers; a SQLite store is passed by `gate shell`", help=f"sekisho gate shell {store} …"
        )
    ask = _ask(workspace, opened, purpose, reason, login, subject)
    issued = opened.issue(ask)
    show.err.print(f"# as login {ask.login}; paste within a minute, ends in fifteen")
    click.echo(f"select sekisho.enter('{issued.token}');")
    click.echo(f"set search_path = {purpose.replace('-', '_')}, {opened.rules.schema};")


@gate.command()
@STORE
@PURPOSE
@REASON
@LOGIN
@SUBJECT
@HERE
@click.option("-c", "--command", "commands", multiple=True, help="run this and leave; may be given more than once")
def shell(
    store: str, purpose: str, reason: str, login: str, subject: str, folder: Path, commands: tuple[str, ...]
) -> int:
    """Open a witnessed SQL session for one purpose; every statement is recorded before its rows are shown."""
    workspace = Workspace(folder)
    opened = workspace.store(store)
    workspace.keep_store(opened)
    with opened.open(_ask(workspace, opened, purpose, reason, login, subject)) as passage:
        if commands:
            return max(_one(passage, command) for command in commands)
        _greet(passage, purpose)
        worst = 0
        for line in _lines(sys.stdin.isatty()):
            worst = max(worst, _one(passage, line))
    return 0 if sys.stdin.isatty() else worst


def _greet(passage: Passage, purpose: str) -> None:
    show.say(f"purpose `{purpose}`: this session is witnessed and ends in fifteen minutes; \\q leaves")
    show.table(("table", "columns you may see"), [(t, ", ".join(c)) for t, c in passage.tables()])


def _lines(prompt: bool) -> Any:
    while True:
        try:
            line = input("sekisho> " if prompt else "").strip().rstrip(";")
        except (EOFError, KeyboardInterrupt):
            return
        if line in ("\\q", "quit", "exit"):
            return
        if line:
            yield line


def _one(passage: Passage, sql: str) -> int:
    try:
        _show(passage.run(sql.strip().rstrip(";")))
    except SekishoError as error:
        return show.failure(error)
    return 0


def _show(answer: Answer) -> None:
    if answer.columns:
        names = [f"{c} (withheld)" if c in answer.withheld else c for c in answer.columns]
        show.table(names, answer.rows[:200])
        more = ", 200 shown" if answer.count > 200 else ""
        show.say(f"({answer.count} rows{more})")
    else:
        show.say(f"({answer.count} rows changed)")
    for why in answer.withheld.values():
        show.err.print(f"[bold red]withheld[/]: {why}")


@gate.command("check")
@STORE
@HERE
@click.option("--json", "machine", is_flag=True, help="print JSON")
def check_(store: str, folder: Path, machine: bool) -> int:
    """Look whether the store is as it was applied, and list every way past the gate."""
    found = Workspace(folder).store(store).check()
    if machine:
        show.as_json(
            {
                "store": store,
                "differences": found.differences,
                "holes": [[h.code, h.who, h.what, h.remedy] for h in found.holes],
            }
        )
        return 0 if found.green else 2
    for difference in found.differences:
        show.err.print(f"[bold red]drift[/]: {difference}")
    if found.green:
        show.done("the store is as it was applied")
    show.table(("way past the gate", "who", "what", "remedy"), [(h.code, h.who, h.what, h.remedy) for h in found.holes])
    return 0 if found.green else 2


@gate.command()
@STORE
@HERE
def verify(store: str, folder: Path) -> int:
    """Compute every row's standing anew and compare; 0 differences is right."""
    wrong = Workspace(folder).store(store).verify()
    show.say(f"{wrong} rows differ")
    return 2 if wrong else 0


@gate.command()
@STORE
@HERE
def renew(store: str, folder: Path) -> None:
    """Open opt-in purposes for five minutes more; `serve` does this each minute."""
    workspace = Workspace(folder)
    until = workspace.keep_store(workspace.store(store))
    show.done(f"opt-in purposes are open until {until:%H:%M:%S} UTC")


@gate.command()
@STORE
@HERE
def close(store: str, folder: Path) -> None:
    """Void every permit and close opt-in purposes, now."""
    workspace = Workspace(folder)
    epoch = workspace.close(store)
    show.done(f"every permit of store `{store}` is void (epoch {epoch})")
