"""The stage: the invented shop in PostgreSQL with a marker in every personal value, and a driver that hides nothing."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from corpus.gate_play import Came, Chunk, Play
from postgres import fresh_database
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.datamap.model import Login
from sekisho.gate import permit as permits
from sekisho.policy.model import Action
from studio import LOGINS, SCHEMA, KeyRing, Notebook, ask, purpose, rules, stand

TRUST = Path(__file__).resolve().parents[2] / "docs" / "trust.md"

HIDDEN = 5
"""The customer who stands for nothing but the reserved purposes."""

TILL = purpose("till", 12, ["commerce.order"], may=(Action.READ, Action.CREATE, Action.UPDATE, Action.DELETE))
"""A purpose that may also delete, and whose rows belong to people of another table."""

MARKERS: Mapping[str, str] = {
    "name": r"zqname\d+zq",
    "email": r"zqemail\d+zq",
    "address": r"zqaddress\d+zq",
    "birth": r"1777-\d\d-\d\d",
    "order": r"777000\d{3}|zqwhat\d+zq",
    "ship": r"zqship\d+zq",
    "hidden": r"zqhidden\d+zq",
}
BEGUN = 0.3
"""Seconds after which a statement that was sent has begun."""

ENDED = "08006"
"""The state that a chunk ends in when its connection is gone; the server gives none then."""

SHOWN: Mapping[str, frozenset[str]] = {
    "support": frozenset({"name", "email"}),
    "shipping": frozenset({"name", "address", "ship"}),
    "till": frozenset({"order"}),
    "news": frozenset({"email"}),
    "answer-requests": frozenset({"name", "email", "address", "birth", "order", "ship"}),
}
HELD = {"shop_auto": "shipping", "shop_auto_news": "news"}
STEMS = {"name": "zqname", "email": "zqemail", "address": "zqaddress", "hidden": "zqhidden", "ship": "zqship"}

MARK = """
update customers set name = format('zqname%1$szq', id), email = format('zqemail%1$szq@example.jp', id),
  address = format('zqaddress%1$szq', id), birth_date = date '1777-01-01' + id;
update customers set name = format('zqhidden%1$szq', id), email = format('zqhidden%1$szq@example.jp', id),
  address = format('zqhidden%1$szq', id) where id = 5;
update orders set total = 777000000 + id, ship_to = case customer_id when 5 then format('zqhidden%1$szq', id)
  else format('zqship%1$szq', id) end;
update order_items set what = format('zqwhat%1$szq', order_id);
"""

FIELDS = (
    pq.DiagnosticField.MESSAGE_PRIMARY,
    pq.DiagnosticField.MESSAGE_DETAIL,
    pq.DiagnosticField.MESSAGE_HINT,
    pq.DiagnosticField.CONTEXT,
    pq.DiagnosticField.INTERNAL_QUERY,
)

PICTURE = """
select distinct t from (
  select c::text as t from public.customers c union all select o::text from public.orders o
  union all select i::text from public.order_items i union all select p::text from public.products p
  union all select s::text from sekisho.standing s union all select k::text from sekisho.key k
  union all select l::text from sekisho.login l union all select u::text from sekisho.purpose u
  union all select format('class %s %s %s', relname, relowner, relacl) from pg_class
    where relnamespace::regnamespace::text !~ '^pg_toast'
  union all select format('proc %s %s %s', oid::regprocedure, proowner, proacl) from pg_proc
  union all select format('type %s', oid::regtype) from pg_type
  union all select format('large %s', oid) from pg_largeobject_metadata
  union all select format('role %s %s', rolname, rolpassword) from pg_authid where rolname !~ '^sekisho_'
  union all select format('setting %s', s) from pg_db_role_setting s
    where setdatabase in (0, (select oid from pg_database where datname = current_database()))
  union all select format('member %s %s', g.rolname, m.rolname) from pg_auth_members x
    join pg_authid g on g.oid = x.roleid join pg_authid m on m.oid = x.member
    -- roles belong to the whole server, where another test may make and drop its own at any time
    where g.rolname !~ '^sekisho_' and (strpos(m.rolname, current_database()) > 0 or m.rolname !~ 'sekisho_')
  union all select format('acl %s', d) from pg_default_acl d
  union all select format('schema %s %s', nspname, nspacl) from pg_namespace where nspname !~ '^pg_(temp|toast)'
  union all select format('prepared %s', gid) from pg_prepared_xacts
  union all select format('slot %s', slot_name) from pg_replication_slots
  union all select format('comment %s', d) from pg_description d where d.objoid > 16384) everything
