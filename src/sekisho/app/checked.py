"""Checking a folder, and remembering what was found: a text that did not change need not be read again.

What is remembered lies as JSON in the cache folder of whoever runs it, under the digest of everything it follows
from: the name and bytes of every file that a check reads, the day, the program's own source, and the versions of
Python and of all libraries. It is printed, and its lock is written beside the policy as a fresh one would be; nothing
is applied or decided by it. A file there that is not as it was written, or that others could have written, is not
believed.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import msgspec

from sekisho.ground.errors import BadInput

PACKAGE = Path(__file__).resolve().parents[1]
READ = ("policy.md", "policy.??.md", "policy.lock", "map/*.yaml")
"""What a check reads in a folder."""


@dataclass(frozen=True, slots=True)
class Told:
    """A diagnostic as it is shown: with its place in the text, or as one line."""

    code: str
    severity: str
    message: str
    help: str
    article: str
    file: str | None
    position: tuple[int, int] | None
    shown: str


@dataclass(frozen=True, slots=True)
class ClauseKept:
    """How a clause is kept, in words."""

    clause: str
    state: str
    rules: tuple[str, ...]
    evidence: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: diagnostics, how each clause is kept, the stores that maps name, and the lock that holds."""

    compiled: bool
    told: tuple[Told, ...]
    clauses: tuple[ClauseKept, ...]
    states: tuple[str, ...]
    """Every state there is, from worst to best."""
    stores: tuple[str, ...]
    lock: str
    key: str = ""
    """The digest of everything that this follows from."""


def check(root: Path, today: date) -> Checked:
    """Return what checking a folder finds, remembered where nothing changed; raises BadInput where no policy is."""
    key, place = _key(root, today), _place(root)
    known = _remembered(place, key)
    if known is not None:
        return known
    # only a text that was not checked before needs the readers, which take most of the time of a start
    from sekisho.app.report import made  # noqa: PLC0415

    found = replace(made(root, today), key=key)
    _remember(place, found)
    return found


def _key(root: Path, today: date) -> str:
    """Return the digest of everything that a check follows from."""
    digest = hashlib.sha256()
    for name, content in _inputs(root, today):
        for part in (name.encode("utf-8", "surrogateescape"), content):
            # each part with its length: no two lists of parts have the same bytes
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _inputs(root: Path, today: date) -> Iterator[tuple[str, bytes]]:
    yield "day", today.isoformat().encode()
    yield "python", sys.version.encode()
    yield "libraries", "\n".join(_libraries(sys.path)).encode()
    for path in _files(PACKAGE, ("**/*.py", "**/*.toml")):
        yield f"program {path.relative_to(PACKAGE).as_posix()}", path.read_bytes()
    for path in _files(root, READ):
        name = path.relative_to(root).as_posix()
        yield f"text {name}", _bytes(path, name)


def _libraries(paths: Iterable[str]) -> Iterator[str]:
    """Yield what is installed, by the names of folders that say the version."""
    for path in paths:
        if path.endswith(("site-packages", "dist-packages")) and os.path.isdir(path):
            yield from sorted(n for n in os.listdir(path) if n.endswith((".dist-info", ".egg-info")))


def _files(root: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted({p for pattern in patterns for p in root.glob(pattern)})


def _bytes(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput("the file cannot be read", help="check that it is there and readable", place=name) from error


def _place(root: Path) -> Path | None:
    """Return where a folder's result is remembered, one file a folder so that nothing piles up; None where nowhere."""
    home = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.expanduser("~/.cache")
    if not os.path.isabs(home) or not hasattr(os, "getuid"):
        return None
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:32]
    return Path(home) / "sekisho" / "check" / f"{name}.json"


def _ours(status: os.stat_result) -> bool:
    """Say whether nobody but whoever runs this can have written it: a cache in a shared place may be a trap."""
    return status.st_uid == os.getuid() and not status.st_mode & 0o022


def _remembered(place: Path | None, key: str) -> Checked | None:
    if place is None:
        return None
    try:
        with place.open("rb") as file:
            if not (_ours(os.fstat(file.fileno())) and _ours(place.parent.stat())):
                return None
            known = msgspec.json.decode(file.read(), type=Checked)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    return known if known.key == key else None


def _remember(place: Path | None, found: Checked) -> None:
    """Write a result for the next time; where that cannot be, nothing is lost but time."""
    if place is None:
        return
    fresh = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _ours(place.parent.stat()):
            fresh.write_bytes(msgspec.json.encode(found))
            fresh.chmod(0o600)
            fresh.replace(place)
