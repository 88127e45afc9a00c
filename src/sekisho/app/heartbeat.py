"""The keeper's word: a small file in the books that says when it was last at work, and where it could not do it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from sekisho.adapters.ledgers.keyfile import replace

FILE = "keeper.json"
SILENT = timedelta(minutes=2)
"""How long a keeper may be silent: it has something to do each minute, and leases last three."""


class Word(msgspec.Struct, frozen=True):
    """When a keeper was last at work, as which process of which machine, and where something was wrong."""

    at: datetime
    host: str
    process: int
    troubles: list[str]

    def fresh(self, now: datetime) -> bool:
        """Say whether the keeper was heard of lately."""
        return now - self.at <= SILENT


def give(books: Path, at: datetime, troubles: Iterable[str]) -> None:
    """Leave a keeper's word."""
    books.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace(books / FILE, msgspec.json.encode(Word(at, socket.gethostname(), os.getpid(), sorted(troubles))))


def hear(books: Path) -> Word | None:
    """Return the last keeper's word, or None where there is none that can be read."""
    try:
        return msgspec.json.decode((books / FILE).read_bytes(), type=Word)
    except (OSError, msgspec.DecodeError):
        return None


def withdraw(books: Path) -> None:
    """Take the word back when the keeper ends of itself."""
    (books / FILE).unlink(missing_ok=True)


def at_work(books: Path, now: datetime) -> bool:
    """Say whether a service keeps these books now: heard of lately, and its process is still there."""
    word = hear(books)
    if word is None or not word.fresh(now):
        return False
    if word.host != socket.gethostname():
        # a process of another machine, or of another container, cannot be looked for from here
        return True
    try:
        os.kill(word.process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # it is there, and somebody else's
        return True
    return True
