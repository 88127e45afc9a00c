"""Recording what people decided: from the desk, from a file with its proof; receipts, and the clients of the API."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import re
from pathlib import Path
from typing import IO

import click
from rich.progress import Progress

from sekisho.app import decisions as deeds
from sekisho.app.following import beside
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE, unknown
from sekisho.cli.serve import HOST, free_port, until_stopped
from sekisho.consent import receipt as receipts
from sekisho.consent.facts import Decision
from sekisho.evidence.note import Key
from sekisho.ground.errors import BadInput, Tampered
from sekisho.people.model import Place

PERSON = click.option("--person", required=True, help="store:class:key, for instance shop:customer:42")
NEW = click.option("--new", is_flag=True, help="take people whose row no store has yet")
SAYS = {
    Decision.GIVE: "Record a yes to a purpose and carry it into every store.",
    Decision.REFUSE: "Record a no that answers a question and carry it into every store.",
    Decision.WITHDRAW: "Record that a yes was taken back; returns when the stores have committed it.",
    Decision.OBJECT: "Record that a person objects to a use that needs no yes; it ends for them.",
    Decision.EXPIRE: "Record that a yes has run out.",
}
CLIENT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")


class Consent(click.Group):
    """A group that answers a decision that is none with the decisions that there are."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; a word that is none is answered with those that are."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            known = ", ".join(f"'{name}'" for name in self.commands)
            ctx.fail(f"`{show.plain(args[0][:60])}` is not one of {known}")
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a working day."""
        return list(self.commands)


@click.group(cls=Consent)
def consent() -> None:
    """Record what people decided, import it with its proof, and give receipts."""


def _deciding(decision: Decision) -> None:
    @consent.command(decision.value, help=SAYS[decision])
    @PERSON
    @click.option("--purpose", required=True)
    @click.option("--guardian", is_flag=True, help="a guardian decided")
    @click.option("--key", default="", help="an idempotency key: the same request sent again counts once")
    @NEW
    @HERE
    def decide(person: str, purpose: str, guardian: bool, key: str, new: bool, folder: Path) -> None:
        workspace = Workspace(folder)
        place = _place(workspace, person)
        workspace.shown.choose(purpose, decision)
        exists = True if new else deeds.look_up(workspace, place)
        if exists is False:
            raise BadInput(
                f"store `{place.store}` has no row of this person",
                help="correct the key, or say `--new` for a row to come",
            )
        decided = workspace.decide(place, purpose, decision, by="guardian" if guardian else "self", key=key)
        show.done(f"recorded; obeyed from the next statement on in: {', '.join(decided.stores) or 'no store'}")
        if exists is None:
            show.hint("the store cannot be asked whether this person has a row; it was taken as it stands")
        if decided.waiting:
            show.say(f"does not answer, and follows when it is back: {', '.join(decided.waiting)}")


for _decision in Decision:
    _deciding(_decision)


def _place(workspace: Workspace, person: str) -> Place:
    """Return where a person's row stands; raises BadInput with what exists where the words name nothing."""
    parts = person.split(":", 2)
    if len(parts) != 3 or not all(parts):
        raise BadInput("this does not name a person", help="write store:class:key, for instance shop:customer:42")
    place = Place(*parts)
    stores = {s.name for s in workspace.settings.stores}
    if place.store not in stores:
        raise unknown(place.store, "a store of these settings", stores, "--person")
    classes = {t.subject for t in workspace.store(place.store).rules.tables if t.subject}
    if place.subject not in classes:
        raise unknown(place.subject, f"a class of people in store `{place.store}`", classes, "--person")
    return place


# -- import -----------------------------------------------------------------------------------------------------


@consent.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--dry-run", "dry", is_flag=True, help="say what is wrong and record nothing")
@NEW
@HERE
def import_(file: Path, dry: bool, new: bool, folder: Path) -> int:
    """Import consents with their proof from FILE, all rows or none: CSV with a heading, else one JSON object a line.

    A row that came in before is not recorded again; one that a later decision has overtaken is left out.
    """
    workspace = Workspace(folder)
    with Progress(console=show.err, transient=True, disable=not show.err.is_terminal) as progress:
        task = progress.add_task("recording", total=None)
        found = deeds.bring_in(
            workspace,
            file,
            dry=dry,
            new=new,
            told=lambda done, whole: progress.update(task, completed=done, total=whole),
        )
    for wrong in found.wrong[: deeds.MANY]:
        show.complain("error", f"{file.name}:{wrong.line}: {wrong.says}")
    if found.wrong:
        show.complain(
            "error", f"{len(found.wrong)} lines are wrong, so nothing was recorded", "correct them, then import"
        )
        return 2
    if dry:
        show.done(f"{found.fresh} rows are right; nothing was recorded")
        return 0
    show.done(f"{found.fresh} decisions recorded; obeyed in: {', '.join(found.decided.stores) or 'no store'}")
    if found.again:
        show.say(f"{found.again} rows had been imported before")
    if found.overtaken:
        lines = ", ".join(map(str, found.overtaken[: deeds.MANY]))
        show.say(f"{len(found.overtaken)} left out, for a later decision of that person is in the ledger: line {lines}")
    if found.decided.waiting:
        show.say(f"does not answer, and follows when it is back: {', '.join(found.decided.waiting)}")
    return 0


