"""A restore that is not finished: a mark in the books while it lasts, and what must not go on meanwhile."""

from __future__ import annotations

from pathlib import Path

from sekisho.adapters.ledgers.keyfile import replace
from sekisho.ground.errors import StoreTrouble

FILE = "restore.unfinished"
HALF, BEHIND = "half", "behind"
HELP = {
    HALF: "run the same `sekisho restore` again, with --force",
    BEHIND: "restore later books, or say that what is missing is lost: `sekisho restore --accept-loss`",
}


def begin(books: Path, state: str) -> None:
    """Put the mark, durable, or change it."""
    books.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace(books / FILE, state.encode())


def end(books: Path) -> None:
    """Take the mark away."""
    (books / FILE).unlink(missing_ok=True)


def state(books: Path) -> str:
    """Return how far a restore came that is not finished; empty where there is none."""
    try:
        said = (books / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    return said if said in HELP else HALF


def refuse(books: Path) -> None:
    """Raise StoreTrouble while a restore is not finished: nothing is opened over half of it."""
    said = state(books)
    if said:
        what = "a restore was cut short" if said == HALF else "a store knows decisions that the restored books lack"
        raise StoreTrouble(what, help=HELP[said])
