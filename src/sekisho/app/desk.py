"""The desk beside a folder: its database, its secret, its place in the evidence, and the office that keeps the roll.

The desk exists once `sekisho staff add` has made its database. Until then the site has no database, no session and no
cookie.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import os
import uuid
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import open_books
from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.adapters.ledgers.keyfile import load_or_make_key
from sekisho.adapters.ledgers.people import People
from sekisho.adapters.ledgers.reasons import Reasons
from sekisho.adapters.records.names import known
from sekisho.adapters.records.roles import Role
from sekisho.app import settings as reading
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log, Recorded
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Tampered

if TYPE_CHECKING:
    from sekisho.adapters.records.models import Staff
    from sekisho.adapters.records.roll import Line

DATABASE = "desk.db"
SITE = "sekisho.web.desk.settings"
"""The settings of the site with its desk, named as a server names them."""
NOBODY = "0" * 32
"""The handle where nobody of that name works here, so that known and unknown look alike."""
NEEDED = ("django", "csp", "whitenoise", "allauth", "fido2", "qrcode")


class Desk:
    """What the desk's pages and its office need beside their own database; safe among threads."""

    def __init__(self, root: Path, clock: stamp.Clock = stamp.now) -> None:
        """Read the settings of the folder; nothing is opened yet."""
        self.settings, self.clock = reading.read(root), clock

    @property
    def database(self) -> Path:
        """Where the desk keeps who works there."""
        return self.settings.books / DATABASE

    @cached_property
    def secret(self) -> bytes:
        """The secret behind sessions and sealed factors, in a file of its own."""
        return load_or_make_key(self.settings.books / "keys" / "desk")

    @cached_property
    def _seal(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"sekisho desk factors\0" + self.secret).digest()))

    def seal(self, text: str) -> str:
        """Return a text that only this desk's secret opens: whoever has the database alone has no factor."""
        return self._seal.encrypt(text.encode()).decode()

    def unseal(self, sealed: str) -> str:
        """Return the text in it; raises Tampered where it was sealed by another secret."""
        try:
            return self._seal.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise Tampered(
                "a factor was sealed with another secret", help="put `keys/desk` back, or `sekisho staff recover`"
            ) from error

    @cached_property
    def _books(self) -> Engine:
        engine = open_books(self.settings.books_url or self.settings.books / "books.db")
        weakref.finalize(self, engine.dispose)
        return engine

    @cached_property
    def people(self) -> People:
        """The ledger that gives handles to whoever acts."""
        return People(self._books)

    @cached_property
    def log(self) -> Log:
        """The evidence log."""
        return Log(SqliteLeaves(self.settings.books / "evidence.db"), self.settings.origin)

    def record(self, kind: str, **fields: object) -> None:
        """Enter into the log what happened at the desk; raises NotWitnessed where that cannot be."""
        self.log.append([Entry(kind, self.clock(), fields)])

    def reasons(self, entries: Sequence[Recorded]) -> dict[str, str]:
        """Return digest → words of the reasons behind entries, where they are still kept."""
        digests = [str(e.entry.fields["reason"]) for e in entries if e.entry is not None and "reason" in e.entry.fields]
        return Reasons(self._books).words(digests) if digests else {}


def exists(root: Path) -> bool:
    """Say whether somebody was ever put on the roll here; where settings cannot be read there is no desk."""
    try:
        return (reading.read(root).books / DATABASE).exists()
    except BadInput:
        return False


def open_django(root: Path) -> None:
    """Set Django up for the site with its desk, and bring the desk's database to its present form."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise BadInput(f"the site is not installed: `{missing[0]}` is missing", help="pip install 'sekisho[site]'")
    from django import setup  # noqa: PLC0415 - the site is an extra
    from django.core.management import call_command  # noqa: PLC0415 - the site is an extra
    from django.db import connections  # noqa: PLC0415 - the site is an extra

    _private(Desk(root).database)
    os.environ["SEKISHO_FOLDER"] = str(root.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = SITE
    setup()
    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    call_command("clearsessions", verbosity=0)
    # a server's workers are made from this process, and share no connection with it
    connections.close_all()


def _private(database: Path) -> None:
    """Make the file for its owner alone before SQLite would make it for everybody."""
    database.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(database, os.O_CREAT | os.O_RDWR, 0o600))
    database.chmod(0o600)


@dataclass(frozen=True, slots=True)
class Invited:
    """A member who may come in, and the secret that their link carries."""

    name: str
    role: str
    secret: str

    @property
    def path(self) -> str:
        """The address of the invitation on the site."""
        return f"/desk/invitation/{self.secret}"


class Office:
    """Keeps the roll from the command line: each change enters the log, by handle, before it holds."""

    def __init__(self, root: Path, actor: Callable[[], str], clock: stamp.Clock = stamp.now) -> None:
        """Open the desk of a folder, making it where there is none; `actor` gives the handle of whoever changes it."""
        open_django(root)
        # its models exist only once Django is set up
        from sekisho.adapters.records import roll  # noqa: PLC0415 - see above

        self._roll, self._actor, self._desk = roll, actor, Desk(root, clock)

    def add(self, name: str, role: Role) -> Invited:
        """Put somebody on the roll and invite them; raises BadInput where the name is taken or none."""
        from sekisho.adapters.records.models import Staff  # noqa: PLC0415 - exists once Django is set up

        person = uuid.uuid4()
        made = Staff(id=person, name=known(name), role=role.value)
        made.handle = self._desk.people.actor(f"staff:{person.hex}")
        with self._witnessed(made, "invited"):
            secret = self._roll.add(made, self._desk.clock())
        return Invited(made.name, made.role, secret)

    def assign(self, name: str, role: Role) -> None:
        """Give somebody another role; their sessions are over. Raises Refused for the last officer."""
        of = self._roll.member(name)
        with self._witnessed(of, "role"):
            self._roll.assign(of, role)

    def recover(self, name: str) -> Invited:
        """Forget somebody's password and factors, end their sessions, and invite them anew."""
        of = self._roll.member(name)
        with self._witnessed(of, "recovered"):
            secret = self._roll.recover(of, self._desk.clock())
        return Invited(of.name, of.role, secret)

    def remove(self, name: str) -> None:
        """Take somebody off the roll; raises Refused for the last officer."""
        of = self._roll.member(name)
        with self._witnessed(of, "removed"):
            self._roll.remove(of)

    def lines(self) -> list[Line]:
        """Return who works here."""
        return self._roll.lines()

    @contextmanager
    def _witnessed(self, of: Staff, change: str) -> Iterator[None]:
        """Commit a change only when the log has taken it."""
        from django.db import transaction  # noqa: PLC0415 - the site is an extra

        with transaction.atomic():
            yield
            fields = {"actor": self._actor(), "member": of.handle, "role": of.role, "change": change}
            self._desk.record("staff-changed", **fields)
