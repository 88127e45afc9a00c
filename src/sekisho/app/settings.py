"""Settings: the file `sekisho.toml` beside a policy says where stores and books are.

[stores.shop]
url = "sqlite:///shop.db"            # or postgresql://…; environment variables as ${NAME}
map = "map/shop.yaml"                # map/STORE.yaml where nothing is said

[books]
path = "books"                       # people, consent, evidence and keys; a folder of its own

[site]
origin = "studio.example/evidence"   # the log's name in checkpoints
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sekisho.ground.errors import BadInput

NAME = "sekisho.toml"
TABLES: Mapping[str, tuple[str, ...]] = {"stores": (), "books": ("path",), "site": ("origin",)}
OF_STORE = ("url", "map")
ENGINES: Mapping[str, str] = {"sqlite": "sqlite", "postgresql": "postgresql", "postgres": "postgresql"}
"""Scheme of an address → the engine behind it."""
VARIABLE = re.compile(r"\$\{([^}]*)\}")
KEYWORDS = re.compile(r"\s*[a-z_]+\s*=")
"""How an address of PostgreSQL begins that is written as `host=… dbname=…`."""
ORIGIN = re.compile(r"[^\s+]{1,200}\Z")
"""What may name a log in a signed note: no spaces, no plus (C2SP signed-note)."""


@dataclass(frozen=True, slots=True)
class StoreSetting:
    """Where a store is and which map describes it."""

    name: str
    url: str
    map: Path

    @property
    def engine(self) -> str:
        """The engine that the address names."""
        return "postgresql" if KEYWORDS.match(self.url) else ENGINES[self.url.partition(":")[0]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What `sekisho.toml` says; paths are absolute."""

    root: Path
    policy: Path
    stores: tuple[StoreSetting, ...]
    books: Path
    origin: str


def read(root: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a folder; a folder with a policy but no file has defaults. Raises only BadInput."""
    root = root.resolve()
    policy = root / "policy.md"
    if not policy.exists():
        raise BadInput("there is no policy here", help="write `policy.md`, or run `sekisho init`", place=root.name)
    file = root / NAME
    return parse(_text(file) if file.exists() else "", root, os.environ if environ is None else environ)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise BadInput("the settings are not UTF-8 text", help="save the file as UTF-8", place=NAME) from error
    except OSError as error:
        raise BadInput(
            "the settings cannot be read", help="check that it is a file and readable", place=NAME
        ) from error


def parse(text: str, root: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings in a text; `root` is the folder that relative paths start from. Raises only BadInput."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"the settings are not TOML: {_said(error)}", help="correct that line", place=NAME) from error
    except (RecursionError, ValueError) as error:
        raise BadInput("the settings are not TOML", help="`sekisho init` writes an example", place=NAME) from error
    _only(data, TABLES, "the settings", "[{}]")
    stores = tuple(_store(root, name, s, environ) for name, s in _table(data, "stores").items())
    books = _word(_table(data, "books"), "path", "books", "[books]")
    name = re.sub(r"[\s+]+", "-", root.name) or "sekisho"
    origin = _word(_table(data, "site"), "origin", f"{name}/evidence", "[site]")
    if not ORIGIN.match(origin):
        raise BadInput(
            f"`{origin[:60]}` cannot name a log", help="write it like `studio.example/evidence`", place=f"{NAME} [site]"
        )
    return Settings(root, root / "policy.md", stores, _path(root, books, "[books]"), origin)


def _said(error: Exception) -> str:
    """Return what the reader of TOML says, one line, its first letter small."""
    said = " ".join(str(error).split())
    return said[:1].lower() + said[1:160]


def _only(data: Mapping[str, Any], known: Iterable[str], where: str, form: str) -> None:
    for key in data:
        if key not in known:
            close = difflib.get_close_matches(key, list(known), 1)
            names = ", ".join(f"`{form.format(k)}`" for k in known)
            remedy = f"did you mean `{form.format(close[0])}`?" if close else f"use one of: {names}"
            raise BadInput(f"{where} know no `{key[:60]}`", help=remedy, place=NAME)


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise BadInput(f"`{name}` is a table", help=f"write `[{name}]`", place=NAME)
    if TABLES[name]:
        _only(table, TABLES[name], f"the settings under [{name}]", "{}")
    return table


def _word(table: Mapping[str, Any], name: str, default: str, place: str) -> str:
    value = table.get(name, default)
    if not isinstance(value, str) or not value.strip():
        raise BadInput(f"`{name}` is a text", help=f'write `{name} = "{default}"`', place=f"{NAME} {place}")
    return value


def _path(root: Path, text: str, place: str) -> Path:
    if "\0" in text or len(os.fsencode(text.encode("utf-8", "replace"))) > 1000:
        raise BadInput("this is not a path", help="name a file beside the settings", place=f"{NAME} {place}")
    return root / text


def _store(root: Path, name: str, setting: object, environ: Mapping[str, str]) -> StoreSetting:
    place = f"[stores.{name[:60]}]"
    if not isinstance(setting, dict) or not isinstance(setting.get("url"), str):
        raise BadInput(
            f"store `{name[:60]}` has no address", help='write `url = "sqlite:///shop.db"`', place=f"{NAME} {place}"
        )
    _only(setting, OF_STORE, f"the settings under {place}", "{}")

    def value(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise BadInput(
                f"the environment has no `{match[1][:60]}`", help="set it before starting", place=f"{NAME} {place}"
            )
        return environ[match[1]]

    url = VARIABLE.sub(value, setting["url"])
    _address(url, place)
    return StoreSetting(name, url, _path(root, _word(setting, "map", f"map/{name}.yaml", place), place))


def _address(url: str, place: str) -> None:
    """Raise BadInput where an address cannot be one; the message does not repeat it, since it may hold a password."""
    trouble = BadInput(
        "this is not the address of a store",
        help="write `sqlite:///shop.db` or `postgresql://user@host:5432/database`",
        place=f"{NAME} {place}",
    )
    if KEYWORDS.match(url) and "\0" not in url:
        return
    scheme, _, rest = url.partition("://")
    if ENGINES.get(scheme) == "sqlite" and (not rest.startswith("/") or not rest.strip("/") or "\0" in rest):
        raise trouble
    if scheme not in ENGINES:
        raise trouble
    try:
        _ = urlsplit(url).port
    except ValueError as error:
        raise trouble from error


def sqlite_path(root: Path, url: str) -> Path:
    """Return the file of a `sqlite:///` address; a relative one is beside the settings."""
    return root / url.removeprefix("sqlite:///")
