"""Permits: who, which purpose, why, from–until; signed with the key of the login that will use it.

The token is `sk1.<payload>.<mac>`, both parts base64url without padding; the payload is canonical JSON, the mac
HMAC-SHA-256 (RFC 2104) under the login's key. The store verifies it once, when the permit is witnessed; from then
on the token is looked up by its digest. A token that was never witnessed opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

import msgspec

from sekisho.gate.decide import PASTE_LIMIT, PERSON_LIMIT, Ask
from sekisho.ground import canon
from sekisho.ground.errors import BadInput

PREFIX = "sk1"
BLOCK = 64
"""Block size of SHA-256 in bytes, to which HMAC pads its key."""


class Scope(Enum):
    """What a permit opens: one transaction at a time, or a session until disconnect or `DISCARD ALL`."""

    TRANSACTION = "transaction"
    SESSION = "session"


class Permit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signed content of a permit. Instants are whole seconds since the epoch; `reason` is a SHA-256.

    `pid` binds it to one backend (0: not known). `single` permits are spent by their first use, even when that
    transaction is rolled back.
    """

    key: str
    store: str
    database: str
    login: str
    purpose: str
    number: int
    actor: str
    reason: str
    subject: str
    scope: str
    single: bool
    pid: int
    not_before: int
    redeem: int
    until: int
    epoch: int
    nonce: str


@dataclass(frozen=True, slots=True)
class LoginKey:
    """The secret of one login: 32 bytes, and the id under which the store knows it."""

    id: str
    login: str
    secret: bytes

    def pads(self) -> tuple[bytes, bytes]:
        """Return HMAC's inner and outer padded keys, which is what the store keeps."""
        padded = self.secret.ljust(BLOCK, b"\0")
        return bytes(b ^ 0x36 for b in padded), bytes(b ^ 0x5C for b in padded)


def sign(permit: Permit, key: LoginKey) -> str:
    """Return the token of a permit under its login's key."""
    if permit.key != key.id or permit.login != key.login:
        raise BadInput("the key is not the permit's", help="sign with the key of the login that will use the permit")
    payload = canon.to_base64url(canon.encode(msgspec.to_builtins(permit)))
    mac = hmac.new(key.secret, f"{PREFIX}.{payload}".encode(), hashlib.sha256).digest()
    return f"{PREFIX}.{payload}.{canon.to_base64url(mac)}"


def read(token: str, key: LoginKey) -> Permit:
    """Return the permit in a token; raises BadInput when it is malformed or signed with another key."""
    trouble = BadInput("this is not a permit", help="ask for one with `sekisho gate permit`")
    parts = token.split(".")
    if len(parts) != 3 or parts[0] != PREFIX:
        raise trouble
    try:
        mac = canon.from_base64url(parts[2])
        good = hmac.new(key.secret, f"{PREFIX}.{parts[1]}".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(mac, good):
            raise trouble
        return msgspec.json.decode(canon.from_base64url(parts[1]), type=Permit)
    except (ValueError, UnicodeEncodeError, msgspec.DecodeError) as error:
        raise trouble from error


def digest(token: str) -> bytes:
    """Return the SHA-256 of a token: the name under which it is witnessed."""
    return hashlib.sha256(token.encode()).digest()


def reason_digest(nonce: str, words: str) -> str:
    """Return the commitment to a reason's words: what signed permits and evidence hold in their place."""
    return hashlib.sha256(f"{nonce}:{words}".encode("utf-8", "replace")).hexdigest()


def until(permit: Permit) -> datetime:
    """Return the instant at which a permit ends."""
    return datetime.fromtimestamp(permit.until, UTC)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a permit is cut to: its scope, whether it is spent by one use, its backend (0: unknown) and its life."""

    scope: Scope
    single: bool
    pid: int = 0
    life: timedelta = PERSON_LIMIT
    redeem: timedelta = PERSON_LIMIT


SHELL = Terms(Scope.SESSION, single=True)
"""A person at a connection that the gate opened itself; its backend is filled in."""

PASTED = Terms(Scope.SESSION, single=True, redeem=PASTE_LIMIT)
"""A person at a connection of their own: redeemed within a minute."""

SERVICE = Terms(Scope.TRANSACTION, single=False)
"""A service that enters each of its transactions under one witnessed permit."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a permit holds: a store, its database and its epoch."""

    store: str
    database: str
    epoch: int


def make(ask: Ask, number: int, place: Place, terms: Terms, key: LoginKey, *, at: datetime, nonce: bytes) -> Permit:
    """Return a permit for an ask that was allowed; the reason enters as its SHA-256 under the nonce."""
    seconds = int(at.timestamp())
    secret = nonce.hex()
    return Permit(
        key=key.id,
        store=place.store,
        database=place.database,
        login=ask.login,
        purpose=ask.purpose,
        number=number,
        actor=ask.actor,
        reason=reason_digest(secret, ask.reason),
        subject=ask.subject,
        scope=terms.scope.value,
        single=terms.single,
        pid=terms.pid,
        not_before=seconds - 5,
        redeem=seconds + int(terms.redeem.total_seconds()),
        until=seconds + int(terms.life.total_seconds()),
        epoch=place.epoch,
        nonce=secret,
    )
