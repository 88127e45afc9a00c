"""The service file: what an application must know to go through the gate by itself, in one file that is a secret.

It holds the key of one login, the handle under which the service acts, and how people are named in what its purposes
see. Whoever has it, and the login's and the witness's ways into the database, can issue permits of that login; each of
them is witnessed.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec

from sekisho.compiler.lower import hidden_name
from sekisho.compiler.postgres_live import role_schema_of, schema_of
from sekisho.compiler.rules import LoginRule, RuleSet
from sekisho.gate.naming import naming
from sekisho.gate.permit import LoginKey
from sekisho.ground.errors import BadInput


class ServicePurpose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One purpose of the login: its number and clause, where its views stand, and how its readings are witnessed."""

    number: int
    clause: str
    schema: str
    held: bool
    witness: str
    naming: dict[str, dict[str, tuple[str, ...]]]
    withheld: dict[str, str]
    """Withheld column → why, naming the clause."""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a service file says; `schema` is the application's own, `secret` 64 hexadecimal digits."""

    store: str
    login: str
    actor: str
    schema: str
    key: str
    secret: str
    purposes: dict[str, ServicePurpose]

    @property
    def login_key(self) -> LoginKey:
        """The key that signs this login's permits."""
        return LoginKey(self.key, self.login, bytes.fromhex(self.secret))


def make_service(rules: RuleSet, login: LoginRule, key: LoginKey, actor: str) -> Service:
    """Return the service file's content for a login of a store."""
    names = [*login.purposes, *((login.bound,) if login.bound else ())]
    purposes = {name: _purpose(rules, name, held=name == login.bound) for name in names}
    return Service(rules.store, login.name, actor, rules.schema, key.id, key.secret.hex(), purposes)


def _purpose(rules: RuleSet, name: str, *, held: bool) -> ServicePurpose:
    rule = rules.purpose(name)
    if rule is None:
        raise BadInput(f"`{name}` is not a purpose of the policy", help="correct `logins:` in the map")
    return ServicePurpose(
        rule.number,
        rule.clause,
        role_schema_of(name) if held else schema_of(name),
        held,
        rule.witness.value,
        {table: dict(classes) for table, classes in naming(rules, name).items()},
        {c: hidden_name(rules, name, v.table, c) for v in rules.views if v.purpose == name for c in v.withheld},
    )


def write_service(path: Path, service: Service) -> None:
    """Write a service file that only its owner may read; raises BadInput where a file is there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError as error:
        raise BadInput("a file is there already", help="name another, or remove it first", place=path.name) from error
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(service), indent=2) + b"\n")


def read_service(path: Path) -> Service:
    """Return what a service file says; raises BadInput where it is none, or where others may read it."""
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise BadInput("others may read the service file", help="chmod 600 it", place=path.name)
        service = msgspec.json.decode(path.read_bytes(), type=Service)
        if len(service.login_key.secret) == 32:
            return service
    except OSError as error:
        raise BadInput("the service file cannot be read", help="check its path", place=path.name) from error
    except (msgspec.DecodeError, ValueError):
        pass  # bytes that are no service file: told below
    raise BadInput("this is not a service file", help="make one: sekisho gate service", place=path.name)
