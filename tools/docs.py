"""Makes the reference pages from the code; with --check, fails where one is stale or a page says what is not so."""

from __future__ import annotations

import sys
from pathlib import Path

import pages
import prose

TOP = Path(__file__).resolve().parents[1]
REFERENCE = "docs/reference"


def stale(top: Path, made: dict[str, str]) -> list[str]:
    """Return what is wrong with the reference pages that lie in a checkout."""
    folder = top / REFERENCE
    there = {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.md")}
    wrong = [
        f"{REFERENCE}/{name}: {'missing' if name not in there else 'stale'}; run `make docs`"
        for name, text in made.items()
        if there.get(name) != text
    ]
    return wrong + [f"{REFERENCE}/{name}: nothing makes this page" for name in sorted(there.keys() - made.keys())]


def main(arguments: list[str], top: Path = TOP) -> int:
    """Write the pages, or check them and the prose; returns the exit code."""
    try:
        made = pages.made()
    except KeyError as error:
        print(f"docs: tools/pages.py has no sentence for {error}: say what it is", file=sys.stderr)
        return 1
    if "--check" not in arguments:
        (top / REFERENCE).mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (top / REFERENCE / name).write_text(text, encoding="utf-8")
    wrong = stale(top, made) + prose.wrong(top)
    for line in wrong:
        print(f"docs: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
