"""The mail door of a folder: what may be written to whom, in which words, through which server, and who remembers it.

`Post` is the one way out: what the house wants to say to a person goes into its queue, and every message is looked at
anew when its time comes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from html import unescape

from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.keyfile import load_or_make_key
from sekisho.adapters.ledgers.messages import DoNotContact, Queue, delivering
from sekisho.adapters.ledgers.messages_schema import open_messages
from sekisho.adapters.ledgers.once import OnceLedger
from sekisho.adapters.outside.smtp import Say, Server, SmtpDoor
from sekisho.app.settings import NAME, MailSetting, Settings
from sekisho.app.wire import FORGOTTEN, Workspace
from sekisho.consent.facts import Fact
from sekisho.consent.standing import Band, Rule, fold
from sekisho.evidence.kinds import Entry
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput
from sekisho.messages.address import Address, read_address
from sekisho.messages.compose import Letter, Sender, compose
from sekisho.messages.deliver import Round, Tally, deliver
from sekisho.messages.once import CODE_LIFE, LINK_LIFE, spaced
from sekisho.messages.ports import Handed, Secrets, Verdict, Waiting
from sekisho.messages.templates import LANGUAGES, RESERVED, Filling, fill, line
from sekisho.people.model import Place
from sekisho.policy.model import Policy, Promise, Purpose, covers
from sekisho.policy.notice import inline

CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")
PAGES = {"policy": "/", "versions": "/versions", "promises": "/promises"}
"""What a notice may lead to."""
NOTICE_LIFE = timedelta(days=3)
DUTIES = ("comply-with-law", "warn-people", "migration")
"""Reserved purposes whose messages nobody can stop: the law asks for them, or there are none."""
TEST = "mail-test"
ROUND = timedelta(seconds=20)
"""How long the keeper begins messages: leases wait for it."""


class MailBooks:
    """What is kept of messages; needs the settings and no policy."""

    def __init__(self, settings: Settings) -> None:
        """Hold where the books are."""
        self._folder = settings.books

    @property
    def begun(self) -> bool:
        """Whether anything was ever kept: a stranger's look must not make files."""
        return (self._folder / "messages.db").exists()

    @cached_property
    def _engine(self) -> Engine:
        return open_messages(self._folder / "messages.db")

    @cached_property
    def _key(self) -> bytes:
        return load_or_make_key(self._folder / "keys" / "contact")

    @cached_property
    def queue(self) -> Queue:
        """The messages that wait."""
        return Queue(self._engine, load_or_make_key(self._folder / "keys" / "queue"))

    @cached_property
    def stops(self) -> DoNotContact:
        """The do-not-contact list."""
        return DoNotContact(self._engine, self._key)

    @cached_property
    def once(self) -> OnceLedger:
        """Codes and links."""
        return OnceLedger(self._engine, self._key)


