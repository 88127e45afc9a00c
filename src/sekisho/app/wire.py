"""Wiring: the one place where rooms meet adapters. `Workspace` turns a folder into everything that runs there."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import open_books
from sekisho.adapters.ledgers.consent import Consents
from sekisho.adapters.ledgers.evidence import SqliteLeaves, load_or_make_key
from sekisho.adapters.ledgers.keyring import KeyRing
from sekisho.adapters.ledgers.people import People
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.adapters.stores.sqlite import SqliteStore
from sekisho.app import settings as reading
from sekisho.app.recorder import Recorder
from sekisho.compiler.lower import lower
from sekisho.compiler.rules import RuleSet
from sekisho.consent.facts import Decision, Fact
from sekisho.consent.standing import Band, Rule, fold
from sekisho.datamap.model import DataMap
from sekisho.datamap.read import read as read_map
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.gate.session import Check
from sekisho.ground import law, stamp
from sekisho.ground.canon import text_digest
from sekisho.ground.errors import BadInput, StoreTrouble
from sekisho.people.model import Place
from sekisho.policy.checks import duties, upkeep, vague
from sekisho.policy.compile import Compiled, parse
from sekisho.policy.coverage import Facts, Kept, StoreFact, coverage
from sekisho.policy.model import Policy
from sekisho.policy.source import Diagnostic, Source, failed

CHECKS = (vague.check, duties.check, upkeep.check)
LOCK = "policy.lock"
Store = SqliteStore | PostgresStore


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


def _source(root: Path, path: Path) -> Source:
    name = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    try:
        return Source.of(name, path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise BadInput("the file is not UTF-8 text", help="save it as UTF-8", place=name) from error
    except OSError as error:
        raise BadInput("the file cannot be read", help="check that it is there and readable", place=name) from error


def texts_of(root: Path) -> dict[str, Source]:
    """Return the policy's texts: the original under the empty name, translations by language."""
    texts = {"": _source(root, root / "policy.md")}
    for path in sorted(root.glob("policy.??.md")):
        texts[path.name.split(".")[1]] = _source(root, path)
    return texts


def check_folder(root: Path, today: date | None = None) -> Report:
    """Read the policy, its lock and every map of a folder; nothing is written and no store is touched."""
    if not (root / "policy.md").exists():
        raise BadInput("there is no policy here", help="write `policy.md`, or run `sekisho init`", place=root.name)
    texts = texts_of(root)
    lock_path = root / LOCK
    lock = _source(root, lock_path) if lock_path.exists() else None
    compiled = parse(texts, lock, law.load, today or stamp.now().date(), CHECKS)
    found = list(compiled.diagnostics)
    sources = {s.name: s for s in texts.values()}
    if lock is not None:
        sources[lock.name] = lock
    maps, rules = [], []
    for path in sorted((root / "map").glob("*.yaml")):
        source = _source(root, path)
        sources[source.name] = source
        data_map, wrong = read_map(source)
        found += wrong
        if data_map is not None and compiled.policy is not None:
            lowered, more = lower(compiled.policy, data_map)
            found += more
            maps.append(data_map)
            rules.append(lowered)
    return Report(compiled, tuple(maps), tuple(rules), tuple(found), sources)


