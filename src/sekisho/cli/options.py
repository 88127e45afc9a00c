"""Options and arguments that several commands share, and words by which people name somebody."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from sekisho.ground.errors import BadInput

HERE = click.option(
    "-C", "--folder", default=".", type=click.Path(path_type=Path, file_okay=False), help="the policy's folder"
)
FOLDER = click.argument("folder", default=".", type=click.Path(path_type=Path, file_okay=False))
STORE = click.argument("store")
PURPOSE = click.option("--purpose", required=True, help="what the data will be used for")
REASON = click.option("--reason", default="", help="why, for instance a ticket")
LOGIN = click.option("--login", default="", help="the database login; the first one whose ceiling holds the purpose")
SUBJECT = click.option("--subject", default="", help="whose request it is, as class:key (for answer-requests)")
MACHINE = click.option("--json", "machine", is_flag=True, help="print JSON")


def unknown(word: str, what: str, known: Iterable[str], place: str = "") -> BadInput:
    """Return the error for a word that is not one of those that exist, which it lists."""
    names = ", ".join(sorted(known))
    return BadInput(
        f"`{word[:60]}` is not {what}", help=f"use one of: {names}" if names else "there is none", place=place
    )
