"""Decisions: the receipts of what people decided, and the import of consents with their proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from sekisho.adapters.ledgers.decisions import CLASH, OVERTAKEN, STRANGER, Taken
from sekisho.adapters.ledgers.keyfile import load_or_make_key
from sekisho.app import releases
from sekisho.app.wire import Decided, Workspace
from sekisho.consent import receipt as receipts
from sekisho.consent.book import Choices, Shown, shown
from sekisho.consent.facts import Fact
from sekisho.consent.rows import Row, parse, read
from sekisho.evidence.note import Signer
from sekisho.ground.errors import BadInput, StoreTrouble
from sekisho.people.model import Place
from sekisho.policy.model import Policy

IMPORT = "import"
"""The client under whose name imported rows are remembered."""
MANY = 20
"""Wrong lines that are told; of the rest only the number."""


def signer(workspace: Workspace) -> Signer:
    """Return the key that signs consent receipts, made on first need."""
    return Signer("consent", load_or_make_key(workspace.settings.books / "keys" / "consent"))


def receipts_of(workspace: Workspace, place: Place, purpose: str = "") -> list[dict[str, object]]:
    """Return the signed receipts of a person's decisions, the oldest first; of one purpose where it is named."""
    person = workspace.people.person(place)
    if person is None:
        raise BadInput("nobody is known under this key", help="a receipt is of a decision that was recorded")
    key, policy_of = signer(workspace), cache(lambda version: _policy(workspace, version))
    found: Sequence[tuple[int, Fact]] = workspace.consents.numbered(person.id)
    return [
        receipts.sign(receipts.receipt(number, fact, policy_of(fact.version)), key)
        for number, fact in found
        if not purpose or fact.purpose == purpose
    ]


def _policy(workspace: Workspace, version: str) -> Policy:
    """Return the policy of a version: the present one, or one that was published; the present one where neither is."""
    if version == workspace.policy.version.isoformat():
        return workspace.policy
    kept = next((p for p in releases.published(workspace) if p.version == version and p.sound), None)
    return kept.policy if kept is not None else workspace.policy


# -- staff ------------------------------------------------------------------------------------------------------


def look_up(workspace: Workspace, place: Place) -> bool | None:
    """Say whether a person's row exists: True, False, or None where the store cannot be asked now."""
    if workspace.people.person(place) is not None:
        return True
    try:
        return (place.subject, place.key) in workspace.store(place.store).exists([(place.subject, place.key)])
    except StoreTrouble:
        return None


# -- import -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line that cannot be imported, and why; what stands in it is not repeated."""

    line: int
    says: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did, or would do: rows recorded, rows that were there, lines that a later decision overtook."""

    fresh: int = 0
    again: int = 0
    overtaken: tuple[int, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    decided: Decided = field(default_factory=lambda: Decided((), ()))


def bring_in(
    workspace: Workspace,
    path: Path,
    *,
    dry: bool = False,
    new: bool = False,
    told: Callable[[int, int], None] = lambda done, whole: None,
) -> Imported:
    """Import a file of consents, all rows or none; rows that came in before are not recorded again.

    `new` takes people whose row no store has yet; `told` hears how many rows of how many are done.
    """
    lines = read(path.name, path.read_bytes())
    rows, wrong = _checked(workspace, lines)
    if not new:
        wrong += _strangers(workspace, rows)
    if wrong or dry:
        return Imported(fresh=len(rows), wrong=tuple(sorted(wrong, key=lambda w: w.line)))
    rows.sort(key=lambda row: row[1].at)
    batch = [(IMPORT, choices) for _, choices in rows]
    taken, decided = workspace.take(batch, dated=True, told=lambda done: told(done, len(batch)))
    return _outcome([line for line, _ in rows], taken, decided)


def _checked(workspace: Workspace, lines: Sequence[Row]) -> tuple[list[tuple[int, Choices]], list[Wrong]]:
    classes = _classes(workspace)
    versions = cache(lambda version: _shown(workspace, version))
    rows: list[tuple[int, Choices]] = []
    wrong: list[Wrong] = []
    latest = workspace.clock().astimezone(UTC) + timedelta(minutes=5)
    for row in lines:
        try:
            choices = parse(row, workspace.shown, versions)
            _fits(choices, classes, latest)
        except BadInput as error:
            wrong.append(Wrong(row.line, str(error)))
            continue
        rows.append((row.line, choices))
    return rows, wrong


def _classes(workspace: Workspace) -> dict[str, set[str]]:
    return {s.name: {t.subject for t in s.rules.tables if t.subject} for s in workspace.stores()}


def _shown(workspace: Workspace, version: str) -> Shown | None:
    policy = _policy(workspace, version)
    return shown(policy) if policy.version.isoformat() == version else None


def _fits(choices: Choices, classes: Mapping[str, set[str]], latest: datetime) -> None:
    store, subject, _ = choices.who if isinstance(choices.who, tuple) else ("", "", "")
    if store not in classes:
        raise BadInput(f"`{store[:60]}` is not a store of these settings")
    if subject not in classes[store]:
        raise BadInput(f"`{subject[:60]}` is not a class of people in store `{store}`")
    if choices.at > latest:
        raise BadInput("`at` lies in the future")


def _strangers(workspace: Workspace, rows: Sequence[tuple[int, Choices]]) -> list[Wrong]:
    """Return the lines that name people whose row no store has."""
    wanted: dict[str, dict[tuple[str, str], int]] = {}
    for line, choices in rows:
        if isinstance(choices.who, tuple):
            store, subject, key = choices.who
            wanted.setdefault(store, {}).setdefault((subject, key), line)
    found = []
    for store, people in wanted.items():
        missing = people.keys() - workspace.store(store).exists(list(people))
        known = workspace.people.handles(store, missing)
        found += [
            Wrong(people[pair], f"store `{store}` has no row of this person") for pair in missing if pair not in known
        ]
    return found


def _outcome(lines: Sequence[int], taken: Sequence[Taken], decided: Decided) -> Imported:
    overtaken = [line for line, t in zip(lines, taken, strict=True) if t.trouble == OVERTAKEN]
    if clash := next((t.trouble for t in taken if t.trouble in (CLASH, STRANGER)), ""):
        raise RuntimeError(clash)  # a row's key is the digest of what it says, and its person is named by a place
    again = sum(t.again for t in taken)
    return Imported(len(taken) - again - len(overtaken), again, tuple(sorted(overtaken)), (), decided)
