"""Reading a data map: a YAML text becomes a `DataMap`, or diagnostics with the place and the remedy. Never raises."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sekisho.datamap.model import Anchor, Column, DataMap, Link, Login, Table, Use, Withheld, by_depth
from sekisho.ground import canon
from sekisho.policy.source import Diagnostic, Source, Span, failed, quoted
from sekisho.policy.typed import CATEGORY, nearest
from sekisho.policy.yamltext import Fields, Items, Node, Scalar, parse

ENGINES = ("postgresql", "sqlite")
TOP = ("store", "engine", "schema", "withheld", "tables", "logins", "anchors")
OF_TABLE = ("subject", "key", "owner", "age", "columns", "personal")
OF_LOGIN = ("purposes", "bound", "backup", "pooled", "witness")
STORE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
ANCHOR = re.compile(r"(?P<how>max|min)\((?P<table>[^().]+)\.(?P<column>[^().]+)\)\Z")
NAME_OF_ANCHOR = re.compile(r"[a-z][a-z -]{1,38}[a-z]\Z")
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that end a line or cannot be seen: databases take them in names, who reads a statement does not."""
LONGEST = 63
LONGEST_STORE = 40


@dataclass
class _Reader:
    found: list[Diagnostic] = field(default_factory=list)

    def say(self, code: str, message: str, span: Span, help: str) -> None:
        self.found.append(Diagnostic(code, message, span, help))

    def only(self, fields: Fields, known: Iterable[str], what: str) -> None:
        for key, _ in fields.pairs:
            if key.text not in known:
                self.say(
                    "map-field", f"{quoted(key.text)} is not a field of {what}", key.span, nearest(key.text, known)
                )

    def text(self, node: Node | None, default: str = "") -> str:
        if node is None:
            return default
        if isinstance(node, Scalar):
            return node.text
        self.say("map-shape", "one value belongs here", node.span, "write a word")
        return default

    def texts(self, node: Node | None) -> tuple[str, ...]:
        if node is None:
            return ()
        nodes = node.items if isinstance(node, Items) else (node,)
        words = tuple(self.text(n) for n in nodes)
        if not nodes or "" in words:
            self.say("map-shape", "one or more names belong here", node.span, "write `name`, or `[one, two]`")
        return tuple(filter(None, words))

    def fields(self, node: Node | None) -> Fields | None:
        if node is None or isinstance(node, Fields):
            return node
        self.say("map-shape", "`name: value` lines belong here", node.span, "indent them under the key")
        return None

    def flag(self, node: Node | None, default: bool) -> bool:
        text = self.text(node)
        if node is None or text in ("true", "false", "yes", "no"):
            return default if node is None else text in ("true", "yes")
        self.say("map-flag", f"{quoted(text)} is neither true nor false", node.span, "write `true` or `false`")
        return default

    def name(self, key: Scalar) -> str:
        text = key.text
        if not text.strip():
            self.say("map-name", "this name is empty", key.span, f"use 1 to {LONGEST} bytes")
        elif UNSEEN.search(text) or len(text.encode("utf-8")) > LONGEST:
            help = f"use 1 to {LONGEST} bytes on one line"
            self.say("map-name", f"{quoted(text)} cannot be a name in a database", key.span, help)
        return text


def read(source: Source) -> tuple[DataMap | None, tuple[Diagnostic, ...]]:
    """Return the map in a text, or None where something is wrong with it, and what to say."""
    node, found = parse(source.text, source.span)
    reader = _Reader(list(found))
    if not isinstance(node, Fields):
        if not reader.found:
            help = "begin with `store:`, `engine:` and `tables:`"
            reader.say("map-empty", "this is not a data map", source.span(0, 1), help)
        return None, tuple(reader.found)
    reader.only(node, TOP, "a data map")
    made = _map(reader, node, source)
    _check(reader, made)
    return (None if failed(reader.found) else made), tuple(dict.fromkeys(reader.found))


def together(maps: Iterable[DataMap]) -> tuple[Diagnostic, ...]:
    """Return what is wrong with maps that stand in one folder: a store has one map for each engine it runs on."""
    found: list[Diagnostic] = []
    first: dict[tuple[str, str], DataMap] = {}
    for made in maps:
        other = first.setdefault((made.store, made.engine), made)
        if other is not made:
            where = f" in `{other.span.file}`" if other.span is not None else ""
            message = f"store `{made.store}` has a map for {made.engine} already{where}"
            found.append(Diagnostic("map-again", message, made.span, "put both into one, or name another store"))
    return tuple(found)


