"""Commands that serve: the pages of a folder, and the demonstration."""

from __future__ import annotations

import os
import secrets
import shlex
import threading
from pathlib import Path

import click

from sekisho.app.demo import STORE, make_demo
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.gate import HERE
from sekisho.ground.errors import BadInput

PORT = click.option("--port", default=8420, show_default=True)
POSTGRESQL = "postgresql://postgres@127.0.0.1:5432/sekisho_demo"


def _serve(folder: Path, port: int) -> None:
    try:
        from granian.constants import Interfaces  # noqa: PLC0415 - the site is an extra
        from granian.server import Server  # noqa: PLC0415 - the site is an extra
    except ImportError as error:
        raise BadInput("the site is not installed", help="pip install 'sekisho[site]'") from error
    os.environ["SEKISHO_FOLDER"] = str(folder.resolve())
    os.environ.setdefault("SEKISHO_SECRET", secrets.token_urlsafe(32))
    keeper = threading.Thread(target=_keep, args=(Workspace(folder),), daemon=True)
    keeper.start()
    Server(
        "sekisho.web.wsgi:application", address="127.0.0.1", port=port, interface=Interfaces.WSGI, log_enabled=False
    ).serve()


def _keep(workspace: Workspace) -> None:
    """Each minute: renew leases, carry what stores witnessed, end what is over."""
    pause = threading.Event()
    while True:
        for name, trouble in workspace.keep().items():
            show.err.print(f"{name}: {trouble}")
        pause.wait(60)


@click.command()
@HERE
@PORT
def serve(folder: Path, port: int) -> None:
    """Serve the pages of a folder on this machine, and keep its stores' leases."""
    Workspace(folder)
    show.say(f"serving http://127.0.0.1:{port}/ — stop with Ctrl-C")
    _serve(folder, port)


@click.command()
@click.option("--store", "engine", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--into", default="", help="the folder; var/demo-ENGINE when none is named")
@click.option("--url", default="", help="the database's address; an empty database of a PostgreSQL server")
@click.option("--serve/--no-serve", "serving", default=False, help="serve its pages when it is made")
@PORT
def demo(engine: str, into: str, url: str, serving: bool, port: int) -> None:
    """Make the sample studio: invented people, a policy in Japanese and English, the gate applied."""
    folder = Path(into or f"var/demo-{engine}")
    if engine == "postgresql" and not (folder / "sekisho.toml").exists():
        from sekisho.adapters.stores.postgres_admin import empty_database  # noqa: PLC0415 - SQLite needs no server

        url = url or os.environ.get("SEKISHO_DEMO_URL", POSTGRESQL)
        empty_database(url)
    workspace = make_demo(folder, engine, url or "sqlite:///shop.db", show.say)
    _next(workspace, folder, engine, port if serving else 0)
    if serving:
        _serve(folder, port)


def _next(workspace: Workspace, folder: Path, engine: str, port: int) -> None:
    here = f"-C {shlex.quote(str(folder))}"
    sekisho = ".venv/bin/sekisho" if Path(".venv/bin/sekisho").exists() else "sekisho"
    ask = f"{sekisho} gate shell {STORE} {here} --purpose support --reason 'ticket 4711'"
    show.done(f"{workspace.log.size} entries of evidence so far")
    show.say("\nTry it, in another terminal:")
    show.say(f"  {ask} -c 'select id, name, email from customers limit 3'")
    show.say(f"  {ask} -c 'select birth_date from customers'      # refused, with the clause")
    show.say(f"  {sekisho} consent withdraw {here} --person {STORE}:customer:1 --purpose support")
    show.say(f"  {sekisho} evidence show {here}")
    show.say(f"  {sekisho} evidence verify {here}")
    if engine == "postgresql":
        url = workspace.settings.stores[0].url.replace("postgres@", "studio_support@")
        show.say(f"  psql '{url}' -c 'select count(*) from support.customers'   # no permit, no rows")
        show.say(f"  {sekisho} gate permit {STORE} {here} --purpose support --reason 'ticket 4711'   # paste in psql")
    else:
        show.say(
            "  (the gate stands before those who go through it; whoever can open shop.db can read it: docs/trust.md)"
        )
    if port:
        show.say(f"\nThe policy page: http://127.0.0.1:{port}/")
