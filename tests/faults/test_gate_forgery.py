"""Attack: a purpose that nobody signed. A permit that is not just what was signed and witnessed opens nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from postgres import fresh_database, listening
from sekisho.adapters.stores.postgres import PostgresStore
from sekisho.gate import permit as permits
from sekisho.gate.permit import LoginKey, Permit
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput, Refused
from studio import SCHEMA, KeyRing, Notebook, ask, rules

needs_server = pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")


@pytest.fixture(scope="module")
def store() -> Iterator[PostgresStore]:
    with fresh_database("sekisho_forgery") as url:
        with psycopg.connect(url) as db:
            db.execute(SCHEMA)
        made = PostgresStore(url, rules(), KeyRing(), Notebook())
        made.apply(made.plan().digest)
        yield made


def good(store: PostgresStore, login: str = "shop_support", purpose: str = "support") -> tuple[Permit, LoginKey]:
    """Return a permit that would be taken, and the key to sign it with."""
    key = store.keys.key("shop", login)
    rule = store.rules.purpose(purpose)
    assert rule is not None
    place = permits.Place("shop", str(conninfo_to_dict(store.url)["dbname"]), 1)
    words = ask(purpose, login)
    made = permits.make(words, rule.number, place, permits.PASTED, key, at=stamp.now(), nonce=stamp.nonce())
    return made, key


def witness(store: PostgresStore, token: str) -> None:
    """Ask the store to witness a token as the service would, with all its rights."""
    with psycopg.connect(store.url) as db:
        db.execute(*witnessing(token))


def witnessing(token: str) -> tuple[bytes, list[str]]:
    """Return the call that witnesses a token, with the words of the reason that `ask` gives."""
    return b"select sekisho.witness_permit(%s, %s)", [token, ask().reason]


def changed(**facts: object) -> Callable[[Permit], Permit]:
    return lambda permit: msgspec.structs.replace(permit, **facts)


LATER = int((stamp.now() + timedelta(hours=1)).timestamp())
FORGED: dict[str, Callable[[Permit], Permit]] = {
    "a purpose above the ceiling": changed(purpose="shipping", number=8),
    "a purpose by another's number": changed(number=8),
    "another purpose by this number": changed(purpose="news"),
    "a number that is no purpose": changed(number=40),
    "a number that is out of range": changed(number=64),
    "a negative number": changed(number=-1),
    "a reserved purpose": changed(purpose="migration", number=4),
    "another store": changed(store="other"),
    "another database": changed(database="postgres"),
    "an epoch to come": changed(epoch=2),
    "an epoch that is over": changed(epoch=0),
    "a long life": changed(until=LATER),
    "a life that is over": changed(until=1),
    "redeemed long ago": changed(redeem=1),
    "a scope of its own": changed(scope="for ever"),
    "no scope": changed(scope=""),
}


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_thief_of_a_logins_key_gets_no_more_than_the_ceiling(
    store: PostgresStore, forge: Callable[[Permit], Permit]
) -> None:
    permit, key = good(store)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="sekisho: ") as caught:
        witness(store, permits.sign(forge(permit), key))
    assert caught.value.diag.message_hint


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize("missing", [f.name for f in msgspec.structs.fields(Permit)])
@pytest.mark.parametrize("blank", [False, True], ids=["absent", "null"])
def test_a_permit_with_a_fact_missing_is_no_permit(store: PostgresStore, missing: str, blank: bool) -> None:
    permit, key = good(store)
    facts = msgspec.to_builtins(permit)
    facts = {**facts, missing: None} if blank else {k: v for k, v in facts.items() if k != missing}
    token = sign_anything(facts, key)
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.NotNullViolation)):
        witness(store, token)


def sign_anything(facts: dict[str, object], key: LoginKey) -> str:
    """Return a token that is well signed, whatever it says."""
    payload = base64.urlsafe_b64encode(json.dumps(facts).encode()).rstrip(b"=").decode()
    mac = hmac.new(key.secret, f"sk1.{payload}".encode(), hashlib.sha256).digest()
    return f"sk1.{payload}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize("other", ["another login's key", "a key of its own", "no signature", "half a signature"])
def test_a_permit_that_is_not_signed_with_its_logins_key_is_refused(store: PostgresStore, other: str) -> None:
    permit, key = good(store)
    token = permits.sign(permit, key)
    ship = store.keys.key("shop", "shop_ship")
    forged = {
        "another login's key": permits.sign(permit, replace(ship, id=key.id, login=key.login)),
        "a key of its own": permits.sign(permit, LoginKey(key.id, key.login, b"0" * 32)),
        "no signature": token.rsplit(".", 1)[0] + ".",
        "half a signature": token[:-20],
    }[other]
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=r"not signed|not a permit"):
        witness(store, forged)


@pytest.mark.postgresql
@needs_server
def test_a_permit_of_one_login_signed_with_the_key_of_another_is_refused(store: PostgresStore) -> None:
    permit, _ = good(store)
    ship = store.keys.key("shop", "shop_ship")
    mixed = msgspec.structs.replace(permit, key=ship.id)
    payload = base64.urlsafe_b64encode(msgspec.json.encode(mixed)).rstrip(b"=").decode()
    honest = permits.sign(msgspec.structs.replace(mixed, login="shop_ship"), ship)
    token = f"sk1.{payload}.{honest.rsplit('.', 1)[1]}"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="not signed"):
        witness(store, token)
    with pytest.raises(BadInput):
        permits.sign(permit, ship)


@pytest.mark.postgresql
@needs_server
def test_the_same_permit_is_witnessed_once(store: PostgresStore) -> None:
    permit, key = good(store)
    token = permits.sign(permit, key)
    witness(store, token)
    with pytest.raises(psycopg.errors.UniqueViolation):
        witness(store, token)


@pytest.mark.postgresql
@needs_server
def test_the_words_of_the_reason_are_those_that_were_signed(store: PostgresStore) -> None:
    permit, key = good(store)
    with (
        psycopg.connect(store.url) as db,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="words of this permit"),
    ):
        db.execute("select sekisho.witness_permit(%s, %s)", (permits.sign(permit, key), "another reason"))


@pytest.mark.postgresql
@needs_server
def test_a_permit_that_was_witnessed_cannot_be_changed_afterwards(store: PostgresStore) -> None:
    token = store.issue(ask("support")).token
    head, payload, mac = token.split(".")
    facts = json.loads(base64.urlsafe_b64decode(payload + "=="))
    for change in ({"purpose": "news", "number": 10}, {"until": LATER}, {"single": False}, {"subject": "customer:1"}):
        body = base64.urlsafe_b64encode(json.dumps({**facts, **change}).encode()).rstrip(b"=").decode()
        with as_login(store, "shop_support") as db, pytest.raises(psycopg.errors.InsufficientPrivilege):
            db.execute("select sekisho.enter(%s)", (f"{head}.{body}.{mac}",))


def as_login(store: PostgresStore, login: str) -> psycopg.Connection:
    parts = {k: str(v) for k, v in conninfo_to_dict(store.url).items() if v is not None}
    return psycopg.connect(make_conninfo(**{**parts, "user": login}), autocommit=True)


@pytest.fixture(scope="module")
def lines(store: PostgresStore) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    with psycopg.connect(store.url, autocommit=True) as service, as_login(store, "shop_support") as login:
        yield service, login


tokens = st.one_of(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60),
    st.from_regex(r"sk1\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,44}", fullmatch=True),
    st.builds(
        lambda facts: "sk1." + base64.urlsafe_b64encode(json.dumps(facts).encode()).rstrip(b"=").decode() + ".AAAA",
        st.dictionaries(st.sampled_from(["key", "login", "number", "until"]), st.integers() | st.text() | st.none()),
    ),
)


@pytest.mark.postgresql
@needs_server
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(token=tokens)
def test_no_text_is_a_permit(lines: tuple[psycopg.Connection, psycopg.Connection], token: str) -> None:
    service, login = lines
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="sekisho: "):
        service.execute(*witnessing(token))
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="sekisho: "):
        login.execute("select sekisho.enter(%s)", (token,))
    assert login.execute("select count(*) from support.customers").fetchone() == (0,)


@pytest.mark.postgresql
@needs_server
def test_nothing_that_was_refused_was_written_down_as_a_permit(store: PostgresStore) -> None:
    permit, key = good(store)
    with psycopg.connect(store.url) as db:
        before = db.execute("select count(*) from sekisho.permit").fetchone()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        witness(store, permits.sign(msgspec.structs.replace(permit, store="other"), key))
    with psycopg.connect(store.url) as db:
        assert db.execute("select count(*) from sekisho.permit").fetchone() == before


@pytest.mark.postgresql
@needs_server
@pytest.mark.parametrize("purpose", ["", "Support", "support ", "public", "support'; --", "migration", "ask-consent"])
def test_a_purpose_that_is_not_of_the_ceiling_is_refused_before_anything(store: PostgresStore, purpose: str) -> None:
    with pytest.raises(Refused):
        store.issue(ask(purpose))
