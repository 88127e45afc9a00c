"""Settings: the file `sekisho.toml` beside a policy says where stores and books are.

[stores.shop]
url = "sqlite:///shop.db"            # or postgresql://…; environment variables as ${NAME}
map = "map/shop.yaml"                # map/STORE.yaml where nothing is said

[books]
path = "books"                       # people, consent, evidence and keys; a folder of its own
url = "postgresql://books@db/books"  # people and consent there instead of in a file of that folder

[site]
origin = "studio.example/evidence"   # the log's name in checkpoints
metrics = "local"                    # `/metrics` for this machine only; `open` for whoever reaches the pages

[mail]
host = "smtp.studio.example"
port = 587                           # 587 for starttls, 465 for implicit, 25 for none where nothing is said
tls = "starttls"                     # or implicit; none only to a server on this machine
login = "privacy"                    # only with a password
password = "${MAIL_PASSWORD}"        # from the environment, never written here
from = "Studio <privacy@studio.example>"
reply-to = "privacy@studio.example"
timeout = 20                         # seconds that the server may be silent
links = "https://privacy.studio.example"   # where `/go/` is reached from outside

[keys]
path = "books/keys/store.db"         # the key store: outside every other book, its backups and replicas
register = "books/keys/erased.db"    # who was erased; copied often, never put back from a backup of keys
master = "books/keys/master"         # the master key; better on another volume, or in SEKISHO_MASTER_KEY
horizon_days = 30                    # how long backups of keys are kept, and how old a wrapping key becomes

[vault]
url = "sqlite:///books/vault.db"     # or postgresql://…: sealed records, in a database of their own
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sekisho.ground.errors import BadInput

NAME = "sekisho.toml"
TABLES: Mapping[str, tuple[str, ...]] = {
    "stores": (),
    "books": ("path", "url"),
    "site": ("origin", "metrics"),
    "mail": ("host", "port", "tls", "login", "password", "from", "reply-to", "timeout", "links"),
    "keys": ("path", "register", "master", "horizon_days"),
    "vault": ("url",),
}
OF_STORE = ("url", "map")
ENGINES: Mapping[str, str] = {"sqlite": "sqlite", "postgresql": "postgresql", "postgres": "postgresql"}
"""Scheme of an address → the engine behind it."""
VARIABLE = re.compile(r"\$\{([^}]*)\}")
KEYWORDS = re.compile(r"\s*[a-z_]+\s*=")
"""How an address of PostgreSQL begins that is written as `host=… dbname=…`."""
ORIGIN = re.compile(r"[^\s+]{1,200}\Z")
"""What may name a log in a signed note: no spaces, no plus (C2SP signed-note)."""
PORTS: Mapping[str, int] = {"starttls": 587, "implicit": 465, "none": 25}
"""How the way to a mail server is sealed → the port where nothing is said (RFC 6409, RFC 8314)."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}\Z")
MOST_DAYS = 3650
"""The longest horizon of keys."""
SECONDS = 300
"""The longest silence of a mail server that is waited for."""


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
class MailSetting:
    """Which server takes our messages, who they are from, and where their links lead."""

    host: str
    port: int
    tls: str
    sender: str
    reply_to: str
    timeout: float
    links: str
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class KeySetting:
    """Where the key store, the erasure register and the master key lie; the horizon in days."""

    store: Path
    register: Path
    master: Path
    horizon: int


@dataclass(frozen=True, slots=True)
class Settings:
    """What `sekisho.toml` says; paths are absolute."""

    root: Path
    policy: Path
    stores: tuple[StoreSetting, ...]
    books: Path
    origin: str
    mail: MailSetting | None = None
    books_url: str = field(default="", repr=False)
    """Where people and consent are kept, where that is no file of the books' folder."""
    keys: KeySetting = field(kw_only=True)
    vault_url: str = field(kw_only=True, repr=False)
    """Where sealed records are kept."""
    open_metrics: bool = field(kw_only=True, default=False)
    """Whether whoever reaches the pages may read the figures of operation."""


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
    mail = _mail(_table(data, "mail"), environ) if "mail" in data else None
    folder = _path(root, books, "[books]")
    keys, vault = _keys(_table(data, "keys"), root, folder), _vault_url(data, folder, environ)
    return Settings(
        root,
        root / "policy.md",
        stores,
        folder,
        origin,
        mail,
        _books_url(data, environ),
        keys=keys,
        vault_url=vault,
        open_metrics=_open_metrics(_table(data, "site")),
    )


def _open_metrics(table: Mapping[str, Any]) -> bool:
    word = _word(table, "metrics", "local", "[site]")
    if word not in ("local", "open"):
        raise BadInput(
            f"`{word[:20]}` is not who may read the figures", help="use one of: local, open", place=f"{NAME} [site]"
        )
    return word == "open"


def _keys(table: Mapping[str, Any], root: Path, books: Path) -> KeySetting:
    names = {"path": "store.db", "register": "erased.db", "master": "master"}
    store, register, master = (
        _path(root, _word(table, key, str(books / "keys" / file), "[keys]"), "[keys]") for key, file in names.items()
    )
    return KeySetting(store, register, master, _number(table, "horizon_days", 30, MOST_DAYS, "[keys]"))


