"""The settings: what is written is read, what is wrong is told with its place and remedy, nothing else is raised."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.app import settings
from sekisho.ground.errors import BadInput

pytestmark = pytest.mark.unit
ROOT = Path("/somewhere/studio")
WHOLE = """
[stores.shop]
url = "postgresql://keeper:${SECRET}@db.example:5432/shop"
map = "map/online.yaml"

[stores.till]
url = "sqlite:///till.db"

[books]
path = "/var/lib/sekisho"

[site]
origin = "studio.example/evidence"
"""


def test_what_is_written_is_read() -> None:
    read = settings.parse(WHOLE, ROOT, {"SECRET": "s3"})
    shop, till = read.stores
    assert (shop.name, shop.url, shop.map, shop.engine) == (
        "shop",
        "postgresql://keeper:s3@db.example:5432/shop",
        ROOT / "map/online.yaml",
        "postgresql",
    )
    assert (till.map, till.engine) == (ROOT / "map/till.yaml", "sqlite")
    assert read.books == Path("/var/lib/sekisho")
    assert read.origin == "studio.example/evidence"


def test_an_address_of_keywords_is_postgresql() -> None:
    (shop,) = settings.parse("[stores.shop]\nurl = 'host=127.0.0.1 dbname=shop'", ROOT, {}).stores
    assert shop.engine == "postgresql"


def test_nothing_written_means_books_beside_the_policy_and_no_store() -> None:
    read = settings.parse("", Path("/somewhere/my + studio"), {})
    assert read.stores == ()
    assert read.books == Path("/somewhere/my + studio/books")
    assert read.origin == "my-studio/evidence"


def test_a_sqlite_address_is_beside_the_settings_or_absolute() -> None:
    assert settings.sqlite_path(ROOT, "sqlite:///shop.db") == ROOT / "shop.db"
    assert settings.sqlite_path(ROOT, "sqlite:////data/shop.db") == Path("/data/shop.db")


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("[stores", "not TOML", "correct that line"),
        ("a = " + "[" * 5000, "not TOML", "sekisho init"),
        ("[store.shop]\nurl = 'sqlite:///a.db'", "know no `store`", "did you mean `[stores]`?"),
        ("stores = 1", "`stores` is a table", "write `[stores]`"),
        ("[stores.shop]\nmap = 'x'", "store `shop` has no address", "url ="),
        ("[stores]\nshop = 'sqlite:///a.db'", "store `shop` has no address", "url ="),
        ("[stores.shop]\nurl = 'sqlite:///a.db'\nmpa = 'x'", "know no `mpa`", "did you mean `map`?"),
        ("[stores.shop]\nurl = 'sqlite:///a.db'\nmap = 3", "`map` is a text", "map ="),
        ("[stores.shop]\nurl = 'sqlite:///'", "not the address of a store", "sqlite:///shop.db"),
        ("[stores.shop]\nurl = 'sqlite://shop.db'", "not the address of a store", "sqlite:///shop.db"),
        ("[stores.shop]\nurl = 'mysql://a/b'", "not the address of a store", "postgresql://"),
        ("[stores.shop]\nurl = 'postgresql://h:port/b'", "not the address of a store", "postgresql://"),
        ("[stores.shop]\nurl = '${NOT_SET}'", "the environment has no `NOT_SET`", "set it"),
        ("[stores.shop]\nurl = 'sqlite:///a.db'\nmap = \"a\\u0000b\"", "this is not a path", "name a file"),
        ("[books]\npath = ''", "`path` is a text", "path ="),
        ("[site]\norigin = 'two words'", "cannot name a log", "studio.example"),
        ("[site]\norigins = 'x'", "know no `origins`", "did you mean `origin`?"),
    ],
)
def test_what_is_wrong_is_told_with_place_and_remedy(text: str, message: str, help: str) -> None:
    with pytest.raises(BadInput) as caught:
        settings.parse(text, ROOT, {})
    assert message in str(caught.value)
    assert help in caught.value.help
    assert caught.value.place.startswith("sekisho.toml")


def test_an_address_is_never_repeated_since_it_may_hold_a_password() -> None:
    with pytest.raises(BadInput) as caught:
        settings.parse("[stores.shop]\nurl = 'oracle://keeper:hunter2@host/shop'", ROOT, {})
    assert "hunter2" not in f"{caught.value} {caught.value.help} {caught.value.place}"


def test_a_folder_without_a_policy_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no policy here"):
        settings.read(tmp_path)
    with pytest.raises(BadInput, match="there is no policy here"):
        settings.read(tmp_path / "absent")


def test_settings_that_are_not_utf8_or_not_a_file_are_told_so(tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_text("x", encoding="utf-8")
    (tmp_path / settings.NAME).write_bytes(b"\xff\xfe[books]")
    with pytest.raises(BadInput, match="not UTF-8"):
        settings.read(tmp_path)
    os.remove(tmp_path / settings.NAME)
    (tmp_path / settings.NAME).mkdir()
    with pytest.raises(BadInput, match="cannot be read"):
        settings.read(tmp_path)


VALUES = st.recursive(
    st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.just("sqlite:///a.db"), st.just("${X}")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
NAMES = st.sampled_from(["stores", "books", "site", "url", "map", "path", "origin", "shop", "x"])


def toml(value: object) -> str:
    """Write a value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() or c in " :/${}.@" else f"\\U{ord(c):08x}" for c in value) + '"'
    return str(value)


