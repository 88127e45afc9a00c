"""Source texts, spans and diagnostics: how a reader says what is wrong, where, and what to do.

Readers never raise on bad text; they return diagnostics. A diagnostic's message is lower case, without a full
stop, with the user's words in backticks; its span is underlined in the source; its help line is the remedy.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import Enum


class Severity(Enum):
    """How much a diagnostic weighs: an error stops compilation, a warning is shown, a note explains."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of characters `[start, end)` in the named source."""

    file: str
    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A text with its name; knows lines. Line ends are LF after `Source.of`."""

    name: str
    text: str
    starts: tuple[int, ...] = field(default=(), repr=False, compare=False)

    @staticmethod
    def of(name: str, text: str) -> Source:
        """Return a source with normalised line ends and its line table."""
        text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(text) if char == "\n")
        return Source(name, text, tuple(starts))

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, of a character offset."""
        line = bisect_right(self.starts, offset) - 1
        return line + 1, offset - self.starts[line] + 1

    def offset(self, line: int, column: int = 0) -> int:
        """Return the character offset of a line and column, both from 0, held inside the text."""
        if line >= len(self.starts):
            return len(self.text)
        return min(self.starts[line] + column, len(self.text))

    def line(self, number: int) -> str:
        """Return the text of a line counted from 1, without its end."""
        start = self.starts[number - 1]
        end = self.starts[number] - 1 if number < len(self.starts) else len(self.text)
        return self.text[start:end]

    def span(self, start: int, end: int) -> Span:
        """Return a span of this source, held inside the text."""
        start = max(0, min(start, len(self.text)))
        return Span(self.name, start, max(start, min(end, len(self.text))))


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing to say about a text: code, severity, message, place, remedy and (for law) the article."""

    code: str
    message: str
    span: Span | None = None
    help: str = ""
    severity: Severity = Severity.ERROR
    article: str = ""


def width(text: str) -> int:
    """Return how many terminal cells a text takes: wide East Asian characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def render(diagnostic: Diagnostic, source: Source | None) -> str:
    """Return a diagnostic as text: message, place, the source line underlined, and the help line."""
    head = f"{diagnostic.severity.value}[{diagnostic.code}]: {diagnostic.message}"
    lines = [head]
    if diagnostic.span is not None and source is not None:
        row, column = source.position(diagnostic.span.start)
        shown = source.line(row)
        gutter = " " * len(str(row))
        reach = min(diagnostic.span.end, diagnostic.span.start + len(shown) - column + 1)
        marked = source.text[diagnostic.span.start : max(reach, diagnostic.span.start)]
        lines += [
            f"{gutter}--> {source.name}:{row}:{column}",
            f"{gutter} |",
            f"{row} | {shown}",
            f"{gutter} | {' ' * width(shown[: column - 1])}{'^' * max(1, width(marked))}",
        ]
    elif diagnostic.span is not None:
        lines.append(f" --> {diagnostic.span.file}")
    if diagnostic.article:
        lines.append(f"  = article: {diagnostic.article}")
    if diagnostic.help:
        lines.append(f"  = help: {diagnostic.help}")
    return "\n".join(lines)


def failed(diagnostics: list[Diagnostic] | tuple[Diagnostic, ...]) -> bool:
    """Say whether any diagnostic is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)