"""


class Stage:
    """A governed database; plays are played on it one after the other and must leave it as it was."""

    def __init__(self, url: str) -> None:
        """Make the shop, mark it, apply the rules, and let one person withdraw from everything."""
        self.url = url
        with psycopg.connect(url) as db:
            db.execute(SCHEMA)
            db.execute(MARK)
        self.store = PostgresStore(
            url, rules(TILL, logins=(*LOGINS, Login("shop_till", ("till",)))), KeyRing(), Notebook()
        )
        self.store.apply(self.store.plan().digest)
        self.reset()
        with psycopg.connect(url, autocommit=True) as db:
            db.execute("analyze public.customers, public.orders, public.order_items")
        self.before = self.picture()

    def reset(self) -> None:
        """Let everybody stand again but the hidden person."""
        default = self.store.rules.defaults["customer"]
        stand(self.store, {("customer", str(n)): 0b11111 if n == HIDDEN else default for n in range(1, 21)})

    def picture(self) -> frozenset[str]:
        """Return a line for each row, object, grant, role and setting that a play must leave as it was."""
        with psycopg.connect(self.url) as db:
            return frozenset(t for (t,) in db.execute(PICTURE))

    def token(self, words: str, login: str) -> str:
        """Return a permit: `token support` for a person, `service support` for a service."""
        kind, purpose, *_ = words.split()
        subject = "customer:4" if purpose == "answer-requests" else ""
        terms = permits.SERVICE if kind == "service" else permits.PASTED
        return self.store.issue(ask(purpose, login, subject=subject), terms).token

    def act(self, what: str) -> None:
        """Do what the service or the passing of time does."""
        word, *more = what.split()
        if word == "withdraw":
            stand(self.store, {("customer", more[0]): 0b11111})
        elif word == "close":
            self.store.close()
        elif word == "watch":
            self.store.watch(timedelta(0))
        elif word == "tick":
            self.store.renew(self.store.position())
        elif word == "expire":
            with psycopg.connect(self.url) as db:
                db.execute("update sekisho.entered set until = now() - interval '1 second'")
                db.execute("update sekisho.permit set until = now() - interval '1 second'")
        else:
            raise ValueError(f"`{what}` is not something that the service does")


class Performance:
    """One play in one mode: its connections, its permits, and everything that came back."""

    def __init__(self, stage: Stage, play: Play, mode: str) -> None:
        """Hold the stage; nothing is opened yet."""
        self.stage, self.play, self.mode = stage, play, mode
        self.lines: dict[str, tuple[psycopg.Connection[object], list[str], str]] = {}
        self.tokens: dict[str, str] = {}

    def run(self) -> list[tuple[Chunk, Came]]:
        """Play every chunk in order and return what came back."""
        if self.mode != "none":
            self._enter("first", self.play.login, self.mode)
        return [(chunk, self._play(chunk)) for chunk in self.play.chunks]

    def close(self) -> None:
        """Close every connection that is still open."""
        for line, _, _ in self.lines.values():
            line.close()

    def _line(self, name: str, login: str) -> tuple[psycopg.Connection[object], list[str], str]:
        if name not in self.lines:
            parts = {k: str(v) for k, v in conninfo_to_dict(self.stage.url).items() if v is not None}
            options = "-c statement_timeout=4000 -c lock_timeout=2000 -c client_min_messages=debug1"
            line = psycopg.connect(make_conninfo(**{**parts, "user": login, "options": options}), autocommit=True)
            said: list[str] = []
            line.add_notice_handler(lambda d: said.append(_diagnosis(d)))
            self.lines[name] = (line, said, login)
        return self.lines[name]

    def _enter(self, name: str, login: str, purpose: str) -> None:
        line, said, login = self._line(name, login)
        came = _exec(line, said, f"select sekisho.enter('{self.stage.token(f'token {purpose}', login)}')")
        assert not came.state, came.text

    def _play(self, chunk: Chunk) -> Came:
        for what in chunk.do:
            self.stage.act(what)
        login = chunk.login or self.play.login
        if chunk.enter:
            self._enter(chunk.on, login, chunk.enter)
        if not chunk.sql:
            return Came()
        line, said, login = self._line(chunk.on, login)
        sql = re.sub(r"\{\{(.+?)\}\}", lambda m: self._token(m[1], login), chunk.sql)
        with self._meanwhile(chunk.meanwhile):
            return _exec(line, said, sql)

    @contextmanager
    def _meanwhile(self, acts: tuple[str, ...]) -> Iterator[None]:
        """Act while the block runs, once the server has had time to begin."""
        timer = threading.Timer(BEGUN, lambda: [self.stage.act(what) for what in acts])
        if acts:
            timer.start()
        yield
        if acts:
            timer.join()

    def _token(self, words: str, login: str) -> str:
        if words not in self.tokens:
            self.tokens[words] = self.stage.token(words, login)
        return self.tokens[words]

    def leaked(self, came: list[tuple[Chunk, Came]]) -> list[str]:
        """Return the markers that came back though the permits of this play do not show them."""
        text = "\n".join(c.text for _, c in came)
        shown = {*SHOWN.get(self.mode, ()), *SHOWN.get(HELD.get(self.play.login, ""), ())}
        for chunk, _ in came:
            shown |= SHOWN.get(chunk.enter, frozenset()) | SHOWN.get(HELD.get(chunk.login, ""), frozenset())
        for words in self.tokens:
            shown |= SHOWN.get(words.split()[1], frozenset())
        return [found for kind in MARKERS if kind not in shown for found in find(kind, text)]


def find(kind: str, text: str) -> list[str]:
    """Return the markers of a kind in a text, plain, in capitals, backwards, in hexadecimal or in base64."""
    found = re.findall(MARKERS[kind], text, re.IGNORECASE)
    if kind in STEMS:
        stem = STEMS[kind].encode()
        dresses = (stem[::-1].decode(), stem.hex(), *(_in_base64(stem, before) for before in range(3)))
        found += [d for d in dresses if d.lower() in text.lower()]
    return found


def _in_base64(stem: bytes, before: int) -> str:
    """Return the part of a stem's base64 that is the same whatever stands around it, `before` bytes into a group."""
    encoded = base64.b64encode(b" " * before + stem).decode()
    return encoded[-(-before * 8 // 6) : (before + len(stem)) * 8 // 6]


def _diagnosis(said: psycopg.errors.Diagnostic) -> str:
    parts = (said.severity, said.message_primary, said.message_detail, said.message_hint, said.context)
    return " / ".join(p for p in parts if p)


def _exec(line: psycopg.Connection[object], said: list[str], sql: str) -> Came:
    """Send one message and keep everything that comes back, as libpq gives it."""
    came, raw = Came(), line.pgconn
    try:
        raw.send_query(sql.encode())
    except psycopg.OperationalError as error:
        return Came(said=[str(error)], state=ENDED)
    while (result := raw.get_result()) is not None:
        if result.status == pq.ExecStatus.COPY_OUT:
            while (size_data := raw.get_copy_data(0))[0] > 0:
                came.said.append(bytes(size_data[1]).decode())
        elif result.status == pq.ExecStatus.COPY_IN:
            raw.put_copy_end()
        elif result.status == pq.ExecStatus.FATAL_ERROR:
            came.said += [v.decode() for f in FIELDS if (v := result.error_field(f))]
            came.state = came.state or (result.error_field(pq.DiagnosticField.SQLSTATE) or ENDED.encode()).decode()
        else:
            came.rows += [_row(result, n) for n in range(result.ntuples)]
    raw.consume_input() if raw.status == pq.ConnStatus.OK else None
    while (told := raw.notifies()) is not None:
        came.said.append(f"{told.relname.decode()}: {told.extra.decode()}")
    came.said += said
    said.clear()
    return came


def _row(result: pq.abc.PGresult, n: int) -> tuple[str | None, ...]:
    values = (result.get_value(n, i) for i in range(result.nfields))
    return tuple(None if v is None else v.decode() for v in values)


@contextmanager
def stage() -> Iterator[Stage]:
    """Make a stage in a database of its own."""
    with fresh_database("sekisho_corpus") as url:
        yield Stage(url)