def _map(reader: _Reader, node: Fields, source: Source) -> DataMap:
    engine = _engine(reader, node)
    tables, logins = (reader.fields(node.get(n)) for n in ("tables", "logins"))
    if node.get("tables") is None or (tables is not None and not tables.pairs):
        place = node.key("tables") or _first(node)
        reader.say("map-tables", "the map has no tables", place.span, "list them under `tables:`")
    schema = node.get("schema")
    if isinstance(schema, Scalar):
        reader.name(schema)
    made = tuple(_table(reader, k, v) for k, v in tables.pairs) if tables else ()
    return DataMap(
        store=_store(reader, node),
        engine=engine,
        schema=reader.text(schema, "main" if engine == "sqlite" else "public"),
        withheld=_withheld(reader, node),
        tables=made,
        logins=tuple(_login(reader, k, v) for k, v in logins.pairs) if logins else (),
        anchors=_anchors(reader, node, made),
        digest=canon.text_digest(source.text),
        span=(node.get("store") or node).span,
    )


def _first(node: Fields) -> Scalar:
    return node.pairs[0][0] if node.pairs else Scalar("", node.span)


def _store(reader: _Reader, node: Fields) -> str:
    store, place = reader.text(node.get("store")), node.get("store") or _first(node)
    if not store and not isinstance(place, Items | Fields):
        reader.say("map-store", "the map does not name its store", place.span, "add `store:` and a name")
    elif store and (not STORE.match(store) or len(store) > LONGEST_STORE):
        help = f"use small letters, digits and hyphens, up to {LONGEST_STORE}"
        reader.say("map-store", f"{quoted(store)} cannot be a store's name", place.span, help)
    return store


def _engine(reader: _Reader, node: Fields) -> str:
    engine, place = reader.text(node.get("engine")), node.get("engine") or _first(node)
    if not engine and not isinstance(place, Items | Fields):
        reader.say("map-engine", "the map does not name its engine", place.span, f"add `engine: {ENGINES[0]}`")
    elif engine and engine not in ENGINES:
        reader.say("map-engine", f"{quoted(engine)} is not an engine", place.span, nearest(engine, ENGINES))
    return engine


def _withheld(reader: _Reader, node: Fields) -> Withheld:
    place = node.get("withheld")
    text = reader.text(place, "null") or "null"
    if text not in ("null", "absent"):
        span = place.span if place is not None else node.span
        reader.say("map-withheld", f"{quoted(text)} is not a way to withhold", span, "write `null` or `absent`")
        text = "null"
    return Withheld(text)


def _anchors(reader: _Reader, node: Fields, tables: tuple[Table, ...]) -> tuple[Anchor, ...]:
    """Return what dates each anchor, one column or several: each holds for the people whose rows its table has."""
    anchors = reader.fields(node.get("anchors"))
    made: list[Anchor] = []
    for key, value in anchors.pairs if anchors else ():
        if not NAME_OF_ANCHOR.match(key.text):
            help = "write small letters and spaces, as `keep:` says it, like `last order`"
            reader.say("map-anchor", f"{quoted(key.text)} cannot be an anchor", key.span, help)
        for item in value.items if isinstance(value, Items) else (value,):
            anchor = _anchor(reader, key.text, item, tables)
            made += [anchor] if anchor is not None else []
    return tuple(made)


def _anchor(reader: _Reader, name: str, node: Node, tables: tuple[Table, ...]) -> Anchor | None:
    text = reader.text(node)
    match = ANCHOR.match(text)
    if match is None:
        message = (
            f"{quoted(text)} does not say when {quoted(name)} is" if text else f"nothing says when {quoted(name)} is"
        )
        reader.say("map-anchor", message, node.span, "write it like `max(orders.created_at)`")
        return None
    table = next((t for t in tables if t.name == match["table"]), None)
    if table is None or not table.personal:
        known = [t.name for t in tables if t.personal]
        message = f"{quoted(match['table'])} is not a mapped table of people"
        reader.say("map-anchor", message, node.span, nearest(match["table"], known) or "map the table first")
        return None
    if table.column(match["column"]) is None:
        known = [c.name for c in table.columns]
        message = f"{quoted(match['column'])} is not a mapped column of {quoted(table.name)}"
        help = nearest(match["column"], known) or "list it under `columns:`"
        reader.say("map-anchor", message, node.span, help)
        return None
    return Anchor(name, match["how"], table.name, match["column"], node.span)


def _table(reader: _Reader, key: Scalar, node: Node) -> Table:
    name, fields = reader.name(key), reader.fields(node) or Fields((), key.span)
    reader.only(fields, OF_TABLE, f"table {quoted(name)}")
    columns = reader.fields(fields.get("columns"))
    owner = reader.fields(fields.get("owner"))
    return Table(
        name=name,
        key=reader.texts(fields.get("key")),
        columns=tuple(_column(reader, k, v) for k, v in columns.pairs) if columns else (),
        subject=reader.text(fields.get("subject")),
        owners=tuple(Link(k.text, reader.texts(v), k.span) for k, v in owner.pairs) if owner else (),
        personal=reader.flag(fields.get("personal"), True),
        span=key.span,
        age=reader.text(fields.get("age")),
    )


