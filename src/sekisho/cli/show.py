"""Showing things on a terminal, and as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sekisho.ground.errors import Refused, SekishoError

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def failure(error: Exception) -> int:
    """Print an error with its place and remedy, and return its exit code; what is not ours is raised again."""
    if not isinstance(error, SekishoError):
        raise error
    clause = f" [clause #{error.clause}]" if isinstance(error, Refused) and error.clause else ""
    place = f"{error.place}: " if error.place else ""
    word = "refused" if isinstance(error, Refused) else "error"
    err.print(f"[bold red]{word}[/]: {escape(place + str(error) + clause)}")
    if error.help:
        err.print(f"  [dim]help:[/] {escape(error.help)}")
    return error.exit_code


def as_json(value: Any) -> None:
    """Print a value for machines."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print rows under columns."""
    shown = Table(title=title or None, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(escape("" if v is None else str(v)) for v in row))
    out.print(shown)


def say(text: str) -> None:
    """Print a line."""
    out.print(escape(text))


def done(text: str) -> None:
    """Print that something was done."""
    out.print(f"[green]✓[/] {escape(text)}")
