"""Handing letters to a real server: sealed or not at all, put off, refused, slow, gone in the middle."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailserver import LOGIN, PASSWORD, Receiver, listening, make_certificate
from sekisho.adapters.outside.smtp import Server, SmtpDoor
from sekisho.ground.errors import NotWitnessed
from sekisho.messages.address import read_address
from sekisho.messages.compose import Letter, Sender, compose
from sekisho.messages.ports import Handed, Verdict
from sekisho.messages.templates import Words

ID = "ab" * 16


def letter(to: str = "aoi@example.jp", body: str = "A line.\n.\n.. and dots\n") -> Letter:
    sender = Sender("Kite shop <privacy@kites.example>", "privacy@kites.example")
    return compose(ID, sender, read_address(to), "en", Words("Hello", body), datetime(2026, 12, 1, tzinfo=UTC), "")


def server(port: int, tls: str = "none", timeout: float = 30, login: str = "", password: str = "") -> Server:
    return Server("127.0.0.1", port, tls, timeout, login, password)


def hand(to: Server, what: Letter | None = None) -> tuple[Handed, list[str]]:
    steps: list[str] = []
    door = SmtpDoor(to, lambda step, says: steps.append(step))
    handed = door.hand(what or letter(), lambda: steps.append("witnessed"))
    door.close()
    return handed, steps


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def believed(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


def test_a_letter_arrives_line_by_line_and_is_witnessed_just_before(receiver: Receiver) -> None:
    with listening(receiver) as there:
        handed, steps = hand(server(there.port))
    assert (handed.verdict, handed.code) == (Verdict.TAKEN, "250")
    assert steps == ["connect", "sender", "recipient", "witnessed", "message"]
    (taken,) = receiver.taken
    assert taken["Message-ID"] == f"<{ID}@kites.example>"
    assert (
        taken.get_content() == "A line.\r\n.\r\n.. and dots\r\n" or taken.get_content() == "A line.\n.\n.. and dots\n"
    )
    assert receiver.recipients == ["aoi@example.jp"]


def test_starttls_seals_the_way_before_we_sign_in(receiver: Receiver, believed: Path) -> None:
    with listening(receiver, "starttls", believed) as there:
        handed, steps = hand(server(there.port, "starttls", login=LOGIN, password=PASSWORD))
    assert handed.verdict is Verdict.TAKEN
    assert steps[:3] == ["connect", "tls", "login"]
    assert receiver.logins == [True]


def test_implicit_tls_is_spoken_from_the_first_byte(receiver: Receiver, believed: Path) -> None:
    with listening(receiver, "implicit", believed) as there:
        handed, steps = hand(server(there.port, "implicit"))
    assert handed.verdict is Verdict.TAKEN
    assert steps[:2] == ["connect", "tls"]


def test_a_certificate_that_nobody_vouches_for_ends_it(receiver: Receiver, certificate: Path) -> None:
    with listening(receiver, "starttls", certificate) as there:
        handed, _ = hand(server(there.port, "starttls", login=LOGIN, password=PASSWORD))
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "tls")
    assert "certificate is not believed" in handed.says
    assert "SSL_CERT_FILE" in handed.help
    assert receiver.logins == []


def test_a_certificate_of_another_name_ends_it(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_certificate(tmp_path, "smtp.kites.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with listening(receiver, "starttls", other) as there:
        handed, _ = hand(server(there.port, "starttls"))
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "tls")
    assert "not believed" in handed.says


def test_a_server_without_starttls_gets_nothing(receiver: Receiver) -> None:
    with listening(receiver) as there:
        handed, steps = hand(server(there.port, "starttls"))
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "tls")
    assert "nothing is sent unsealed" in handed.says
    assert receiver.taken == []
    assert steps == ["connect"]


def test_a_wrong_password_is_told_and_repeated_nowhere(receiver: Receiver, believed: Path) -> None:
    with listening(receiver, "starttls", believed) as there:
        handed, _ = hand(server(there.port, "starttls", login=LOGIN, password="hunter2"))
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "login")
    assert handed.code.startswith("535")
    assert "hunter2" not in repr(handed) + handed.said + repr(server(1, password="hunter2"))


def test_signing_in_where_there_is_no_sign_in_is_told(receiver: Receiver) -> None:
    with listening(receiver) as there:
        handed, _ = hand(server(there.port, login=LOGIN, password=PASSWORD))
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "login")


@pytest.mark.parametrize(
    ("answers", "verdict", "step", "code"),
    [
        ({"rcpt": ["451 4.7.1 greylisted, try again"]}, Verdict.LATER, "recipient", "451 4.7.1"),
        ({"rcpt": ["550 5.1.1 <aoi@example.jp> unknown"]}, Verdict.NEVER, "recipient", "550 5.1.1"),
        ({"rcpt": ["554 5.7.1 relay access denied"]}, Verdict.NEVER, "recipient", "554 5.7.1"),
        ({"data": ["452 4.3.1 disk full"]}, Verdict.LATER, "message", "452 4.3.1"),
        ({"data": ["554 5.6.0 no such message"]}, Verdict.NEVER, "message", "554 5.6.0"),
        ({"rcpt": ["421 4.3.2 shutting down"]}, Verdict.LATER, "recipient", "421 4.3.2"),
        ({"data": ["drop"]}, Verdict.LATER, "message", ""),
        ({"data": ["take and drop"]}, Verdict.LATER, "message", ""),
    ],
)
def test_what_a_server_answers_decides(
    answers: dict[str, list[str]], verdict: Verdict, step: str, code: str, receiver: Receiver
) -> None:
    receiver.rcpt, receiver.data = list(answers.get("rcpt", [])), list(answers.get("data", []))
    with listening(receiver) as there:
        handed, _ = hand(server(there.port))
    assert (handed.verdict, handed.step, handed.code) == (verdict, step, code)
    assert handed.help
    assert "aoi" not in repr(handed)


def test_after_a_refusal_the_same_way_serves_the_next_letter(receiver: Receiver) -> None:
    receiver.rcpt = ["550 5.1.1 unknown"]
    steps: list[str] = []
    with listening(receiver) as there:
        door = SmtpDoor(server(there.port), lambda step, says: steps.append(step))
        first, second = door.hand(letter(), lambda: None), door.hand(letter("bruno@example.de"), lambda: None)
        door.close()
    assert (first.verdict, second.verdict) == (Verdict.NEVER, Verdict.TAKEN)
    assert steps.count("connect") == 1


def test_after_a_break_a_new_way_is_opened(receiver: Receiver) -> None:
    receiver.data = ["drop"]
    steps: list[str] = []
    with listening(receiver) as there:
        door = SmtpDoor(server(there.port), lambda step, says: steps.append(step))
        first, second = door.hand(letter(), lambda: None), door.hand(letter(), lambda: None)
        door.close()
    assert (first.verdict, second.verdict) == (Verdict.LATER, Verdict.TAKEN)
    assert steps.count("connect") == 2


def test_what_cannot_be_witnessed_is_not_sent(receiver: Receiver) -> None:
    def full() -> None:
        raise NotWitnessed

    with listening(receiver) as there:
        door = SmtpDoor(server(there.port))
        with pytest.raises(NotWitnessed):
            door.hand(letter(), full)
        after = door.hand(letter("bruno@example.de"), lambda: None)
        door.close()
    assert after.verdict is Verdict.TAKEN
    assert receiver.recipients == ["bruno@example.de"]


def test_a_slow_server_is_left(receiver: Receiver) -> None:
    receiver.delay = 3
    with listening(receiver) as there:
        handed, _ = hand(server(there.port, timeout=1.5))
    assert (handed.verdict, handed.step) == (Verdict.LATER, "message")


@pytest.fixture
def silent() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_silent_server_is_told_apart_from_none(silent: int) -> None:
    handed, _ = hand(server(silent, timeout=0.3))
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "connect")
    assert "is silent" in handed.says


def test_a_port_on_which_nothing_listens_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    handed, _ = hand(server(port))
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "connect")
    assert "nothing listens" in handed.says


def test_a_name_without_an_address_is_told() -> None:
    handed, _ = hand(Server("smtp.invalid", 25, "none", 2))
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "connect")
    assert "has no address" in handed.says


@pytest.mark.parametrize(
    "greeting", [b"554 go away\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\xff\x00" * 40 + b"\r\n"]
)
def test_what_does_not_greet_as_a_mail_server_is_told(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            there, _ = listener.accept()
            with there:
                there.sendall(greeting)

        thread = threading.Thread(target=greet)
        thread.start()
        handed, _ = hand(server(listener.getsockname()[1], timeout=2))
        thread.join()
    assert (handed.verdict, handed.step) == (Verdict.AWAY, "connect")
    assert handed.help


def test_letters_outside_ascii_need_a_server_that_knows_them(receiver: Receiver) -> None:
    with listening(receiver, enable_SMTPUTF8=False) as there:
        refused, _ = hand(server(there.port), letter("青井@example.jp"))
    with listening(receiver, enable_SMTPUTF8=True) as there:
        taken, _ = hand(server(there.port), letter("青井@example.jp"))
    assert (refused.verdict, taken.verdict) == (Verdict.NEVER, Verdict.TAKEN)
    assert receiver.recipients == ["青井@example.jp"]
