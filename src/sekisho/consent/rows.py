"""Rows of an import: a CSV file with a heading, or one JSON object a line, become choices. Pure.

    store      where the person's row is         class     of which class they are
    key        as the map writes it              purpose   a purpose of the policy
    decision   give, refuse, withdraw …          at        when, with its time zone (RFC 3339)
    text       the words that were shown, or     sha256    their SHA-256
    version    of those words                    language  of those words
    method     how they decided: `form`, `paper`  by        self (where it is empty) or guardian

Proof is text, version, language and method; a row without it is refused. Words of a published version must be those
that the version has, and its yes counts for the number that the purpose had then.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from sekisho.consent.book import Choice, Choices, Shown, check
from sekisho.consent.facts import Decision
from sekisho.ground import canon
from sekisho.ground.errors import BadInput

FIELDS = ("store", "class", "key", "purpose", "decision", "at", "text", "sha256", "version", "language", "method", "by")
NEEDED = ("store", "class", "key", "purpose", "decision", "at", "version", "language", "method")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: where it stands in its file, and its fields; `trouble` says why it is none."""

    line: int
    fields: Mapping[str, str]
    trouble: str = ""


def read(name: str, data: bytes) -> list[Row]:
    """Return the rows of a file; raises BadInput where it is not text or has no heading."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("the file is not UTF-8 text", help="save it as UTF-8", place=name) from error
    return _csv(name, text) if name.lower().endswith(".csv") else _json(text)


def _csv(name: str, text: str) -> list[Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        heads = reader.fieldnames or []
        if odd := [h for h in heads if h not in FIELDS] or [h for h in NEEDED if h not in heads]:
            raise BadInput(
                f"the heading is not right at `{odd[0][:60]}`", help=f"write: {','.join(FIELDS)}", place=f"{name}:1"
            )
        rows = []
        for fields in reader:
            whole = None not in fields and None not in fields.values()
            said = (
                {k: v.strip() if k != "text" else v for k, v in fields.items() if isinstance(v, str)} if whole else {}
            )
            rows.append(
                Row(reader.line_num, said, "" if whole else "this row has more or fewer fields than the heading")
            )
    except csv.Error as error:
        raise BadInput("this is not a CSV file", help=str(error), place=f"{name}:{reader.line_num}") from error
    return rows


def _json(text: str) -> list[Row]:
    decode, rows = msgspec.json.Decoder(dict[str, str]).decode, []
    for line, said in enumerate(text.split("\n"), 1):
        if not said.strip():
            continue
        try:
            rows.append(Row(line, decode(said)))
        except (msgspec.DecodeError, UnicodeEncodeError):
            rows.append(Row(line, {}, "this line is not a JSON object of texts"))
    return rows


def parse(row: Row, now: Shown, versions: Callable[[str], Shown | None]) -> Choices:
    """Return what a row says was decided; raises BadInput. `versions` knows what published versions showed."""
    said = row.fields
    if row.trouble:
        raise BadInput(row.trouble)
    if missing := next((f for f in NEEDED if not said.get(f)), "") or next((f for f in said if f not in FIELDS), ""):
        raise BadInput(f"`{missing[:60]}` is missing, or is not a field")
    choices = Choices(
        (said["store"], said["class"], said["key"]),
        (_choice(said, now, versions(said["version"])),),
        said["version"],
        said["language"],
        said["method"],
        _instant(said["at"]),
        said.get("by") or "self",
    )
    check(choices)
    return replace(choices, key=choices.digest(dated=True))


def _choice(said: Mapping[str, str], now: Shown, then: Shown | None) -> Choice:
    words, digest = said.get("text", ""), said.get("sha256", "").lower()
    if not words and not digest:
        raise BadInput("without `text` or `sha256` there is no proof")
    if words and digest and canon.text_digest(words) != digest:
        raise BadInput("`sha256` is not that of `text`")
    try:
        decision = Decision(said["decision"])
    except ValueError as error:
        known = ", ".join(d.value for d in Decision)
        raise BadInput(f"`{said['decision'][:60]}` is not a decision: {known}") from error
    digest = digest or canon.text_digest(words)
    if then is not None:
        return then.choose(said["purpose"], decision, said["language"], digest)
    own = now.choose(said["purpose"], decision)
    return Choice(own.purpose, own.number, decision, digest)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1900 <= at.year < 9999:
        raise BadInput("`at` is no instant with a time zone: write it like 2026-12-01T09:00:00+09:00")
    return at.astimezone(UTC)
