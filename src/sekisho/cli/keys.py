"""Commands on keys: status, rotate, backup, restore."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from sekisho.adapters.ledgers import keybackup
from sekisho.adapters.ledgers.keystore import Status, master_of
from sekisho.adapters.ledgers.masterkey import load_master
from sekisho.app import sealed
from sekisho.app.turning import turn
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def keys() -> None:
    """Look after the keys of people's records."""


@keys.command()
@HERE
@MACHINE
def status(folder: Path, machine: bool) -> None:
    """Tell how many people have a key, under which wrapping keys, and when the next rotation is due."""
    with closing(Workspace(folder).keystore) as store:
        found = store.status()
    if machine:
        show.as_json({**asdict(found), "due": stamp.rfc3339(found.due)})
        return
    show.say(f"master key {found.master}; {_count(found.people, 'person', 'people')} with a key, {found.erased} erased")
    rows = [(w.id, w.created[:19].replace("T", " "), w.keys) for w in found.wrapping]
    show.table(("wrapping key", "made (UTC)", "data keys"), rows)
    show.say(_advice(found))


def _advice(found: Status) -> str:
    if found.unfinished:
        return f"{found.unfinished} destroyed keys may still be in the file's log: end what reads it, and look again"
    if len(found.wrapping) > 1:
        return "a rotation is not finished: `sekisho keys rotate --if-due` goes on with it"
    late = "is due" if found.due <= stamp.now() else "is due on"
    return f"the next rotation {late} {found.due:%Y-%m-%d}"


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


@keys.command()
@HERE
@click.option("--if-due", is_flag=True, help="only when the horizon is over, or a rotation was cut short")
@MACHINE
def rotate(folder: Path, if_due: bool, machine: bool) -> None:
    """Make a new wrapping key, bring every data key under it, destroy the old one."""
    done = turn(Workspace(folder), if_due=if_due)
    if machine:
        show.as_json({"newest": done.newest, "destroyed": done.destroyed})
    elif not done.moved:
        show.done("nothing is due")
    else:
        gone = ", ".join(map(str, done.destroyed))
        show.done(f"every data key is under wrapping key {done.newest}; destroyed: {gone}")


@keys.command()
@click.argument("file", type=FILE)
@HERE
@MACHINE
def backup(file: Path, folder: Path, machine: bool) -> None:
    """Write the keys and the erasure register to FILE, sealed under the master key."""
    workspace = Workspace(folder)
    where = sealed.where(workspace.settings)
    with closing(workspace.keystore) as store:
        people = store.status().people
        keybackup.write(file, keybackup.back_up(store, master_of(where)))
    workspace.sealing.keys("backed-up", workspace.actor(), people)
    until = stamp.now() + where.horizon
    if machine:
        show.as_json({"file": str(file), "people": people, "until": stamp.rfc3339(until)})
        return
    show.done(f"the keys of {_count(people, 'person', 'people')} are in {file}")
    show.say(f"destroy it by {until:%Y-%m-%d}: who is erased until then is still in it")


@keys.command()
@click.argument("file", type=FILE)
@HERE
@click.option("--register-lost", is_flag=True, help="there is no erasure register any more; take the one of the backup")
@MACHINE
def restore(file: Path, folder: Path, register_lost: bool, machine: bool) -> None:
    """Put the keys of FILE back, except of people who were erased since."""
    workspace = Workspace(folder)
    where = sealed.where(workspace.settings)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise BadInput("the backup cannot be read", help="check its path and permissions", place=file.name) from error
    master = load_master(where.master, os.environ, make=False)
    done = keybackup.restore(where, content, master, register_lost=register_lost)
    workspace.sealing.keys("restored", workspace.actor(), done.taken, done.refused)
    if machine:
        show.as_json(asdict(done))
        return
    show.done(f"{_count(done.taken, 'key', 'keys')} of {done.at[:16].replace('T', ' ')} UTC put back")
    show.say(f"  {done.there} were there; {done.refused} refused, because the person was erased")
