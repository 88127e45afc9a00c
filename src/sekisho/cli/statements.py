"""Cutting a text of SQL into statements at the semicolons that end one, as people type it: line by line, over lines.

Quotes, quoted names, dollar quotes and comments of both engines are stepped over, not understood: whether a statement
means anything is for the database to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MARK = re.compile(r"'|\"|`|--|/\*|(?<![\w$])\$(?:[A-Za-z_\u0080-\U0010ffff][\w\u0080-\U0010ffff]*)?\$|;")
"""Where something begins in which a semicolon is not an end, or the end itself."""

CLOSING = {"--": "\n", "/*": "*/"}
"""What ends what was opened; quotes end with themselves, and a doubled one opens the next at once."""


class Cutter:
    """Takes lines, gives back the statements that are whole; what is not yet whole waits."""

    def __init__(self) -> None:
        self.waiting = ""

    def feed(self, line: str) -> list[str]:
        """Take a line and return the statements that it completes, without their semicolons."""
        self.waiting += line if line.endswith("\n") else line + "\n"
        whole = []
        while (end := _end(self.waiting)) is not None:
            whole.append(self.waiting[:end].strip())
            self.waiting = self.waiting[end + 1 :]
        if not bare(self.waiting):
            self.waiting = ""
        return [w for w in whole if bare(w)]

    def rest(self) -> str:
        """Return what waits, as a statement that was not ended, and begin anew."""
        left, self.waiting = self.waiting.strip(), ""
        return left if bare(left) else ""


def cut(lines: Iterable[str]) -> Iterator[str]:
    """Yield the statements of a text; the last one needs no semicolon."""
    cutter = Cutter()
    for line in lines:
        yield from cutter.feed(line)
    last = cutter.rest()
    if last:
        yield last


def bare(text: str) -> bool:
    """Say whether anything is left of a text without comments and white space."""
    at = 0
    while at < len(text):
        if text.startswith("--", at) or text.startswith("/*", at):
            at = _past(text, at, text[at : at + 2]) or len(text)
        elif not text[at].isspace():
            return True
        else:
            at += 1
    return False


def _end(text: str) -> int | None:
    """Return where the first semicolon stands that ends a statement."""
    at = 0
    while (found := MARK.search(text, at)) is not None:
        if found[0] == ";":
            return found.start()
        past = _past(text, found.start(), found[0])
        if past is None:
            return None
        at = past
    return None


def _past(text: str, start: int, opening: str) -> int | None:
    """Return where what opens at `start` is over, or None when it is not yet."""
    closing = CLOSING.get(opening, opening)
    found = text.find(closing, start + len(opening))
    return None if found < 0 else found + len(closing)
