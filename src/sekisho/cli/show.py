"""Showing things on a terminal, and as JSON for machines."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sekisho.ground.errors import Refused, SekishoError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal would obey instead of showing: control characters, and marks that turn the direction of writing."""
WIDE = 10_000
"""Columns where no terminal folds them: one line a row, for programs that read lines."""
NULL, WITHHELD = "[dim](null)[/]", "[red](withheld)[/]"


def plain(value: object) -> str:
    """Return a value as text that a terminal only shows; it may come from anybody."""
    return CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", str(value))


def failure(error: Exception) -> int:
    """Print an error with its place and remedy, and return its exit code.

    Of what is not ours only the kind and the line of code are told: a library's message may hold personal data.
    """
    if isinstance(error, SekishoError):
        clause = f" [clause #{error.clause}]" if isinstance(error, Refused) and error.clause else ""
        word = "refused" if isinstance(error, Refused) else "error"
        place = f"{error.place}: " if error.place else ""
        complain(word, f"{place}{error}{clause}", error.help)
        return error.exit_code
    if isinstance(error, OSError) and error.filename is not None:
        complain(
            "error",
            f"`{error.filename}`: {(error.strerror or 'cannot be used').lower()}",
            "check the path and its permissions",
        )
        return 1
    if isinstance(error, UnicodeDecodeError):
        complain("error", "the text is not UTF-8", "save it as UTF-8")
        return 2
    frame = traceback.extract_tb(error.__traceback__)[-1]
    complain(
        "error",
        f"this should not happen: {type(error).__name__} in {frame.filename.rpartition('/')[2]}, line {frame.lineno}",
        "`sekisho --traceback …` shows how it came about; please report it, without data of people",
    )
    return 1


def complain(word: str, text: str, help: str = "") -> None:
    """Print beside the result what is wrong, under a word for its kind, and the remedy."""
    err.print(f"[bold red]{word}[/]: {escape(plain(text))}")
    if help:
        remedy(help)


def remedy(text: str) -> None:
    """Print what to do."""
    err.print(f"  [dim]help:[/] {escape(plain(text))}")


def as_json(value: Any) -> None:
    """Print a value for machines."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print rows under columns; folded to a terminal's width, one line a row elsewhere."""
    marked = [[escape("" if v is None else plain(v)) for v in row] for row in rows]
    _table([escape(plain(c)) for c in columns], marked, title)


def answer(columns: Sequence[str], rows: Iterable[Sequence[Any]], withheld: Iterable[str]) -> None:
    """Print what a statement gave: a NULL and what the policy withholds are not taken for texts."""
    hidden = set(withheld)
    marked = [
        [
            (WITHHELD if c in hidden else NULL) if v is None else escape(plain(v))
            for c, v in zip(columns, row, strict=True)
        ]
        for row in rows
    ]
    _table([escape(plain(c)) for c in columns], marked)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str = "") -> None:
    shown = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*row)
    (out if out.is_terminal else Console(highlight=False, width=WIDE)).print(shown)


def say(text: str) -> None:
    """Print a line."""
    out.print(escape(plain(text)))


def hint(text: str) -> None:
    """Print a line beside the result, where it is in nobody's way."""
    err.print(f"[dim]{escape(plain(text))}[/]")


def done(text: str) -> None:
    """Print that something was done."""
    out.print(f"[green]✓[/] {escape(plain(text))}")
