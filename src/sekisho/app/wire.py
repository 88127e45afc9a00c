"""Wiring: the one place where rooms meet adapters. `Workspace` turns a folder into everything that runs there."""

from __future__ import annotations

import getpass
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Engine

from sekisho.adapters.clients.service import Service, make_service
from sekisho.adapters.ledgers.books import alone, open_books
from sekisho.adapters.ledgers.consent import Consents
from sekisho.adapters.ledgers.decisions import Decisions, Request, Taken
from sekisho.adapters.ledgers.evidence import SqliteLeaves, load_or_make_key
from sekisho.adapters.ledgers.keyring import KeyRing
from sekisho.adapters.ledgers.keystore import KeyStore
from sekisho.adapters.ledgers.people import People
from sekisho.adapters.ledgers.reasons import Reasons
from sekisho.adapters.ledgers.vault import Vault
from sekisho.adapters.ledgers.vaultstanding import BookStanding
from sekisho.adapters.ledgers.vaulttables import open_vault
from sekisho.adapters.ledgers.vaultuse import Ports
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.adapters.stores.sqlite import SqliteStore
from sekisho.app import sealed, unfinished
from sekisho.app import settings as reading
from sekisho.app.folder import check_folder, read_source, store_fact, write_lock
from sekisho.app.recorder import Recorder
from sekisho.compiler.lower import lower
from sekisho.consent.book import Choices, Shown, shown
from sekisho.consent.book import check as check_choices
from sekisho.consent.facts import Decision, Fact
from sekisho.consent.standing import Band, Rule, fold
from sekisho.datamap.read import read as read_map
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.gate.permit import reason_digest
from sekisho.gate.session import Check
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, NotWitnessed, SekishoError, StoreTrouble
from sekisho.people.model import Person, Place
from sekisho.policy.coverage import Facts, Kept, coverage
from sekisho.policy.model import Policy
from sekisho.policy.source import failed

Store = SqliteStore | PostgresStore

FOLLOWS = 5
"""How often a store is followed anew when others change it meanwhile."""

NOTES = 1000
"""Decisions that enter the log in one commit."""