def _vault_url(data: Mapping[str, Any], books: Path, environ: Mapping[str, str]) -> str:
    url = _word(_table(data, "vault"), "url", f"sqlite:///{books / 'vault.db'}", "[vault]")
    url = _filled(url, "[vault]", environ)
    _address(url, "[vault]")
    return url


def _books_url(data: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    table = _table(data, "books")
    if "url" not in table:
        return ""
    url = _filled(_word(table, "url", "postgresql://books@db/books", "[books]"), "[books]", environ)
    if ENGINES.get(url.partition("://")[0]) != "postgresql":
        raise BadInput(
            "this is not an address for the books",
            help="write `postgresql://name@host:5432/database`, or only `path` for a file",
            place=f"{NAME} [books]",
        )
    _address(url, "[books]")
    return url


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
    url = _filled(setting["url"], place, environ)
    _address(url, place)
    return StoreSetting(name, url, _path(root, _word(setting, "map", f"map/{name}.yaml", place), place))


def _filled(text: str, place: str, environ: Mapping[str, str]) -> str:
    """Return a text with its `${NAME}` taken from the environment."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise BadInput(
                f"the environment has no `{match[1][:60]}`", help="set it before starting", place=f"{NAME} {place}"
            )
        return environ[match[1]]

    return VARIABLE.sub(value, text)


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


def _mail(table: Mapping[str, Any], environ: Mapping[str, str]) -> MailSetting:
    place = f"{NAME} [mail]"
    for name, example in (("host", "smtp.studio.example"), ("from", "Studio <privacy@studio.example>")):
        if name not in table:
            raise BadInput(f"mail has no `{name}`", help=f'write `{name} = "{example}"`', place=place)
    host, tls = _word(table, "host", "smtp.studio.example", "[mail]"), _word(table, "tls", "starttls", "[mail]")
    if not HOST.match(host):
        raise BadInput("`host` is not the name of a server", help='write `host = "smtp.studio.example"`', place=place)
    if tls not in PORTS:
        raise BadInput(f"`{tls[:20]}` is no way to a mail server", help=f"use one of: {', '.join(PORTS)}", place=place)
    if tls == "none" and host not in LOOPBACK:
        raise BadInput(
            "a message does not travel unsealed to another machine", help='write `tls = "starttls"`', place=place
        )
    login, password = _sign_in(table, environ)
    sender = _mailbox(table, "from", "")
    return MailSetting(
        host,
        _number(table, "port", PORTS[tls], 65535),
        tls,
        sender,
        _mailbox(table, "reply-to", sender),
        float(_number(table, "timeout", 20, SECONDS)),
        _links(table),
        login,
        password,
    )


def _sign_in(table: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[str, str]:
    """Return login and password, both or none; no message repeats a password, wherever it was written."""
    place = f"{NAME} [mail]"
    if ("login" in table) != ("password" in table):
        raise BadInput("a login goes with a password", help="write both, or none", place=place)
    if "login" not in table:
        return "", ""
    written = _word(table, "password", "${MAIL_PASSWORD}", "[mail]")
    if not VARIABLE.fullmatch(written):
        raise BadInput(
            "a password does not stand in the settings",
            help='write `password = "${MAIL_PASSWORD}"` and set that in the environment',
            place=place,
        )
    login = _filled(_word(table, "login", "privacy", "[mail]"), "[mail]", environ)
    password = _filled(written, "[mail]", environ)
    if not login or not password or not (login + password).isprintable():
        raise BadInput("login or password is empty or not a text", help="look at the environment", place=place)
    return login, password


def _number(table: Mapping[str, Any], name: str, default: int, most: int, place: str = "[mail]") -> int:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadInput(
            f"`{name}` is a whole number from 1 to {most}", help=f"write `{name} = {default}`", place=f"{NAME} {place}"
        )
    return value


def _mailbox(table: Mapping[str, Any], name: str, default: str) -> str:
    """Return what stands in a header for an address: `Studio <privacy@studio.example>`, or the bare address."""
    value = _word(table, name, default or "Studio <privacy@studio.example>", "[mail]")
    local, _, domain = parseaddr(value)[1].rpartition("@")
    if not value.isprintable() or len(value) > 320 or not local or not re.fullmatch(r"[^\s@<>]+\.[^\s@<>]+", domain):
        raise BadInput(
            f"`{name}` is not an e-mail address",
            help=f'write `{name} = "Studio <privacy@studio.example>"`',
            place=f"{NAME} [mail]",
        )
    return value


def _links(table: Mapping[str, Any]) -> str:
    """Return where links lead, without a slash at its end; empty where nothing is said."""
    if "links" not in table:
        return ""
    value = _word(table, "links", "https://privacy.studio.example", "[mail]")
    trouble = BadInput(
        "`links` is not an address that people can open",
        help='write `links = "https://privacy.studio.example"`; http only on this machine',
        place=f"{NAME} [mail]",
    )
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise trouble from error
    sealed = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    plain = len(value) <= 200 and re.fullmatch(r"[A-Za-z0-9.:\[\]_-]+", parts.netloc) is not None
    plain = plain and re.fullmatch(r"[A-Za-z0-9._~/-]*", parts.path) is not None
    if not (sealed and plain and parts.hostname and not parts.query and not parts.fragment):
        raise trouble
    return value.rstrip("/")


def sqlite_path(root: Path, url: str) -> Path:
    """Return the file of a `sqlite:///` address; a relative one is beside the settings."""
    return root / url.removeprefix("sqlite:///")
