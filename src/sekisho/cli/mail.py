"""The mail door on the command line: try it, look at what waits, send it, and keep people out of it who want that."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.app.post import Post
from sekisho.app.wire import Workspace
from sekisho.cli import show
from sekisho.cli.options import HERE, MACHINE
from sekisho.ground.errors import SekishoError
from sekisho.messages.ports import Handed, State, Verdict, Waiting
from sekisho.messages.templates import LANGUAGES

ADDRESS = click.argument("address")
FOR = click.option("--purpose", required=True, help="which messages, by their purpose")


@click.group()
def mail() -> None:
    """Send messages that hold no personal data, through your own mail server."""


@mail.command()
@ADDRESS
@click.option("--language", type=click.Choice(LANGUAGES), default=None, help="the policy's own where nothing is said")
@HERE
def test(address: str, language: str | None, folder: Path) -> None:
    """Send a test message to ADDRESS and say what happened, step by step."""
    post = Post(Workspace(folder))
    handed = post.test(address, lambda step, says: show.done(f"{step}: {says}"), language or "")
    hidden = (address, post.setting.login, post.setting.password)
    if handed.said:
        show.hint(f"the server says: {handed.code.split(' ')[0]} {_masked(handed.said, hidden)}")
    if handed.verdict is not Verdict.TAKEN:
        raise _failure(handed)
    show.say("look into that mailbox, and into its spam folder: a server that took a message may still hide it")


def _masked(text: str, hidden: tuple[str, ...]) -> str:
    for word in sorted(filter(None, hidden), key=len, reverse=True):
        text = text.replace(word, "…")
    return " ".join(text.split())


def _failure(handed: Handed) -> SekishoError:
    code = f" ({handed.code})" if handed.code else ""
    return SekishoError(f"{handed.says}{code}", help=handed.help, place=f"mail, step {handed.step}")


@mail.command()
@HERE
@MACHINE
def queue(folder: Path, machine: bool) -> None:
    """Show what waits and what became of the rest; addresses are not shown."""
    post = Post(Workspace(folder))
    found = post.books.queue.all()
    stopped = post.books.stops.count()
    if machine:
        show.as_json({"messages": [_row(m) for m in found], "do_not_contact": stopped})
        return
    if not found:
        show.say("no message waits, and none was sent lately")
    else:
        show.table(list(_row(found[0])), [list(_row(m).values()) for m in found])
    for purpose, count in stopped.items():
        show.say(f"{count} {'address does' if count == 1 else 'addresses do'} not want messages for {purpose}")


def _row(message: Waiting) -> dict[str, object]:
    open_ = message.state in (State.WAITING, State.SENDING)
    return {
        "message": message.id,
        "state": message.state.value,
        "purpose": message.purpose,
        "template": message.template,
        "made": f"{message.made:%Y-%m-%d %H:%M:%S}",
        "attempts": message.attempts,
        "next": f"{message.next_at:%Y-%m-%d %H:%M:%S}" if open_ and message.next_at is not None else "",
        "outcome": message.outcome,
    }


@mail.command()
@HERE
def flush(folder: Path) -> None:
    """Send what is due now; what the server puts off waits and is tried again."""
    tally = Post(Workspace(folder)).flush()
    said = f"sent {tally.sent}, held back {tally.suppressed}, given up {tally.given_up}, put off {tally.waiting}"
    show.done(said)
    if tally.trouble is not None:
        raise _failure(tally.trouble)


@mail.command()
@ADDRESS
@FOR
@HERE
def stop(address: str, purpose: str, folder: Path) -> None:
    """Put ADDRESS on the do-not-contact list for a purpose."""
    new = Post(Workspace(folder)).stop(address, purpose)
    show.done(f"no message for {purpose} goes there any more" if new else "it was on the list already")


@mail.command()
@ADDRESS
@FOR
@HERE
def allow(address: str, purpose: str, folder: Path) -> None:
    """Take ADDRESS off the do-not-contact list for a purpose; ask the person first."""
    gone = Post(Workspace(folder)).allow(address, purpose)
    show.done(
        f"messages for {purpose} may go there again, as far as the person stands for it" if gone else "not listed"
    )
