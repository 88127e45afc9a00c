"""Commands on the staff of the desk: add, role, recover, list, remove."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from sekisho.adapters.records.names import known
from sekisho.adapters.records.roles import Role
from sekisho.adapters.records.roles import role as role_of
from sekisho.app.desk import Invited, Office, exists
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE
from sekisho.ground.errors import BadInput

NAME = click.argument("name")
ROLE = click.option("--role", "word", required=True, help=f"one of: {', '.join(Role)}")
HERE_ONLY = "http://localhost:8420"
"""Where the site is when nothing says otherwise; not by a number, because a passkey is bound to a name."""


@click.group()
def staff() -> None:
    """Say who works at the desk, and as what."""


def _office(folder: Path, *, begin: bool = False) -> Office:
    """Open the office of a folder that is in order; only `begin` makes a desk where there is none."""
    workspace = Workspace(folder)
    if not begin and not exists(folder):
        raise BadInput("nobody works here yet", help="add an officer: `sekisho staff add NAME --role officer`")
    return Office(workspace.root, workspace.actor)


def _site() -> str:
    hosts = [h.strip() for h in os.environ.get("SEKISHO_HOSTS", "").split(",") if h.strip() not in ("", "*")]
    return f"https://{hosts[0]}" if hosts else HERE_ONLY


def _tell(invited: Invited, machine: bool) -> None:
    link = f"{_site()}{invited.path}"
    if machine:
        show.as_json({"name": invited.name, "role": invited.role, "invitation": link})
        return
    show.done(f"{invited.name} may come in as {invited.role}, once, within 72 hours:")
    show.say(link)
    show.hint("hand it over where nobody else reads it: whoever opens it first is that person")


@staff.command()
@NAME
@ROLE
@HERE
@MACHINE
def add(name: str, word: str, folder: Path, machine: bool) -> None:
    """Put somebody on the roll and print a link by which they come in, once."""
    # no desk is made for what cannot work there
    name, role, first = known(name), role_of(word), not exists(folder)
    if first and role is not Role.OFFICER:
        raise BadInput("the first who works here is an officer", help="`sekisho staff add NAME --role officer`")
    _tell(_office(folder, begin=True).add(name, role), machine)
    if first:
        show.hint("a server that runs already shows the desk when it is started anew")


@staff.command()
@NAME
@ROLE
@HERE
def role(name: str, word: str, folder: Path) -> None:
    """Give somebody another role; their sessions end."""
    given = role_of(word)
    _office(folder).assign(name, given)
    show.done(f"{given} from now on; sessions of before are over")


@staff.command()
@NAME
@HERE
@MACHINE
def recover(name: str, folder: Path, machine: bool) -> None:
    """Forget somebody's password and factors, end their sessions, and print a new link."""
    _tell(_office(folder).recover(name), machine)


@staff.command("list")
@HERE
@MACHINE
def list_(folder: Path, machine: bool) -> None:
    """Show who works here, as what, and with which factors."""
    found = _office(folder).lines()
    if machine:
        show.as_json([asdict(line) for line in found])
        return
    rows = [(m.name, m.role, ", ".join(m.factors), _minute(m.last), _minute(m.invited_until)) for m in found]
    show.table(("name", "role", "factors", "last signed in (UTC)", "invited until (UTC)"), rows)


def _minute(of: datetime | None) -> str:
    return f"{of:%Y-%m-%d %H:%M}" if of is not None else ""


@staff.command()
@NAME
@HERE
def remove(name: str, folder: Path) -> None:
    """Take somebody off the roll; their sessions end, and evidence keeps a handle that is nobody's."""
    _office(folder).remove(name)
    show.done("off the roll")