class Post:
    """The mail door of a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Hold the folder; servers and files are opened when they are needed."""
        self._work, self._policy = workspace, workspace.policy
        self.books = MailBooks(workspace.settings)

    @property
    def setting(self) -> MailSetting:
        """The settings of mail; raises BadInput where there are none."""
        found = self._work.settings.mail
        if found is None:
            raise BadInput(
                "there is no mail server in the settings",
                help="write `[mail]` with `host` and `from`; see docs/mail.md",
                place=NAME,
            )
        return found

    # -- writing ------------------------------------------------------------------------------------------------

    def write_code(self, person: str, address: str, purpose: str, case: str, language: str = "") -> str:
        """Let a code for a case go to a person by id; returns the message's id. Raises BadInput and Refused."""
        message, to = self._message("code", person, address, purpose, language, CODE_LIFE)
        code = self.books.once.code(_case(case), purpose, message.made)
        return self._put(message, Secrets(to, code=code))

    def write_link(self, person: str, address: str, purpose: str, case: str, language: str = "") -> str:
        """Let a link that confirms something in a case go to a person by id; returns the message's id."""
        self._site()
        message, to = self._message("link", person, address, purpose, language, LINK_LIFE)
        return self._put(message, Secrets(to, token=self.books.once.link(_case(case), purpose, message.made)))

    def write_notice(self, person: str, address: str, purpose: str, page: str, language: str = "") -> str:
        """Let a person by id know that a page is there to be read; returns the message's id."""
        self._site()
        if page not in PAGES:
            raise BadInput(f"`{page[:40]}` is not a page that notices lead to", help=f"use one of: {', '.join(PAGES)}")
        name = "notice-stop" if self.stoppable(purpose) else "notice"
        message, to = self._message(name, person, address, purpose, language, NOTICE_LIFE)
        return self._put(message, Secrets(to, page=PAGES[page]))

    def _message(
        self, template: str, person: str, address: str, purpose: str, language: str, life: timedelta
    ) -> tuple[Waiting, Address]:
        _ = self.setting
        rule, now = self.purpose(purpose), self._work.clock()
        spoken = next(tongue for tongue in (language, self._policy.original, "en") if tongue in LANGUAGES)
        return Waiting(stamp.handle(), person, rule.name, template, spoken, now, now + life), read_address(address)

    def _put(self, message: Waiting, secrets: Secrets) -> str:
        if self.stoppable(message.purpose) and self.setting.links:
            mark = self.books.stops.mark(secrets.address)
            secrets = replace(secrets, stop=self.books.once.stop_link(mark, message.purpose, message.made))
        self.books.queue.put(message, secrets)
        return message.id

    def _site(self) -> str:
        """Return where links lead; raises BadInput where the settings do not say it."""
        if not self.setting.links:
            raise BadInput(
                "the settings do not say where links lead",
                help='write `links = "https://privacy.studio.example"`',
                place=f"{NAME} [mail]",
            )
        return self.setting.links

    # -- who may be written to ----------------------------------------------------------------------------------

    def purpose(self, name: str) -> Purpose:
        """Return a purpose by name; raises BadInput with those there are."""
        found = self._policy.purpose(name)
        if found is None:
            known = ", ".join(p.name for p in self._policy.purposes)
            raise BadInput(f"`{name[:60]}` is not a purpose of the policy", help=f"use one of: {known}")
        return found

    def stoppable(self, name: str) -> bool:
        """Say whether people can stop messages of a purpose: the policy says `one-click`, or they said yes to it."""
        rule = self.purpose(name)
        said = {p.fields.get("stop") for p in self._mails(name)}
        return "one-click" in said or (rule.because.opt_in and not rule.reserved) or name == "ask-consent"

    def _mails(self, purpose: str) -> list[Promise]:
        """Return the promises about messages for a purpose."""
        return [p for p in self._policy.promises if p.kind == "mail" and purpose in _names(p.fields.get("for"))]

    def may_write(self, person: str, purpose: str) -> bool:
        """Say whether a person, by id, stands for a purpose that may use an e-mail address; unknown is "no"."""
        rule = self._policy.purpose(purpose)
        if rule is None or not (rule.reserved or covers(rule.uses, "contact.email")):
            return False
        places = self._work.people.places([person]).get(person, [])
        if rule.reserved:
            return bool(places) and rule.name != "migration"
        facts = self._work.consents.by_person([person]).get(person, [])
        own = [p for p in places if p.subject in rule.of]
        return bool(own) and all(self._stands(person, p, rule, facts) for p in own)

    def _stands(self, person: str, place: Place, rule: Purpose, facts: Iterable[Fact]) -> bool:
        under = min((m.under for m in self._policy.minors), default=0)
        known = self._work.people.with_band([person]).get(person)
        band = Band.parse(known.age_band) if known is not None else None
        young = bool(self._work.store(place.store).minors([(place.subject, place.key)]))
        minor = young or (band is not None and band.reaches_below(under))
        asked = Rule(rule.number, rule.because.opt_in, rule.reserved, rule.of, rule.name)
        return bool(fold(facts, [asked], place.subject, minor=minor))

    def stopped(self, address: Address, purpose: str) -> bool:
        """Say whether an address is on the do-not-contact list for a purpose."""
        return self.books.stops.stopped(self.books.stops.mark(address), purpose)

    def stop(self, address: str, purpose: str) -> bool:
        """Put an address on the do-not-contact list for a purpose; says whether it is new there."""
        rule = self.purpose(purpose)
        if rule.name in DUTIES:
            raise BadInput(
                f"messages for `{rule.name}` cannot be stopped: they are a duty", help="stop another purpose"
            )
        return self.books.stops.stop(self._mark(address), rule.name, "staff", self._work.clock())

    def allow(self, address: str, purpose: str) -> bool:
        """Take an address off the do-not-contact list for a purpose; says whether it was there."""
        return self.books.stops.allow(self._mark(address), purpose)

    def _mark(self, address: str) -> str:
        return self.books.stops.mark(read_address(address))

    # -- sending ------------------------------------------------------------------------------------------------

    def flush(self, patience: timedelta | None = None) -> Tally:
        """Deliver what is due, beginning none after `patience`; raises StoreTrouble where another process is at it."""
        door, clock = SmtpDoor(self._server()), self._work.clock
        with delivering(self._work.settings.books):
            tally = deliver(Round(self.books.queue, door, self, self, self._letter, stamp.handle, clock, patience))
        self.books.queue.drop_old(clock())
        self.books.once.drop_old(clock())
        return tally

    def test(self, address: str, say: Say, language: str = "") -> Handed:
        """Send a test message, `say` hears each step; what the server says is for whoever asked."""
        now, spoken = self._work.clock(), language or self._policy.original
        spoken = spoken if spoken in LANGUAGES else "en"
        words = fill("test", spoken, self._filling("", spoken))
        id = stamp.handle()
        letter = compose(id, self._sender(), read_address(address), spoken, words, now, "")
        message = Waiting(id, "", TEST, "test", spoken, now, now, attempts=1)
        door = SmtpDoor(self._server(), say)
        try:
            return door.hand(letter, lambda: self._append("message-sent", message, self._work.actor(), attempt=1))
        finally:
            door.close()

    def _server(self) -> Server:
        s = self.setting
        return Server(s.host, s.port, s.tls, s.timeout, s.login, s.password)

    def _sender(self) -> Sender:
        """Return whom messages are from; raises BadInput where no server would take that for an address."""
        sender = Sender(self.setting.sender, self.setting.reply_to)
        try:
            _ = sender.address, read_address(sender.shown_reply_to)
        except BadInput as error:
            help = 'write `from = "Studio <privacy@studio.example>"`'
            raise BadInput("`from` or `reply-to` is no e-mail address", help=help, place=f"{NAME} [mail]") from error
        return sender

    def _letter(self, message: Waiting, secrets: Secrets) -> Letter:
        """Return a message as it travels; the same each time as long as policy and settings are."""
        links = self.setting.links
        stop = f"{links}/go/{secrets.stop}" if links and secrets.stop else ""
        link = f"{links}{secrets.page}" if secrets.page else f"{links}/go/{secrets.token}" if secrets.token else ""
        life = LINK_LIFE.days if secrets.token else int(CODE_LIFE.total_seconds()) // 60
        code = spaced(secrets.code) if secrets.code else ""
        general = self._filling(message.purpose, message.language)
        filling = replace(general, code=code, link=link, stop=stop, life=str(life))
        words = fill(message.template, message.language, filling)
        return compose(message.id, self._sender(), secrets.address, message.language, words, message.made, stop)

    def _filling(self, purpose: str, language: str) -> Filling:
        controller = line(self._policy.controller.get("name") or self._policy.name)
        return Filling(controller, words_of(self._policy, purpose, language), self._sender().shown_reply_to)

    # -- evidence -----------------------------------------------------------------------------------------------

    def sent(self, message: Waiting) -> None:
        """Record that a message is handed to the server now."""
        self._append("message-sent", message, self._handle(message), attempt=message.attempts)

    def suppressed(self, message: Waiting, reason: str) -> None:
        """Record that a message is not sent."""
        self._append("message-suppressed", message, self._handle(message), reason=reason)

    def _handle(self, message: Waiting) -> str:
        return self._work.people.handles_of([message.person]).get(message.person, FORGOTTEN)

    def _append(self, kind: str, message: Waiting, handle: str, **more: object) -> None:
        fields = {
            "person": handle,
            "purpose": message.purpose,
            "clause": self._clause(message.purpose),
            "template": message.template,
            "message": hashlib.sha256(message.id.encode()).hexdigest(),
            **more,
        }
        self._work.log.append([Entry(kind, self._work.clock(), fields)])

    def _clause(self, purpose: str) -> str:
        """Return the clause that speaks of these messages, else the purpose's own."""
        mails, rule = self._mails(purpose), self._policy.purpose(purpose)
        return mails[0].clause if mails else rule.clause if rule is not None else "retired"


def keep_mail(workspace: Workspace) -> str:
    """Deliver what is due where a mail server is set; returns what keeps it from going, or nothing. For the keeper."""
    post = Post(workspace)
    if workspace.settings.mail is None or not post.books.begun or not post.books.queue.due(workspace.clock()):
        return ""
    trouble = post.flush(ROUND).trouble
    return f"{trouble.says} ({trouble.help})" if trouble is not None and trouble.verdict is Verdict.AWAY else ""


def _names(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list | tuple) else ()


def _case(text: str) -> str:
    if CASE.match(text) is None:
        raise BadInput("this does not name a case", help="letters, digits and `._:-`, up to 64")
    return text


def words_of(policy: Policy, purpose: str, language: str) -> str:
    """Return what a purpose is for, one plain line in the words of its clause."""
    if (purpose, language) in RESERVED:
        return RESERVED[purpose, language]
    rule = policy.purpose(purpose)
    clause = policy.clause(rule.clause) if rule is not None else None
    if clause is None:
        return line(purpose)
    prose = clause.prose.get(language) or clause.prose.get(policy.original, purpose)
    first = next((p for p in prose.split("\n") if p.strip()), purpose)
    return line(unescape(re.sub(r"<[^>]*>", "", inline(first))))
