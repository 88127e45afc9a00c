"""Reading a data map: a YAML text becomes a `DataMap`, or diagnostics with the place and the remedy. Never raises."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sekisho.datamap.model import Column, DataMap, Link, Login, Table, Use, Withheld, by_depth
from sekisho.ground import canon
from sekisho.policy.typed import CATEGORY, nearest
from sekisho.policy.source import Diagnostic, Source, Span, failed
from sekisho.policy.yamltext import Fields, Items, Node, Scalar, parse

ENGINES = ("postgresql", "sqlite")
TOP = ("store", "engine", "schema", "withheld", "tables", "logins", "anchors")
OF_TABLE = ("subject", "key", "owner", "columns", "personal")
OF_LOGIN = ("purposes", "bound", "backup", "pooled")
STORE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")
ANCHOR = re.compile(r"(?:max|min)\(([^().]+)\.([^().]+)\)\Z")
LONGEST = 63


@dataclass
class _Reader:
    found: list[Diagnostic] = field(default_factory=list)

    def say(self, code: str, message: str, span: Span, help: str) -> None:
        self.found.append(Diagnostic(code, message, span, help))

    def only(self, fields: Fields, known: Iterable[str], what: str) -> None:
        for key, _ in fields.pairs:
            if key.text not in known:
                self.say("map-field", f"`{key.text}` is not a field of {what}", key.span, nearest(key.text, known))

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
        return tuple(self.text(n) for n in nodes)

    def fields(self, node: Node | None) -> Fields | None:
        if node is None or isinstance(node, Fields):
            return node
        self.say("map-shape", "`name: value` lines belong here", node.span, "indent them under the key")
        return None

    def flag(self, node: Node | None, default: bool) -> bool:
        text = self.text(node)
        if node is None or text in ("true", "false", "yes", "no"):
            return default if node is None else text in ("true", "yes")
        self.say("map-flag", f"`{text}` is neither true nor false", node.span, "write `true` or `false`")
        return default

    def name(self, key: Scalar) -> str:
        if not key.text or "\0" in key.text or len(key.text.encode("utf-8", "surrogatepass")) > LONGEST:
            self.say("map-name", f"`{key.text[:40]}` cannot be a name in a database", key.span, "use 1 to 63 bytes")
        return key.text


def read(source: Source) -> tuple[DataMap | None, tuple[Diagnostic, ...]]:
    """Return the map in a text, or None where something is wrong with it, and what to say."""
    node, found = parse(source.text, source.span)
    reader = _Reader(list(found))
    if not isinstance(node, Fields):
        if not reader.found:
            reader.say(
                "map-empty", "this is not a data map", source.span(0, 1), "begin with `store:`, `engine:` and `tables:`"
            )
        return None, tuple(reader.found)
    reader.only(node, TOP, "a data map")
    made = _map(reader, node, source)
    _check(reader, made, node)
    return (None if failed(reader.found) else made), tuple(reader.found)


def _map(reader: _Reader, node: Fields, source: Source) -> DataMap:
    store = reader.text(node.get("store"))
    if not STORE.match(store) or len(store) > 40:
        place = node.get("store") or node
        reader.say(
            "map-store", f"`{store}` cannot be a store's name", place.span, "use small letters, digits and hyphens"
        )
    engine = reader.text(node.get("engine"))
    if engine not in ENGINES:
        place = node.get("engine") or node
        reader.say("map-engine", f"`{engine}` is not an engine", place.span, nearest(engine, ENGINES))
    withheld = reader.text(node.get("withheld"), "null") or "null"
    if withheld not in ("null", "absent"):
        place = node.get("withheld") or node
        reader.say("map-withheld", f"`{withheld}` is not a way to withhold", place.span, "write `null` or `absent`")
        withheld = "null"
    tables, logins, anchors = (reader.fields(node.get(n)) for n in ("tables", "logins", "anchors"))
    if tables is None:
        reader.say("map-tables", "the map has no tables", node.span, "add `tables:`")
    return DataMap(
        store=store,
        engine=engine,
        schema=reader.text(node.get("schema"), "main" if engine == "sqlite" else "public"),
        withheld=Withheld(withheld),
        tables=tuple(_table(reader, k, v) for k, v in tables.pairs) if tables else (),
        logins=tuple(_login(reader, k, v) for k, v in logins.pairs) if logins else (),
        anchors=tuple((k.text, reader.text(v)) for k, v in anchors.pairs) if anchors else (),
        digest=canon.text_digest(source.text),
    )


def _table(reader: _Reader, key: Scalar, node: Node) -> Table:
    name, fields = reader.name(key), reader.fields(node) or Fields((), key.span)
    reader.only(fields, OF_TABLE, f"table `{name}`")
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
    )


def _column(reader: _Reader, key: Scalar, node: Node) -> Column:
    name, what = reader.name(key), reader.text(node)
    if what in ("key", "plain"):
        return Column(name, Use(what), "", node.span)
    if not CATEGORY.match(what):
        reader.say(
            "map-category",
            f"`{what}` cannot be a data category",
            node.span,
            "write `key`, `plain` or a category such as `contact.email`",
        )
    return Column(name, Use.PERSONAL, what, node.span)


def _login(reader: _Reader, key: Scalar, node: Node) -> Login:
    name, fields = reader.name(key), reader.fields(node) or Fields((), key.span)
    reader.only(fields, OF_LOGIN, f"login `{name}`")
    login = Login(
        name,
        reader.texts(fields.get("purposes")),
        reader.text(fields.get("bound")),
        reader.flag(fields.get("backup"), False),
        reader.flag(fields.get("pooled"), False),
        key.span,
    )
    if login.purposes and login.bound:
        reader.say(
            "map-login",
            f"login `{name}` is bound and has permits",
            key.span,
            "a bound login serves one purpose; make a second login",
        )
    if not (login.purposes or login.bound or login.backup):
        reader.say(
            "map-login", f"login `{name}` has no purpose", key.span, "add `purposes: [...]`, `bound:` or `backup: true`"
        )
    return login


def _check(reader: _Reader, made: DataMap, node: Fields) -> None:
    for table in made.tables:
        if table.span is None:
            continue
        if table.personal:
            _check_table(reader, made, table, table.span)
        elif table.columns or table.subject or table.owners:
            reader.say(
                "map-open",
                f"`{table.name}` is not personal, yet has people",
                table.span,
                "take out `personal: false`, or the rest",
            )
    placed = {t.name for t in by_depth(made)}
    known = {t.name for t in made.tables}
    for table in made.tables:
        ring = table.personal and table.name not in placed and all(o.table in known for o in table.owners)
        if ring and table.span is not None:
            reader.say(
                "map-ring",
                f"the owners of `{table.name}` go round in a ring",
                table.span,
                "let one of them be a person's own table",
            )
    for name, what in made.anchors:
        match = ANCHOR.match(what)
        column = None
        if match is not None and (owner := made.table(match[1])) is not None:
            column = owner.column(match[2])
        if column is None:
            reader.say(
                "map-anchor",
                f"anchor `{name}` names no mapped column",
                node.span,
                "write it like `max(orders.created_at)`",
            )


def _check_table(reader: _Reader, made: DataMap, table: Table, span: Span) -> None:
    if not table.columns:
        reader.say(
            "map-columns", f"table `{table.name}` maps no columns", span, "list them, or write `personal: false`"
        )
    if not table.subject and not table.owners:
        reader.say(
            "map-nobody",
            f"nobody owns the rows of `{table.name}`",
            span,
            "add `subject:` or `owner:`, or write `personal: false`",
        )
    if table.subject and not table.key:
        reader.say("map-key", f"table `{table.name}` needs a key that names a person", span, "add `key:`")
    mapped = {c.name for c in table.columns}
    for column in (*table.key, *(c for link in table.owners for c in link.columns)):
        if column not in mapped:
            reader.say(
                "map-unmapped", f"column `{column}` of `{table.name}` is used but not mapped", span, "list it as `key`"
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
        reader.say("map-owner", f"`{link.table}` is not a mapped table of people", span, nearest(link.table, names))
    elif not owner.key:
        reader.say("map-owner-key", f"`{link.table}` has no key to link to", span, f"add `key:` to `{link.table}`")
    elif len(owner.key) != len(link.columns):
        reader.say(
            "map-link",
            f"the link has {len(link.columns)} columns, the key of `{link.table}` has {len(owner.key)}",
            span,
            "name them in the key's order",
        )