def outcome(text: str) -> settings.Settings | BadInput:
    try:
        return settings.parse(text, ROOT, {"X": "sqlite:///x.db"})
    except BadInput as error:
        return error


@given(st.text())
def test_any_text_gives_settings_or_bad_input(text: str) -> None:
    found = outcome(text)
    assert isinstance(found, settings.Settings) or found.help


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, st.one_of(VALUES, st.dictionaries(NAMES, VALUES))), max_size=3))
def test_any_shape_gives_settings_or_bad_input(shape: dict[str, object]) -> None:
    found = outcome("\n".join(f"{name} = {toml(value)}" for name, value in shape.items()))
    if isinstance(found, BadInput):
        assert found.help
    else:
        assert all(s.engine in ("sqlite", "postgresql") and s.map.is_absolute() for s in found.stores)


MAIL = """[mail]
host = "smtp.studio.example"
login = "privacy"
password = "${POST}"
from = "Studio <privacy@studio.example>"
"""


def test_a_mail_server_is_read_with_what_goes_without_saying() -> None:
    mail = settings.parse(MAIL, ROOT, {"POST": "open sesame"}).mail
    assert mail is not None
    assert (mail.host, mail.port, mail.tls, mail.timeout, mail.links) == (
        "smtp.studio.example",
        587,
        "starttls",
        20.0,
        "",
    )
    assert (mail.login, mail.password, mail.sender, mail.reply_to) == (
        "privacy",
        "open sesame",
        "Studio <privacy@studio.example>",
        "Studio <privacy@studio.example>",
    )
    assert "open sesame" not in repr(mail)


def test_no_mail_table_means_no_mail() -> None:
    assert settings.parse("", ROOT, {}).mail is None


def test_a_port_follows_the_way() -> None:
    read = settings.parse(MAIL + 'tls = "implicit"', ROOT, {"POST": "x"}).mail
    here = settings.parse('[mail]\nhost = "127.0.0.1"\ntls = "none"\nfrom = "p@studio.example"', ROOT, {}).mail
    assert read is not None
    assert here is not None
    assert (read.port, here.port) == (465, 25)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mail = 3", "`mail` is a table"),
        ("[mail]\nfrom = 'p@studio.example'", "mail has no `host`"),
        ("[mail]\nhost = 'smtp.studio.example'", "mail has no `from`"),
        ("[mail]\nhost = 'a b'\nfrom = 'p@studio.example'", "not the name of a server"),
        (MAIL + "port = 0", "`port` is a whole number"),
        (MAIL + "port = true", "`port` is a whole number"),
        (MAIL + "timeout = 'long'", "`timeout` is a whole number"),
        (MAIL + "tls = 'ssl'", "`ssl` is no way"),
        (MAIL + "tls = 'none'", "unsealed to another machine"),
        (MAIL + "links = 'http://privacy.studio.example'", "`links` is not an address"),
        (MAIL + "links = 'https://u@privacy.studio.example'", "`links` is not an address"),
        (MAIL + "links = 'https://privacy.studio.example/?a'", "`links` is not an address"),
        (MAIL + "links = 'https://privacy.studio.example/a b'", "`links` is not an address"),
        (MAIL + "links = 'https://privacy.studio.example/%41'", "`links` is not an address"),
        (MAIL + "reply-to = 'nobody'", "`reply-to` is not an e-mail address"),
        (MAIL.replace("Studio <privacy@studio.example>", "a@b.example\\r\\nBcc: c@d.example"), "`from` is not an"),
        (MAIL.replace("login", "Login"), "know no `Login`"),
        (MAIL.replace('login = "privacy"\n', ""), "a login goes with a password"),
    ],
)
def test_a_wrong_mail_setting_is_told_with_its_place_and_remedy(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as wrong:
        settings.parse(text, ROOT, {"POST": "open sesame"})
    assert wrong.value.place.startswith("sekisho.toml")
    assert wrong.value.help
    assert "open sesame" not in f"{wrong.value} {wrong.value.help}"


def test_a_password_in_the_file_is_refused_and_not_repeated() -> None:
    with pytest.raises(BadInput, match="does not stand in the settings") as wrong:
        settings.parse(MAIL.replace("${POST}", "hunter2"), ROOT, {})
    assert "hunter2" not in f"{wrong.value} {wrong.value.help} {wrong.value.place}"


def test_a_password_that_the_environment_lacks_is_told_by_its_name() -> None:
    with pytest.raises(BadInput, match="no `POST`"):
        settings.parse(MAIL, ROOT, {})