# -- receipts ---------------------------------------------------------------------------------------------------


@consent.command()
@PERSON
@click.option("--purpose", default="", help="of decisions about this purpose only")
@click.option("--all", "every", is_flag=True, help="of every decision, one a line; else of the last one")
@HERE
def receipt(person: str, purpose: str, every: bool, folder: Path) -> None:
    """Print the signed receipt of a person's last decision, for them to keep."""
    workspace = Workspace(folder)
    found = deeds.receipts_of(workspace, _place(workspace, person), purpose)
    if not found:
        raise BadInput("no decision of this person is recorded there", help="leave `--purpose` out, or correct it")
    if every:
        for one in found:
            click.echo(json.dumps(one, ensure_ascii=False))
        return
    show.as_json(found[-1])


@consent.command()
@HERE
def key(folder: Path) -> None:
    """Print the verifier key of the receipts; give it out by another way than the receipts."""
    click.echo(deeds.signer(Workspace(folder)).key.text)


@consent.command("verify-receipt")
@click.argument("file", type=click.File("rb"))
@click.option("--key", "text", required=True, help="the verifier key, as `sekisho consent key` prints it")
@click.option("--text", "words", type=click.File("rb"), help="the words that must have been shown")
def verify_receipt(file: IO[bytes], text: str, words: IO[bytes] | None) -> None:
    """Check a receipt with nothing but the verifier key; a failed check exits with 5."""
    try:
        signed = json.loads(file.read())
        shown = words.read().decode("utf-8").rstrip("\n") if words is not None else None
    except (ValueError, RecursionError) as error:
        raise BadInput("this is not a consent receipt", help="give the file that the receipt was printed to") from error
    if why := receipts.verify(signed, Key.parse(text), shown):
        raise Tampered(f"the receipt does not hold: {why}", help="ask for the receipt and the key again")
    show.done("the receipt holds: signed with this key, and not a letter was changed")


# -- clients of the API -----------------------------------------------------------------------------------------


@consent.group()
def client() -> None:
    """The applications that may record decisions through the API."""


@client.command()
@click.argument("name")
@HERE
def add(name: str, folder: Path) -> None:
    """Let the application NAME record decisions; prints its key, once."""
    if not CLIENT_NAME.match(name):
        raise BadInput("a client's name is a word of small letters, digits and `._-`", help="for instance `web-shop`")
    made = Workspace(folder).decisions.admit(name)
    show.hint("keep it where only that application reads it: it is shown this once and kept nowhere here")
    click.echo(made)


@client.command()
@click.argument("name")
@HERE
def remove(name: str, folder: Path) -> None:
    """Take NAME's key away; within a second it opens nothing."""
    workspace = Workspace(folder)
    if not workspace.decisions.dismiss(name):
        raise unknown(name, "a client", [n for n, _, _ in workspace.decisions.clients()])
    show.done(f"the key of `{name}` opens nothing any more")


@client.command("list")
@MACHINE
@HERE
def list_(machine: bool, folder: Path) -> None:
    """List the clients, without their keys."""
    found = [(name, since) for name, _, since in Workspace(folder).decisions.clients()]
    if machine:
        show.as_json([{"name": n, "since": s} for n, s in found])
        return
    show.table(("client", "since (UTC)"), found) if found else show.say("no application may record decisions yet")


# -- the door ---------------------------------------------------------------------------------------------------


@consent.command()
@HERE
@click.option("--port", type=click.IntRange(0, 65535), default=8421, show_default=True, help="0 takes any that is free")
def serve(folder: Path, port: int) -> None:
    """Take decisions of applications on this machine, and carry them into every store within a second."""
    missing = [name for name in ("granian", "starlette") if importlib.util.find_spec(name) is None]
    if missing:
        raise BadInput(f"the site is not installed: `{missing[0]}` is missing", help="pip install 'sekisho[site]'")
    from granian.constants import Interfaces  # noqa: PLC0415 - the site is an extra
    from granian.log import LogLevels  # noqa: PLC0415 - the site is an extra
    from granian.server import Server  # noqa: PLC0415 - the site is an extra

    workspace = Workspace(folder)
    port = free_port(port)
    # what follower, keeper and door all want is made before they are
    show.hint(f"{len(workspace.decisions.clients())} clients; the log `{workspace.signer.name}` is open")
    os.environ["SEKISHO_FOLDER"] = str(workspace.root)
    spawn = multiprocessing.get_context("spawn")
    spawn.Process(target=beside, args=(str(workspace.root), os.getpid()), daemon=True).start()
    show.say(f"taking decisions on http://{HOST}:{port}/decisions — stop with Ctrl-C")
    server = Server(
        "sekisho.hot.asgi:application", address=HOST, port=port, interface=Interfaces.ASGI, log_level=LogLevels.error
    )
    until_stopped(server)
    show.say("stopped; what was taken is in the books, and is carried when this or `sekisho serve` runs again")
