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
        """Return a source with normalised line ends and its line table; what UTF-8 cannot hold becomes `?`."""
        text = text.encode("utf-8", "replace").decode().removeprefix("\ufeff")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
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


LONGEST_QUOTE = 40
TAB = "    "


def quoted(text: str) -> str:
    """Return the user's words in backticks for a message: on one line, and not longer than a line can hold."""
    words = visible(" ".join(text.split()))
    return f"`{words if len(words) <= LONGEST_QUOTE else words[: LONGEST_QUOTE - 1] + '…'}`"


def visible(text: str) -> str:
    """Return a text that a terminal shows as it is: no control character moves, colours or turns what is printed."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char == "\t":
        return TAB
    if char < " ":
        return chr(0x2400 + ord(char))
    kind = unicodedata.category(char)
    # joiners belong into names; what turns the direction of writing or breaks a line does not
    turns = unicodedata.bidirectional(char) in TURNS or char in "\u200e\u200f\u061c"
    return "\ufffd" if turns or kind in ("Cc", "Cs", "Zl", "Zp") else char


TURNS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def width(text: str) -> int:
    """Return how many terminal cells a text takes: wide East Asian characters two, marks and joiners none."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def render(diagnostic: Diagnostic, source: Source | None) -> str:
    """Return a diagnostic as text: message, place, the source line underlined, and the help line."""
    lines = [f"{diagnostic.severity.value}[{diagnostic.code}]: {visible(diagnostic.message)}"]
    if diagnostic.span is not None and source is not None:
        lines += _underlined(diagnostic.span, source)
    elif diagnostic.span is not None:
        lines.append(f" --> {visible(diagnostic.span.file)}")
    if diagnostic.article:
        lines.append(f"  = article: {diagnostic.article}")
    if diagnostic.help:
        lines.append(f"  = help: {visible(diagnostic.help)}")
    return "\n".join(lines)


def _underlined(span: Span, source: Source) -> list[str]:
    """Return the first line of a span with its place and underline; a long line is cut around the place."""
    row, column = source.position(span.start)
    line, begin = source.line(row), column - 1
    marked = line[begin : begin + max(span.end - span.start, 0)].rstrip()
    before, after = line[:begin], line[begin + len(marked) :]
    if len(before) > LONGEST_LINE:
        before = "…" + before[1 - LONGEST_LINE :]
    if len(marked) > LONGEST_LINE:
        marked, after = marked[:LONGEST_LINE], "…"
    if len(after) > LONGEST_LINE:
        after = after[: LONGEST_LINE - 1] + "…"
    before, marked, after = visible(before), visible(marked), visible(after)
    gutter = " " * len(str(row))
    return [
        f"{gutter}--> {visible(source.name)}:{row}:{column}",
        f"{gutter} |",
        f"{row} | {before}{marked}{after}".rstrip(),
        f"{gutter} | {' ' * width(before)}{'^' * max(1, width(marked))}",
    ]


LONGEST_LINE = 100
"""Characters shown before, under and after a place; lines of prose may be much longer."""


def failed(diagnostics: list[Diagnostic] | tuple[Diagnostic, ...]) -> bool:
    """Say whether any diagnostic is an error."""
    return any(d.severity is Severity.ERROR for d in diagnostics)
