"""The cosigner: an outsider's small memory, which refuses a log that does not extend what it saw last.

A local chain cannot show that the whole database was rolled back; a cosigner that keeps its own last checkpoint can.
Pure: its state is a value, its file is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sekisho.evidence import note as notes
from sekisho.evidence import tree
from sekisho.ground.errors import Tampered


@dataclass(frozen=True, slots=True)
class Seen:
    """The last checkpoint that a cosigner signed; size 0 before the first."""

    origin: str
    size: int = 0
    root: bytes = tree.EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The newest checkpoint that an outsider signed: whose key, how many entries it covers, and when (POSIX)."""

    cosigner: notes.Key
    size: int
    root: bytes
    at: int


def cosign(
    seen: Seen, text: str, log_key: notes.Key, proof: Sequence[bytes], signer: notes.Signer, instant: int
) -> tuple[Seen, str]:
    """Return the new memory and the cosigned note; raises Tampered when the log was rolled back or rewritten."""
    point = notes.Checkpoint.parse(text)
    if notes.verify(text, log_key) is None:
        raise Tampered(
            "the checkpoint is not signed by the log's key", help="compare the key with the one you were given"
        )
    if point.origin != seen.origin:
        raise Tampered(
            f"the checkpoint is of another log: `{point.origin}`", help=f"this cosigner follows `{seen.origin}`"
        )
    if point.size < seen.size:
        raise Tampered(
            f"the log was rolled back: {seen.size} entries were signed before, {point.size} are shown now",
            help="ask for the log that was signed; keep this cosigner's file as proof",
        )
    if seen.size and not tree.is_consistent(seen.size, seen.root, point.size, point.root, proof):
        raise Tampered(
            f"the log was rewritten: its first {seen.size} entries are not those that were signed",
            help="ask for the log that was signed; keep this cosigner's file as proof",
        )
    # what is signed is the whole text: extensions that the log signed are signed with it
    return Seen(point.origin, point.size, point.root), text + signer.sign(notes.split(text)[0], instant)


def witnessed(texts: Iterable[str], keys: Sequence[notes.Key]) -> Witnessed | None:
    """Return the newest checkpoint that one of these cosigners signed, or None: not witnessed outside."""
    found: list[Witnessed] = []
    for text in texts:
        for key in keys:
            at = notes.verify(text, key) if key.kind == notes.COSIGNATURE else None
            if at is not None:
                point = notes.Checkpoint.parse(text)
                found.append(Witnessed(key, point.size, point.root, at))
    return max(found, key=lambda w: (w.size, w.at), default=None)