class Workspace:
    """A folder with a policy, maps, settings and books, opened."""

    def __init__(self, root: Path, clock: stamp.Clock = stamp.now) -> None:
        """Read settings and policy; raises BadInput with the first error where they cannot run."""
        self.settings = reading.read(root)
        self.root, self.clock = self.settings.root, clock
        self.report = check_folder(self.root)
        if self.report.failed or self.report.compiled.policy is None:
            first = next(d for d in self.report.diagnostics if d.severity.value == "error")
            raise BadInput(
                first.message, help=f"run `sekisho check`; {first.help}", place=first.span.file if first.span else ""
            )
        self.policy: Policy = self.report.compiled.policy

    @cached_property
    def people(self) -> People:
        """The ledger of people."""
        return People(self._books)

    @cached_property
    def consents(self) -> Consents:
        """The consent ledger."""
        return Consents(self._books)

    @cached_property
    def _books(self) -> Engine:
        return open_books(self.settings.books / "books.db")

    @cached_property
    def log(self) -> Log:
        """The evidence log."""
        return Log(SqliteLeaves(self.settings.books / "evidence.db"), self.settings.origin)

    @cached_property
    def signer(self) -> notes.Signer:
        """The key that signs checkpoints."""
        return notes.Signer(self.settings.origin, load_or_make_key(self.settings.books / "keys" / "log"))

    @cached_property
    def recorder(self) -> Recorder:
        """The gate's witness."""
        return Recorder(self.log, self.people, {p.name: p.clause for p in self.policy.purposes}, self.clock)

    def actor(self, label: str | None = None) -> str:
        """Return the handle of whoever acts: the operating system's user where no other sign-in is."""
        return self.people.actor(label or f"os:{getpass.getuser()}")

    def store(self, name: str) -> Store:
        """Return a governed store by name; raises BadInput when it is not set up."""
        setting = next((s for s in self.settings.stores if s.name == name), None)
        if setting is None:
            known = ", ".join(s.name for s in self.settings.stores) or "none"
            raise BadInput(
                f"`{name}` is not a store of these settings", help=f"use one of: {known}", place=reading.NAME
            )
        source = _source(self.root, setting.map)
        data_map, wrong = read_map(source)
        if data_map is None:
            raise BadInput(wrong[0].message, help=wrong[0].help, place=source.name)
        rules, found = lower(self.policy, data_map)
        if failed(found):
            raise BadInput(found[0].message, help=found[0].help, place=source.name)
        keys = KeyRing(self.settings.books / "keys" / "logins.json")
        if data_map.engine == "sqlite":
            path = reading.sqlite_path(self.root, setting.url)
            return SqliteStore(path, rules, keys, self.recorder, self.clock)
        return PostgresStore(setting.url, rules, keys, self.recorder, self.clock)

    def stores(self) -> list[Store]:
        """Return every store of the settings."""
        return [self.store(s.name) for s in self.settings.stores]

    # -- deeds --------------------------------------------------------------------------------------------------

    def apply(self, name: str, digest: str | None = None) -> str:
        """Apply a store's plan, bring standing up to date, record it; returns the plan's digest."""
        store = self.store(name)
        plan = store.apply(digest)
        fields = {"store": name, "plan": plan.digest, "rules": store.rules.digest, "actor": self.actor()}
        self.log.append([Entry("plan-applied", self.clock(), fields)])
        self.project([name])
        store.renew()
        write_lock(self.root, self.report)
        return plan.digest

    def remove(self, name: str) -> str:
        """Take a store's gate away, and record it."""
        plan = self.store(name).remove()
        fields = {"store": name, "plan": plan.digest, "actor": self.actor()}
        self.log.append([Entry("plan-removed", self.clock(), fields)])
        return plan.digest

    def close(self, name: str) -> int:
        """Void every permit of a store and close its opt-in purposes; returns the new epoch."""
        epoch = self.store(name).close()
        fields = {"store": name, "epoch": epoch, "actor": self.actor()}
        self.log.append([Entry("store-closed", self.clock(), fields)])
        return epoch

    def standing(self, only: Sequence[str] | None = None) -> dict[tuple[str, str, str], int]:
        """Return (store, class, key) → mask of those whose standing is decided by facts or age, or of some people."""
        rules = [Rule(p.number, p.because.opt_in, p.reserved, p.of) for p in self.policy.purposes]
        facts, banded = self.consents.by_person(only), self.people.with_band(only)
        under = min((m.under for m in self.policy.minors), default=0)
        masks = {}
        for person, places in self.people.places({*facts, *banded}).items():
            known = banded.get(person)
            band = Band.parse(known.age_band) if known is not None else None
            for place in places:
                mask = fold(facts.get(person, ()), rules, place.subject, band, under)
                masks[place.store, place.subject, place.key] = mask
        return masks

    def project(self, names: Sequence[str] | None = None) -> dict[str, int]:
        """Bring everybody's standing into the named stores, or all; returns store → people named."""
        masks, done = self.standing(), {}
        for store in self.stores():
            if names is not None and store.name not in names:
                continue
            own = {(c, k): m for (s, c, k), m in masks.items() if s == store.name}
            done[store.name] = self._project(store, own)
        return done

    def _project(self, store: Store, own: dict[tuple[str, str], int]) -> int:
        rows = store.project(own)
        fields = {"store": store.name, "people": len(own), "rows": rows}
        self.log.append([Entry("standing-projected", self.clock(), fields)])
        return len(own)

    def decide(
        self, place: Place, purpose: str, decision: Decision, *, method: str = "staff", by: str = "self"
    ) -> list[str]:
        """Record a person's decision and carry it into every store; returns the stores that have committed it."""
        rule = self.policy.purpose(purpose)
        if rule is None or rule.reserved:
            raise BadInput(f"`{purpose}` is not a purpose that people decide about", help="see the policy")
        if self.people.person(place) is None:
            self.people.register(place.store, place.subject, [place.key])
        person = self.people.person(place)
        if person is None:
            raise StoreTrouble("the person could not be registered", help="try again")
        self._record(person.id, person.handle, rule.name, decision, method, by)
        mine = {(p.store, p.subject, p.key) for p in self.people.places([person.id])[person.id]}
        masks = self.standing([person.id])
        done = []
        for store in self.stores():
            own = {(c, k): masks[s, c, k] for s, c, k in mine if s == store.name}
            if own:
                self._project(store, own)
                done.append(store.name)
        return done

    def _record(self, person: str, handle: str, purpose: str, decision: Decision, method: str, by: str) -> None:
        rule = self.policy.purpose(purpose)
        clause = self.policy.clause(rule.clause) if rule is not None else None
        if rule is None or clause is None:
            raise BadInput(f"`{purpose}` stands under no clause", help="see the policy")
        text = text_digest(clause.prose.get(self.policy.original, ""))
        version, language = self.policy.version.isoformat(), self.policy.original
        fact = Fact(person, rule.name, rule.number, decision, text, version, language, method, self.clock(), by)
        self.consents.append([fact])
        fields = {
            "person": handle,
            "purpose": rule.name,
            "clause": rule.clause,
            "number": rule.number,
            "decision": decision.value,
            "text": text,
            "version": version,
            "language": language,
            "method": method,
        }
        self.log.append([Entry("consent-decision", self.clock(), fields)])

    # -- facts --------------------------------------------------------------------------------------------------

    def check(self) -> list[Check]:
        """Check every store live; one that does not answer is told as such."""
        return [self._check(store) for store in self.stores()]

    def _check(self, store: Store) -> Check:
        try:
            return store.check()
        except StoreTrouble as error:
            return Check(store.name, self.clock(), (str(error),), ())

    def kept(self) -> tuple[tuple[Kept, ...], list[Check], Facts]:
        """Return how each clause is kept now, the checks that say so, and the facts behind it."""
        checks = {c.store: c for c in self.check()}
        sound = self.log.verify(self.signer.key).sound if self.log.size else None
        facts = Facts(
            tuple(store_fact(store.rules, checks[store.name]) for store in self.stores()),
            sound,
            self.clock(),
            {c.id: self.log.count_by(clause=c.id) for c in self.policy.clauses},
        )
        return coverage(self.policy, facts, self.today()), list(checks.values()), facts

    def today(self) -> date:
        """Return the present day where the policy's clocks run."""
        return self.clock().astimezone(ZoneInfo(self.policy.timezone)).date()


def store_fact(rules: RuleSet, check: Check | None) -> StoreFact:
    """Return what is known of a store: what is compiled for it and, where it was looked at, how it stands."""
    tables: dict[str, tuple[str, ...]] = {}
    for view in rules.views:
        tables[view.purpose] = (*tables.get(view.purpose, ()), view.table)
    compiled = frozenset(tables)
    if check is None:
        return StoreFact(rules.store, rules.engine, compiled, False, False, None, tables)
    applied = check.differences != ("nothing is applied",)
    return StoreFact(rules.store, rules.engine, compiled, applied, check.green, check.at, tables)


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
