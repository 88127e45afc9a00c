"""The difference of two texts, word by word; Japanese, which has no spaces, character by character."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher

TOKEN = re.compile(r"[A-Za-z0-9À-ɏ'’-]+|\s+|.", re.DOTALL)


def difference(old: str, new: str) -> Iterator[tuple[str, str]]:
    """Yield (`same`, `old` or `new`, text) runs that lead from one text to the other."""
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            yield "same", "".join(before[a:b])
            continue
        if a < b:
            yield "old", "".join(before[a:b])
        if c < d:
            yield "new", "".join(after[c:d])