FORGOTTEN = "0" * 32
"""The handle of somebody who was forgotten before a decision of theirs reached the log."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Which stores obey a decision from the next statement on, and which will when they are back."""

    stores: tuple[str, ...]
    waiting: tuple[str, ...]


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
    def reasons(self) -> Reasons:
        """The words behind the reasons of permits; staff may read them, pages show none."""
        return Reasons(self._books)

    @cached_property
    def consents(self) -> Consents:
        """The consent ledger."""
        return Consents(self._books)

    @cached_property
    def decisions(self) -> Decisions:
        """The way of decisions into the books."""
        return Decisions(self._books, self.people)

    @cached_property
    def shown(self) -> Shown:
        """What people decide about, and the digests of its words."""
        return shown(self.policy)

    @cached_property
    def keystore(self) -> KeyStore:
        """The keys of people's records."""
        return KeyStore.open(sealed.where(self.settings), self.clock)

    @cached_property
    def vault(self) -> Vault:
        """Sealed records of people, for whoever acts here."""
        ports = Ports(BookStanding(self._books, self.policy), self.recorder, self.sealing.deed)
        engine = open_vault(sealed.address(self.settings))
        return Vault(engine, self.keystore, self.policy, ports, self.actor(), self.clock)

    @cached_property
    def sealing(self) -> sealed.Sealing:
        """What becomes of deeds done to the vault and to keys: entries of the log."""
        return sealed.Sealing(self.log, self.people, self.clock)

    @cached_property
    def _books(self) -> Engine:
        engine = open_books(self.settings.books_url or self.settings.books / "books.db")
        # a server's connections are let go with the workspace, which the keeper opens anew each minute
        weakref.finalize(self, engine.dispose)
        return engine

    @cached_property
    def log(self) -> Log:
        """The evidence log."""
        # late: a withdrawal and the closing of a store do not wait for a log that cannot be opened
        return Log(SqliteLeaves(self.settings.books / "evidence.db", late=True), self.settings.origin)

    @cached_property
    def signer(self) -> notes.Signer:
        """The key that signs checkpoints."""
        return notes.Signer(self.settings.origin, load_or_make_key(self.settings.books / "keys" / "log"))

    @cached_property
    def recorder(self) -> Recorder:
        """The gate's witness."""
        return Recorder(
            self.log, self.people, self.reasons, {p.name: p.clause for p in self.policy.purposes}, self.clock
        )

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
        source = read_source(self.root, setting.map)
        data_map, wrong = read_map(source)
        if data_map is None:
            raise BadInput(wrong[0].message, help=wrong[0].help, place=source.name)
        if data_map.store != name:
            raise BadInput(
                f"the map says store `{data_map.store}`, the settings say `{name}`",
                help="use one name in both",
                place=source.name,
            )
        if data_map.engine != setting.engine:
            raise BadInput(
                f"the map says engine `{data_map.engine}`, the address of `{name}` is of `{setting.engine}`",
                help="correct the address or `engine:`",
                place=source.name,
            )
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

    def apply(self, name: str, digest: str | None = None, *, without: Sequence[str] = ()) -> str:
        """Apply a store's plan, bring standing up to date, record it; returns the plan's digest.

        Raises BadInput where people of a class have decided something and no table of the store is theirs any more,
        unless the class is named in `without`: under a new name of the class they would all be strangers.
        """
        store = self.store(name)
        gone = self.people.deciding(name) - {t.subject for t in store.rules.tables} - set(without)
        if gone:
            raise BadInput(
                f"people of class `{sorted(gone)[0]}` have decided something, and no table of `{name}` is theirs now",
                help="keep the class's name, or say that they are gone: `gate apply --without CLASS`",
            )
        self.settled()
        plan = store.apply(digest)
        fields = {"store": name, "plan": plan.digest, "rules": store.rules.digest, "actor": self.actor()}
        self.log.append([Entry("plan-applied", self.clock(), fields)])
        self.follow(store, everybody=True)
        self.keep_store(store)
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
        try:
            fields = {"store": name, "epoch": epoch, "actor": self.actor()}
            self.log.append([Entry("store-closed", self.clock(), fields)])
        except SekishoError as error:
            raise NotWitnessed(
                f"store `{name}` is closed, but that could not be recorded: {error}", help=error.help
            ) from error
        return epoch

    def standing(self, store: Store, only: Sequence[str] | None = None) -> dict[tuple[str, str], int]:
        """Return (class, key) → mask in a store, of those whose standing facts or age decide, or of some people."""
        rules = [Rule(p.number, p.because.opt_in, p.reserved, p.of, p.name) for p in self.policy.purposes]
        facts, banded = self.consents.by_person(only), self.people.with_band(only)
        under = min((m.under for m in self.policy.minors), default=0)
        found = self.people.places({*facts, *banded})
        here = [(person, p.subject, p.key) for person, ps in found.items() for p in ps if p.store == store.name]
        young = store.minors([(c, k) for _, c, k in here]) | {
            (c, k) for person, c, k in here if person in banded and _young(banded[person], under)
        }
        return {(c, k): fold(facts.get(person, ()), rules, c, minor=(c, k) in young) for person, c, k in here}

    def follow(self, store: Store, *, everybody: bool = False) -> int:
        """Bring a store's standing to the head of the ledgers; returns how many people were named.

        A store follows from where it stands, so what a crash, an outage or a restored backup left out is made up for.
        `everybody` computes all anew, which a changed policy needs.
        """
        for _ in range(FOLLOWS):
            since = store.position()
            head, people = self.consents.changes(since)
            if since > head:
                # once new decisions take the numbers that are missing, nobody could tell any more: so it is remembered
                unfinished.begin(self.settings.books, unfinished.BEHIND)
                raise StoreTrouble(
                    f"the books are older than store `{store.name}`: decisions of people are missing from them",
                    help="restore a later backup of the books; opt-in purposes stay closed until then",
                )
            if since == head and not everybody:
                return 0
            own = self.standing(store, None if everybody else people)
            rows = store.project(own, 0 if everybody else since, head)
            if rows is None or (everybody and store.position() != head):
                continue
            fields = {"store": store.name, "people": len(own), "rows": rows}
            self.log.append([Entry("standing-projected", self.clock(), fields)])
            return len(own)
        raise StoreTrouble(f"store `{store.name}` is being changed by others all the time", help="try again")

    def settled(self) -> None:
        """Raise StoreTrouble where the books are not those that stores and log have followed.

        Nothing is decided on them: lost decisions' numbers would be given again, and who followed the lost ones would
        skip the new.
        """
        unfinished.refuse(self.settings.books)
        noted = 0
        with suppress(SekishoError):
            # what must be obeyed does not wait for a log that cannot be opened
            noted = self.log.count_by(kind="consent-decision")
        if noted > self.consents.last():
            raise StoreTrouble(
                "the books are older than the evidence log: decisions of people are missing from them",
                help="`sekisho restore` puts back what the log holds; opt-in purposes stay closed until then",
            )

    def keep_store(self, store: Store) -> datetime:
        """Bring a store up to date and open its opt-in purposes for a while; returns until when."""
        self.settled()
        for _ in range(FOLLOWS):
            self.follow(store)
            until = store.renew(store.position())
            if until is not None:
                return until
        raise StoreTrouble(f"store `{store.name}` is being changed by others all the time", help="try again")

    def keep(self) -> dict[str, str]:
        """Do what must be done each minute; returns store → what went wrong there, where something did.

        Decisions enter the log, stores follow, leases are renewed, what stores witnessed is carried, what is over ends.
        """
        troubles = {}
        try:
            self.note()
        except SekishoError as error:
            troubles["evidence"] = str(error)
        for store in self.stores():
            try:
                self.keep_store(store)
                store.carry()
                store.watch()
            except SekishoError as error:
                troubles[store.name] = str(error)
        return troubles

    def decide(
        self, place: Place, purpose: str, decision: Decision, *, method: str = "staff", by: str = "self", key: str = ""
    ) -> Decided:
        """Record a person's decision and carry it into every store that answers; the others follow later."""
        choice = self.shown.choose(purpose, decision)
        who = (place.store, place.subject, place.key)
        choices = Choices(who, (choice,), self.shown.version, self.shown.original, method, self.clock(), by, key)
        (taken,), decided = self.take([("staff", choices)])
        if taken.trouble:
            raise BadInput(taken.trouble, help="take a new key for each request")
        return decided

    def take(
        self, batch: Sequence[Request], *, dated: bool = False, told: Callable[[int], None] = lambda count: None
    ) -> tuple[list[Taken], Decided]:
        """Record what people decided, each request once under its key, and carry it into every store that answers."""
        for _, choices in batch:
            check_choices(choices)
        self.settled()
        taken = self.decisions.take(batch, dated=dated, told=told)
        try:
            self.note()
        finally:
            # a withdrawal is obeyed even where it cannot be witnessed yet
            done, waiting = self._carry_out()
        return taken, Decided(done, waiting)

    def _carry_out(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        done, waiting = [], []
        for name in (s.name for s in self.settings.stores):
            try:
                self.follow(self.store(name))
                done.append(name)
            except SekishoError:
                # whatever keeps one store from following, also a log that is full, must not keep the others
                waiting.append(name)
        return tuple(done), tuple(waiting)

    def fact(self, person: str, purpose: str, decision: Decision, method: str, by: str = "self") -> Fact:
        """Return a decision about a purpose, bound to the text that its clause has now."""
        choice, now = self.shown.choose(purpose, decision), self.clock()
        return Choices(person, (choice,), self.shown.version, self.shown.original, method, now, by).facts(person)[0]

    def note(self) -> int:
        """Enter into the log the decisions that are not there yet; returns how many.

        So a crash between ledger and log heals. The log holds one entry a fact in the ledger's order; their number says
        where to go on.
        """
        noted = 0
        self.settled()
        with alone(self.settings.books):
            while facts := self.consents.after(self.log.count_by(kind="consent-decision"), NOTES):
                handles = self.people.handles_of([f.person for f in facts])
                self.log.append([self._entry(f, handles.get(f.person, FORGOTTEN)) for f in facts])
                noted += len(facts)
        return noted

    def _entry(self, fact: Fact, handle: str) -> Entry:
        rule = self.policy.purpose(fact.purpose)
        fields = {
            "person": handle,
            "purpose": fact.purpose,
            "clause": rule.clause if rule is not None else "retired",
            "number": fact.number,
            "decision": fact.decision.value,
            "text": fact.text,
            "version": fact.version,
            "language": fact.language,
            "method": fact.method,
        }
        return Entry("consent-decision", fact.at, fields)

    def service(self, name: str, login: str) -> Service:
        """Return what an application must know to go through a store's gate by itself as a login; it is a secret."""
        store = self.store(name)
        rule = next((i for i in store.rules.logins if i.name == login), None)
        if rule is None or not (rule.purposes or rule.bound) or isinstance(store, SqliteStore):
            known = [i.name for i in store.rules.logins if i.purposes or i.bound]
            raise BadInput(
                f"`{login}` is not a login of `{name}` that an application could use",
                help=f"use one of: {', '.join(known)}" if not isinstance(store, SqliteStore) else "use a server",
            )
        return make_service(store.rules, rule, store.keys.key(name, login), self.actor(f"service:{login}"))

    def migrate(self, name: str, reason: str, script: str) -> Check:
        """Let an application change the schema of its governed tables, witnessed before; returns the check after it."""
        store = self.store(name)
        if not isinstance(store, PostgresStore):
            raise BadInput(
                "a SQLite file is changed by whoever may open it", help="change it, then `sekisho gate drift`"
            )
        if not reason.strip():
            raise BadInput("a change of schema needs a reason", help="say why, for instance a ticket: --reason")
        nonce = stamp.handle()
        digest = reason_digest(nonce, reason)
        self.reasons.keep(digest, nonce, reason)
        fields = {"store": name, "actor": self.actor(), "reason": digest}
        self.log.append([Entry("migration-entered", self.clock(), fields)])
        store.migrate(script)
        return store.check()

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


def _young(person: Person, under: int) -> bool:
    band = Band.parse(person.age_band)
    return band is not None and band.reaches_below(under)
