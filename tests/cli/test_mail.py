"""The mail door as people type it: each failure named with its step and remedy, no address and no password shown."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailserver import LOGIN, PASSWORD, Listening, Receiver, listening, make_certificate
from mailshop import mail_table, make_shop, person
from sekisho.app.post import Post
from sekisho.app.wire import Workspace
from terminal import Sekisho, edit

pytestmark = pytest.mark.unit
OWNER = "owner.marker@kites.example"


@pytest.fixture(scope="module")
def kites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("mail") / "kites", 1)


@pytest.fixture
def there() -> Iterator[Listening]:
    with listening(Receiver()) as server:
        yield server


@pytest.fixture
def folder(kites: Path, there: Listening, tmp_path: Path) -> Path:
    root = Path(shutil.copytree(kites, tmp_path / "kites"))
    edit(root / "sekisho.toml", mail_table(1), mail_table(there.port))
    return root


def waiting(folder: Path, key: str = "1", purpose: str = "support") -> None:
    workspace = Workspace(folder)
    Post(workspace).write_link(person(workspace, key), f"p{key}.marker@example.jp", purpose, f"case-{key}")


def test_a_test_message_is_sent_step_by_step(sekisho: Sekisho, folder: Path, there: Listening) -> None:
    done = sekisho("mail", "test", OWNER, "-C", folder)
    assert done.code == 0
    assert [line.split(":")[0] for line in done.out.splitlines() if line.startswith("✓")] == [
        "✓ connect",
        "✓ sender",
        "✓ recipient",
        "✓ message",
    ]
    assert there.receiver.recipients == [OWNER]


def test_with_starttls_and_a_login(
    sekisho: Sekisho, folder: Path, there: Listening, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("POST", PASSWORD)
    with listening(Receiver(), "starttls", certificate) as sealed:
        signed = mail_table(sealed.port, "starttls") + f'login = "{LOGIN}"\npassword = "${{POST}}"\n'
        edit(folder / "sekisho.toml", mail_table(there.port), signed)
        good = sekisho("mail", "test", OWNER, "-C", folder)
        monkeypatch.setenv("POST", "hunter2")
        bad = sekisho("mail", "test", OWNER, "-C", folder)
    assert good.code == 0
    assert "✓ tls: sealed with TLSv1." in good.out
    assert "✓ login" in good.out
    assert bad.code == 1
    assert "mail, step login: the server does not know this login and password (535" in bad.err
    assert "help:" in bad.err
    assert "hunter2" not in bad.out + bad.err


def test_a_refusal_shows_what_the_server_says_without_the_address(
    sekisho: Sekisho, folder: Path, there: Listening
) -> None:
    there.receiver.rcpt = [f"550 5.1.1 <{OWNER}> is unknown \x1b[31mhere"]
    done = sekisho("mail", "test", OWNER, "-C", folder)
    assert done.code == 1
    assert "step recipient: the server does not take this recipient (550 5.1.1)" in done.err
    assert "nobody has this address there" in done.err
    assert "the server says: 550 5.1.1 <…> is unknown" in done.err
    assert "marker" not in done.out + done.err
    assert "\x1b[31m" not in done.err


def test_where_nothing_listens_it_says_so(sekisho: Sekisho, folder: Path, there: Listening) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    edit(folder / "sekisho.toml", mail_table(there.port), mail_table(port))
    done = sekisho("mail", "test", OWNER, "-C", folder)
    assert done.code == 1
    assert f"step connect: nothing listens at 127.0.0.1 port {port}" in done.err
    assert "correct `port`" in done.err


def test_without_a_mail_table_the_remedy_is_told(sekisho: Sekisho, folder: Path, there: Listening) -> None:
    edit(folder / "sekisho.toml", mail_table(there.port), "")
    for words in (("test", OWNER), ("flush",)):
        done = sekisho("mail", *words, "-C", folder)
        assert done.code == 2
        assert "no mail server in the settings" in done.err
        assert "[mail]" in done.err


def test_what_is_no_address_is_not_repeated(sekisho: Sekisho, folder: Path) -> None:
    for words in (("test", "owner.marker"), ("stop", "owner.marker", "--purpose", "news")):
        done = sekisho("mail", *words, "-C", folder)
        assert done.code == 2
        assert "this is not an e-mail address" in done.err
        assert "marker" not in done.err


def test_the_queue_is_shown_sent_and_shown_again(sekisho: Sekisho, folder: Path, there: Listening) -> None:
    assert "no message waits" in sekisho("mail", "queue", "-C", folder).out
    waiting(folder)
    shown = sekisho("mail", "queue", "-C", folder)
    assert "waiting" in shown.out
    assert "marker" not in shown.out
    assert "sent 1, held back 0" in sekisho("mail", "flush", "-C", folder).out
    machine = json.loads(sekisho("mail", "queue", "-C", folder, "--json").out)
    assert [(m["state"], m["attempts"], m["next"]) for m in machine["messages"]] == [("sent", 1, "")]
    assert len(there.receiver.taken) == 1


def test_a_flush_that_was_put_off_says_why_and_fails(sekisho: Sekisho, folder: Path, there: Listening) -> None:
    there.receiver.rcpt = ["451 4.7.1 greylisted"]
    waiting(folder)
    done = sekisho("mail", "flush", "-C", folder)
    assert done.code == 1
    assert "put off 1" in done.out
    assert "(451 4.7.1)" in done.err
    assert "the queue tries again by itself" in done.err


def test_stop_and_allow_decide_what_goes(sekisho: Sekisho, folder: Path, there: Listening) -> None:
    stop = ("mail", "stop", "P1.MARKER@example.jp", "--purpose", "support", "-C", folder)
    assert "no message for support goes there" in sekisho(*stop).out
    assert "already" in sekisho(*stop).out
    assert "1 address does not want messages for support" in sekisho("mail", "queue", "-C", folder).out
    waiting(folder)
    assert "held back 1" in sekisho("mail", "flush", "-C", folder).out
    allow = ("mail", "allow", "p1.marker@example.jp", "--purpose", "support", "-C", folder)
    assert "may go there again" in sekisho(*allow).out
    assert "not listed" in sekisho(*allow).out
    waiting(folder)
    assert "sent 1" in sekisho("mail", "flush", "-C", folder).out
    assert len(there.receiver.taken) == 1


def test_an_unknown_purpose_and_a_duty_are_told(sekisho: Sekisho, folder: Path) -> None:
    unknown = sekisho("mail", "stop", OWNER, "--purpose", "newz", "-C", folder)
    duty = sekisho("mail", "stop", OWNER, "--purpose", "warn-people", "-C", folder)
    assert (unknown.code, duty.code) == (2, 2)
    assert "`newz` is not a purpose of the policy" in unknown.err
    assert "cannot be stopped: they are a duty" in duty.err


def test_a_lost_key_stops_the_door_with_a_remedy(sekisho: Sekisho, folder: Path) -> None:
    sekisho("mail", "stop", OWNER, "--purpose", "news", "-C", folder)
    (folder / "books" / "keys" / "contact").unlink()
    done = sekisho("mail", "queue", "-C", folder)
    assert done.code == 2
    assert "keys/contact: this is not the key" in done.err
    assert "restore it from its backup" in done.err
