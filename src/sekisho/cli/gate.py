"""Commands at the gate: from plan and apply through permit and shell to drift, holes and migrate."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from sekisho.adapters.clients.service import write_service
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, LOGIN, MACHINE, PURPOSE, REASON, STORE, SUBJECT
from sekisho.cli.shell import ask_for, shell
from sekisho.compiler.postgres_live import schema_of
from sekisho.compiler.quoting import ident
from sekisho.gate.session import Check
from sekisho.ground.errors import BadInput


@click.group()
def gate() -> None:
    """Put a store under the policy, and pass through it."""


gate.add_command(shell)


@gate.command()
@STORE
@HERE
@click.option("--rollback", is_flag=True, help="print what takes it back instead")
@MACHINE
def plan(store: str, folder: Path, rollback: bool, machine: bool) -> None:
    """Print the SQL that `apply` would run; nothing is changed."""
    made = Workspace(folder).store(store).plan()
    text = made.rollback() if rollback else made.script()
    if machine:
        show.as_json({"store": store, "plan": made.digest, "empty": made.empty, "sql": text})
        return
    click.echo(text, nl=False)
    if made.empty:
        show.hint("nothing to do: the store is as the policy says")
    elif not rollback:
        show.hint(f"apply just this with: sekisho gate apply {store} --plan {made.digest}")


@gate.command()
@STORE
@HERE
@click.option("--plan", "digest", default=None, help="run only the plan of this digest")
@click.option("--without", multiple=True, help="a class of people that is gone from this store, with its decisions")
def apply(store: str, folder: Path, digest: str | None, without: tuple[str, ...]) -> None:
    """Run the plan in one transaction, bring people's standing in, and record it."""
    done = Workspace(folder).apply(store, digest, without=without)
    show.done(f"store `{store}` keeps the policy (plan {done[:12]}…)")
    show.hint(f"next: `sekisho gate holes {store}` lists every way past it")


@gate.command()
@STORE
@HERE
@click.confirmation_option(prompt="take the gate away, so that the policy is no longer enforced here?")
def remove(store: str, folder: Path) -> None:
    """Put the store back as it was before the gate."""
    Workspace(folder).remove(store)
    show.done(f"store `{store}` is as it was before")


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
    workspace.keep_store(opened)
    ask = ask_for(workspace, opened, purpose, reason, login, subject)
    issued = opened.issue(ask)
    show.hint(f"-- paste as login {ask.login} within a minute; the session's permit ends in fifteen")
    click.echo(f"select sekisho.enter('{issued.token}');")
    click.echo(f"set search_path = {ident(schema_of(purpose))}, {ident(opened.rules.schema)};")


@gate.command()
@STORE
@HERE
@MACHINE
def drift(store: str, folder: Path, machine: bool) -> int:
    """Look whether the store is as it was applied, and which columns no map knows; the exit code is 2 where not."""
    found = Workspace(folder).store(store).check()
    if machine:
        show.as_json({"store": store, "at": found.at, "differences": found.differences, "unmapped": found.unmapped})
    else:
        _show_drift(found)
    return 0 if found.green else 2


@gate.command()
@STORE
@HERE
@MACHINE
def holes(store: str, folder: Path, machine: bool) -> None:
    """List every way by which personal columns are read without a purpose, each with its remedy."""
    found = Workspace(folder).store(store).check()
    if machine:
        show.as_json(_holes(found))
    else:
        _show_holes(found)


@gate.command("check")
@STORE
@HERE
@MACHINE
def check_(store: str, folder: Path, machine: bool) -> int:
    """Look for drift and for holes at once; the exit code is 2 on drift."""
    found = Workspace(folder).store(store).check()
    if machine:
        show.as_json(
            {
                "store": store,
                "at": found.at,
                "differences": found.differences,
                "unmapped": found.unmapped,
                "holes": _holes(found),
            }
        )
    else:
        _show_drift(found)
        _show_holes(found)
    return 0 if found.green else 2


def _holes(found: Check) -> list[dict[str, str]]:
    return [{"code": h.code, "who": h.who, "what": h.what, "remedy": h.remedy} for h in found.holes]


def _show_drift(found: Check) -> None:
    for difference in found.differences:
        show.complain("drift", difference)
    if found.green:
        show.done(f"store `{found.store}` is as it was applied")
    else:
        show.remedy(f"read `sekisho gate plan {found.store}`, then apply it")
    for unmapped in found.unmapped:
        show.complain("unmapped", unmapped)
    if found.unmapped:
        show.remedy("no purpose sees them; give each its category in the map")


def _show_holes(found: Check) -> None:
    if found.holes:
        show.table(
            ("way past the gate", "who", "what", "remedy"), [(h.code, h.who, h.what, h.remedy) for h in found.holes]
        )
    elif found.differences == ("nothing is applied",):
        show.say(f"nothing is applied to store `{found.store}`, so there is no gate to get past")
    else:
        show.done("no way past the gate was found")


@gate.command()
@STORE
@HERE
@MACHINE
def verify(store: str, folder: Path, machine: bool) -> int:
    """Compute every row's standing anew and compare; 0 differences is right."""
    wrong = Workspace(folder).store(store).verify()
    if machine:
        show.as_json({"store": store, "differ": wrong})
    elif wrong:
        show.say(f"the standing of {wrong} rows is not what people decided; `sekisho gate apply {store}` brings it in")
    else:
        show.done("the standing of every row is what people decided")
    return 2 if wrong else 0


@gate.command()
@STORE
@HERE
def renew(store: str, folder: Path) -> None:
    """Open opt-in purposes for a few minutes more; `serve` does this each minute."""
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


__all__ = ["HERE", "gate"]


@gate.command()
@STORE
@click.option("--login", required=True, help="the login that the application connects as")
@click.option(
    "--out", "target", required=True, type=click.Path(path_type=Path, dir_okay=False), help="the file to write"
)
@HERE
def service(store: str, login: str, target: Path, folder: Path) -> None:
    """Write the file by which an application issues its own witnessed permits; it is a secret."""
    write_service(target, Workspace(folder).service(store, login))
    show.done(f"{target} is written; only its owner may read it")
    show.hint("next: docs/client.md says how an application uses it")


@gate.command()
@STORE
@click.argument("script", type=click.File("r", encoding="utf-8"))
@REASON
@HERE
def migrate(store: str, script: TextIO, reason: str, folder: Path) -> int:
    """Run SCRIPT, a change of schema, as the role that owns the governed tables; witnessed before it runs."""
    found = Workspace(folder).migrate(store, reason, script.read())
    show.done("the schema is changed")
    _show_drift(found)
    return 0 if found.green and not found.unmapped else 2
