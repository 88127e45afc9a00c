"""A folder: its policy, lock and maps are read, checked and lowered; no store and no ledger is touched.

Nothing here imports an adapter, so that `sekisho check` starts as fast as it reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sekisho.compiler.lower import lower
from sekisho.compiler.rules import RuleSet
from sekisho.datamap.model import DataMap, anchors_of
from sekisho.datamap.read import read as read_map
from sekisho.datamap.read import together
from sekisho.gate.session import Check
from sekisho.ground import law, stamp
from sekisho.ground.errors import BadInput
from sekisho.policy.checks import anchors, channels, duties, upkeep, vague
from sekisho.policy.compile import Compiled, parse
from sekisho.policy.coverage import Facts, Kept, StoreFact, coverage
from sekisho.policy.source import Diagnostic, Source, failed

CHECKS = (vague.check, channels.check, duties.check, upkeep.check)
LOCK = "policy.lock"


@dataclass(frozen=True, slots=True)
class Report:
    """What checking a folder found: the compiled policy, maps and rules by store, and every diagnostic."""

    compiled: Compiled
    maps: tuple[DataMap, ...]
    rules: tuple[RuleSet, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, Source] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether anything is an error."""
        return failed(self.diagnostics)


def read_source(root: Path, path: Path) -> Source:
    """Return a file of a folder as a source, named from the folder; raises BadInput where it cannot be read."""
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    try:
        return Source.of(name, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput("the file is not UTF-8 text", help="save it as UTF-8", place=name) from error
    except OSError as error:
        raise BadInput("the file cannot be read", help="check that it is there and readable", place=name) from error


def texts_of(root: Path) -> dict[str, Source]:
    """Return the policy's texts: the original under the empty name, translations by language."""
    texts = {"": read_source(root, root / "policy.md")}
    for path in sorted(root.glob("policy.??.md")):
        texts[path.name.split(".")[1]] = read_source(root, path)
    return texts


def check_folder(root: Path, today: date | None = None) -> Report:
    """Read the policy, its lock and every map of a folder; nothing is written and no store is touched."""
    if not (root / "policy.md").exists():
        raise BadInput("there is no policy here", help="write `policy.md`, or run `sekisho init`", place=root.name)
    texts = texts_of(root)
    lock_path = root / LOCK
    lock = read_source(root, lock_path) if lock_path.exists() else None
    compiled = parse(texts, lock, law.load, today or stamp.now().date(), CHECKS)
    found = list(compiled.diagnostics)
    sources = {s.name: s for s in (*texts.values(), *([lock] if lock is not None else ()))}
    maps, rules = [], []
    paths = sorted((root / "map").glob("*.yaml"))
    for path in paths:
        source = read_source(root, path)
        sources[source.name] = source
        data_map, wrong = read_map(source)
        found += wrong
        if data_map is not None and compiled.policy is not None:
            lowered, more = lower(compiled.policy, data_map)
            found += more
            maps.append(data_map)
            rules.append(lowered)
    found += together(maps)
    if compiled.policy is not None and len(maps) == len(paths):
        found += anchors.check(compiled.policy, anchors_of(maps) if paths else None)
    return Report(compiled, tuple(maps), tuple(rules), tuple(found), sources)


def store_fact(rules: RuleSet, check: Check | None) -> StoreFact:
    """Return what is known of a store: what is compiled for it and, where it was looked at, how it stands."""
    tables: dict[str, tuple[str, ...]] = {}
    for view in rules.views:
        tables[view.purpose] = (*tables.get(view.purpose, ()), view.table)
    compiled = frozenset(tables)
    ages = {t.subject: f"{t.name}.{t.age}" if t.age else "" for t in rules.tables if t.subject}
    if check is None:
        return StoreFact(rules.store, rules.engine, compiled, False, False, None, tables, ages)
    applied = check.differences != ("nothing is applied",)
    return StoreFact(rules.store, rules.engine, compiled, applied, check.green, check.at, tables, ages)


def write_lock(root: Path, report: Report) -> bool:
    """Write the lock beside the policy where it changed; returns whether it did."""
    text = report.compiled.lock.text()
    path = root / LOCK
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def kept_offline(report: Report, today: date | None = None) -> tuple[Kept, ...]:
    """Return how each clause would be kept, without looking at any store: nothing counts as applied."""
    if report.compiled.policy is None:
        return ()
    facts = Facts(tuple(store_fact(r, None) for r in report.rules))
    return coverage(report.compiled.policy, facts, today or stamp.now().date())
