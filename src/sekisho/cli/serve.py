"""Commands that serve: the pages of a folder, and the demonstration."""

from __future__ import annotations

import errno
import importlib.util
import logging.config
import multiprocessing
import os
import shlex
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from sekisho.app import journal, settings
from sekisho.app import upgrade as upgrades
from sekisho.app.demo import FILE, STORE, make_demo
from sekisho.app.keeper import Keeper
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE
from sekisho.ground.errors import BadInput

HOST = "127.0.0.1"
PORT = click.option(
    "--port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="0 takes any port that is free"
)
POSTGRESQL = "postgresql://postgres@127.0.0.1:5432/sekisho_demo"
SERVER = ("_granian", "granian.access")
"""Loggers of the server."""
SITE = ("granian", "django", "csp", "whitenoise", "babel", "prometheus_client")
"""What the extra `site` brings."""


def free_port(port: int) -> int:
    """Return the port, or a free one for 0; raises BadInput where another program listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # a server that has just ended leaves its port waiting, which is no reason to refuse it
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise BadInput(
                    f"another program listens on port {port}", help=f"name another: `--port {port + 1}`, or `--port 0`"
                ) from error
            raise BadInput(f"port {port} cannot be opened: {error.strerror}", help="name one above 1023") from error
        return int(probe.getsockname()[1])


def until_stopped(server: Any) -> None:
    """Serve until the first signal to stop; one that comes while that is told would wait for its own lock for ever."""
    told = server.signal_handler_interrupt

    def first(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        told()

    server.signal_handler_interrupt = first
    server.serve()


def _need_site() -> None:
    missing = [name for name in SITE if importlib.util.find_spec(name) is None]
    if missing:
        raise BadInput(f"the site is not installed: `{missing[0]}` is missing", help="pip install 'sekisho[site]'")


def _serve(workspace: Workspace, port: int, log: str = "text") -> None:
    from granian.constants import Interfaces  # noqa: PLC0415 - the site is an extra
    from granian.log import LogLevels  # noqa: PLC0415 - the site is an extra
    from granian.server import Server  # noqa: PLC0415 - the site is an extra

    os.environ |= {"SEKISHO_FOLDER": str(workspace.root), "SEKISHO_LOG": log}
    lines = journal.logging_of(log, *SERVER, told=log == "text")
    logging.config.dictConfig(lines)
    # a fork would copy the locks that the keeper's thread holds at that moment, SQLite's among them, held for ever
    multiprocessing.set_start_method("spawn", force=True)
    keeper = Keeper(workspace.root, _words_of(log))
    keeper.start()
    journal.write("serving", port=port, entries=workspace.log.size)
    server = Server(
        "sekisho.web.wsgi:application",
        address=HOST,
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=4,
        log_level=LogLevels.error,
        log_dictconfig=lines if log == "json" else None,
    )
    until_stopped(server)
    keeper.leave()
    journal.write("stopped")
    show.say("stopped; what needs a yes closes by itself within minutes")


def _words_of(log: str) -> Callable[[str], None]:
    """Return how a keeper's troubles are told in words: to people, while machines get lines of the journal."""
    if log == "json":
        return lambda line: None
    return lambda line: show.err.print(f"keeper: {line}", markup=False)


@click.command()
@HERE
@PORT
@click.option(
    "--log",
    type=click.Choice(journal.FORMS),
    default="text",
    show_default=True,
    help="text: troubles, for people; json: every event, a line each, for machines",
)
def serve(folder: Path, port: int, log: str) -> None:
    """Serve the pages of a folder on this machine, and keep its stores' leases."""
    _need_site()
    upgrades.refuse(settings.read(folder))
    workspace = Workspace(folder)
    port = free_port(port)
    # the key and the log are made before keeper and pages, which are two processes, both want them
    found = f"the log `{workspace.signer.name}` holds {workspace.log.size} entries"
    if log == "text":
        show.hint(found)
    show.say(f"serving http://{HOST}:{port}/ — stop with Ctrl-C")
    _serve(workspace, port, log)


@click.command()
@click.option("--store", "engine", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--into", default="", help="the folder; var/demo-ENGINE when none is named")
@click.option("--url", default="", help="the database's address; an empty database of a PostgreSQL server")
@click.option("--serve/--no-serve", "serving", default=False, help="serve its pages when it is made")
@PORT
def demo(engine: str, into: str, url: str, serving: bool, port: int) -> None:
    """Make the sample studio: invented people, a policy in Japanese and English, the gate applied."""
    if serving:
        _need_site()
        port = free_port(port)
    folder = Path(into or f"var/demo-{engine}")
    if engine == "postgresql":
        url = url or os.environ.get("SEKISHO_DEMO_URL", POSTGRESQL)
    workspace = make_demo(folder, engine, url or FILE, show.say)
    show.done(f"{workspace.log.size} entries of evidence so far")
    show.say("\nTry it, in another terminal:")
    for hint in hints(workspace, folder, engine):
        show.say(f"\n  # {hint.says}\n  {hint.command}")
    if serving:
        show.say(f"\nThe policy page: http://{HOST}:{port}/ — stop with Ctrl-C")
        _serve(workspace, port)
    else:
        show.say(f"\nTo see its pages:\n  {_program()} serve {_here(folder)}")


@dataclass(frozen=True, slots=True)
class Hint:
    """A command to paste, and what it shows."""

    command: str
    says: str


def _program() -> str:
    return ".venv/bin/sekisho" if Path(".venv/bin/sekisho").exists() else "sekisho"


def _here(folder: Path) -> str:
    return f"-C {shlex.quote(str(folder))}"


def hints(workspace: Workspace, folder: Path, engine: str) -> list[Hint]:
    """Return what to try next, in order; every command runs as it stands."""
    here, program = _here(folder), _program()
    ask = f"{program} gate shell {STORE} {here} --purpose support --reason 'ticket 4711'"
    found = [
        Hint(f"{ask} -c 'select id, name, email from customers limit 3'", "what support may see"),
        Hint(
            f"{ask} -c 'select id, birth_date from customers limit 3'",
            "the birth date is kept back, with the clause that says why",
        ),
    ]
    if engine == "postgresql":
        found += _through_psql(workspace, here, program)
    found += [
        Hint(
            f"{program} consent withdraw {here} --person {STORE}:customer:1 --purpose support",
            "customer 1 no longer stands for support: gone from the next statement on",
        ),
        Hint(f"{program} evidence show {here}", "each permit, reading and decision, by handles"),
        Hint(f"{program} evidence verify {here}", "every byte of the log, from the first to the last"),
    ]
    if engine == "sqlite":
        found.append(
            Hint(f"{program} gate holes {STORE} {here}", "who gets past the gate: whoever opens shop.db reads it all")
        )
    return found


def _through_psql(workspace: Workspace, here: str, program: str) -> list[Hint]:
    address = urlsplit(workspace.settings.stores[0].url)
    server = address.netloc.rpartition("@")[2]
    psql = f"psql {shlex.quote(f'postgresql://studio_support@{server}{address.path}')}"
    permit = f"{program} gate permit {STORE} {here} --purpose support --reason 'ticket 4711'"
    return [
        Hint(f"{psql} -c 'select count(*) from support.customers'", "no permit, no rows"),
        Hint(f"({permit}; echo 'select count(*) from customers;') | {psql}", "the same with a permit, through psql"),
    ]