def _column(reader: _Reader, key: Scalar, node: Node) -> Column:
    name, what = reader.name(key), reader.text(node)
    if what in ("key", "plain"):
        return Column(name, Use(what), "", node.span)
    if not CATEGORY.match(what) and isinstance(node, Scalar):
        message = f"{quoted(what)} cannot be a data category" if what else f"nothing says what {quoted(name)} holds"
        help = "write `key`, `plain` or a category such as `contact.email`"
        reader.say("map-category", message, node.span if what else key.span, help)
    return Column(name, Use.PERSONAL, what, node.span)


def _login(reader: _Reader, key: Scalar, node: Node) -> Login:
    name, fields = reader.name(key), reader.fields(node) or Fields((), key.span)
    reader.only(fields, OF_LOGIN, f"login {quoted(name)}")
    login = Login(
        name,
        reader.texts(fields.get("purposes")),
        reader.text(fields.get("bound")),
        reader.flag(fields.get("backup"), False),
        reader.flag(fields.get("pooled"), False),
        key.span,
        reader.flag(fields.get("witness"), False),
    )
    if login.witness and (login.purposes or login.bound or login.backup):
        reader.say(
            "map-login",
            f"login {quoted(name)} witnesses and reads",
            key.span,
            "a witness login reads nothing; make a second login",
        )
    if login.purposes and login.bound:
        reader.say(
            "map-login",
            f"login {quoted(name)} is bound and has permits",
            key.span,
            "a bound login serves one purpose; make a second login",
        )
    if not (login.purposes or login.bound or login.backup or login.witness):
        reader.say(
            "map-login",
            f"login {quoted(name)} has no purpose",
            key.span,
            "add `purposes: [...]`, `bound:`, `backup: true` or `witness: true`",
        )
    return login


def _check(reader: _Reader, made: DataMap) -> None:
    placed = {t.name for t in by_depth(made)}
    known = {t.name for t in made.tables}
    for table in made.tables:
        span = table.span
        if span is None:
            continue
        if not table.personal and (table.columns or table.subject or table.owners):
            message = f"{quoted(table.name)} is not personal, yet has people"
            reader.say("map-open", message, span, "take out `personal: false`, or the rest")
        if table.personal:
            _check_table(reader, made, table, span)
            if table.name not in placed and all(o.table in known for o in table.owners):
                message = f"the owners of {quoted(table.name)} go round in a ring"
                reader.say("map-ring", message, span, "let one of them be a person's own table")


def _check_table(reader: _Reader, made: DataMap, table: Table, span: Span) -> None:
    if not table.columns:
        reader.say(
            "map-columns", f"table {quoted(table.name)} maps no columns", span, "list them, or write `personal: false`"
        )
    if not table.subject and not table.owners:
        reader.say(
            "map-nobody",
            f"nobody owns the rows of {quoted(table.name)}",
            span,
            "add `subject:` or `owner:`, or write `personal: false`",
        )
    if table.subject and not table.key:
        reader.say("map-key", f"table {quoted(table.name)} needs a key that names a person", span, "add `key:`")
    for names in (table.key, *(link.columns for link in table.owners)):
        if twice := next((n for n in names if names.count(n) > 1), ""):
            reader.say(
                "map-twice", f"{quoted(twice)} is named twice in a key of {quoted(table.name)}", span, "keep one"
            )
    mapped = {c.name for c in table.columns} or {*table.key, *(c for link in table.owners for c in link.columns)}
    for column in (*table.key, *(c for link in table.owners for c in link.columns)):
        if column not in mapped:
            reader.say(
                "map-unmapped",
                f"column {quoted(column)} of {quoted(table.name)} is used but not mapped",
                span,
                "list it as `key`",
            )
    if table.age and not table.subject:
        reader.say(
            "map-age", f"{quoted(table.name)} says an age, but of nobody", span, "put `age:` on a table with `subject:`"
        )
    elif table.age and table.age not in {c.name for c in table.columns}:
        reader.say(
            "map-unmapped",
            f"column {quoted(table.age)} of {quoted(table.name)} is used but not mapped",
            span,
            "list it with its category, such as `birth.date` or `age.band`",
        )
    for link in table.owners:
        _check_link(reader, made, table, link)


def _check_link(reader: _Reader, made: DataMap, table: Table, link: Link) -> None:
    span = link.span or table.span
    owner = made.table(link.table)
    if span is None:
        return
    if owner is None or not owner.personal:
        names = [t.name for t in made.tables if t.personal]
        reader.say(
            "map-owner", f"{quoted(link.table)} is not a mapped table of people", span, nearest(link.table, names)
        )
    elif not owner.key:
        reader.say(
            "map-owner-key", f"{quoted(link.table)} has no key to link to", span, f"add `key:` to {quoted(link.table)}"
        )
    elif len(owner.key) != len(link.columns):
        reader.say(
            "map-link",
            f"the link has {len(link.columns)} columns, the key of {quoted(link.table)} has {len(owner.key)}",
            span,
            "name them in the key's order",
        )
