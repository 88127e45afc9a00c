"""Settings: the file `sekisho.toml` beside a policy says where stores and books are.

[stores.shop]
url = "sqlite:///shop.db"            # or postgresql://…; environment variables as ${NAME}
map = "map/shop.yaml"

[books]
path = "books"                       # people, consent, evidence and keys; a folder of its own

[site]
origin = "studio.example/evidence"   # the log's name in checkpoints
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sekisho.ground.errors import BadInput

NAME = "sekisho.toml"
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class StoreSetting:
    """Where a store is and which map describes it."""

    name: str
    url: str
    map: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """What `sekisho.toml` says; paths are absolute."""

    root: Path
    policy: Path
    stores: tuple[StoreSetting, ...]
    books: Path
    origin: str


def read(root: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of a folder; a folder with a policy and maps but no file has defaults."""
    root = root.resolve()
    file = root / NAME
    data: dict[str, Any] = {}
    if file.exists():
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput(f"the settings cannot be read: {error}", help="see `sekisho init`", place=NAME) from error
    policy = root / "policy.md"
    if not policy.exists():
        raise BadInput("there is no policy here", help="write `policy.md`, or run `sekisho init`", place=str(root.name))
    environ = os.environ if environ is None else environ
    stores = tuple(_store(root, name, s, environ) for name, s in _table(data, "stores").items())
    books = _table(data, "books").get("path", "books")
    origin = _table(data, "site").get("origin", f"{root.name}/evidence")
    return Settings(root, policy, stores, root / str(books), str(origin))


def _table(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = data.get(name, {})
    if not isinstance(table, dict):
        raise BadInput(f"`{name}` is a table", help=f"write `[{name}]`", place=NAME)
    return table


def _store(root: Path, name: str, setting: object, environ: Mapping[str, str]) -> StoreSetting:
    if not isinstance(setting, dict) or not isinstance(setting.get("url"), str):
        raise BadInput(f"store `{name}` has no address", help='write `url = "sqlite:///shop.db"`', place=NAME)

    def value(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise BadInput(f"the environment has no `{match[1]}`", help="set it before starting", place=NAME)
        return environ[match[1]]

    url = VARIABLE.sub(value, setting["url"])
    return StoreSetting(name, url, root / str(setting.get("map", f"map/{name}.yaml")))


def sqlite_path(root: Path, url: str) -> Path:
    """Return the file of a `sqlite:///` address; a relative one is beside the settings."""
    return root / url.removeprefix("sqlite:///")
