"""A message as it travels: golden files in `corpus/mail`, headers without anybody else's lines."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden import CORPUS, compare
from sekisho.ground.errors import BadInput
from sekisho.messages.address import read_address
from sekisho.messages.compose import Letter, Sender, compose
from sekisho.messages.templates import CONTRACTS, LANGUAGES, Filling, Words, fill

pytestmark = pytest.mark.unit
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
SENDER = Sender("株式会社たこ屋 <privacy@kites.example>", "desk@kites.example")
LINK, STOP = (f"https://privacy.kites.example/go/{letter * 43}" for letter in "LS")
FILLING = {
    "en": Filling("Kite shop", "news of kites", "desk@kites.example", "1234 5678", LINK, STOP, "10"),
    "ja": Filling("株式会社たこ屋", "たこのお知らせ", "desk@kites.example", "1234 5678", LINK, STOP, "10"),
}


def made(words: Words, language: str = "en", stop: str = "", to: str = "aoi@example.jp") -> Letter:
    return compose("ab" * 16, SENDER, read_address(to), language, words, NOW, stop)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CONTRACTS)
def test_a_message_is_as_its_golden_file(name: str, language: str) -> None:
    stop = STOP if name == "notice-stop" else ""
    letter = made(fill(name, language, FILLING[language]), language, stop)
    read = message_from_bytes(letter.data, policy=policy.default)
    heads = [f"{k}: {v}" for k, v in read.items() if k != "Content-Transfer-Encoding"]
    text = read.get_content().replace("\r\n", "\n")  # type: ignore[attr-defined]  # the policy makes an EmailMessage
    compare("\n".join([*heads, "", text]), CORPUS / "mail" / f"{name}.{language}.txt")


def test_what_travels_is_ascii_in_short_lines() -> None:
    letter = made(fill("notice-stop", "ja", FILLING["ja"]), "ja", STOP)
    assert letter.data.isascii()
    assert letter.data.count(b"\n") == letter.data.count(b"\r\n")
    assert all(len(one) <= 998 for one in letter.data.split(b"\r\n"))


def test_the_header_that_stops_stays_whole() -> None:
    letter = made(fill("notice-stop", "en", FILLING["en"]), stop=STOP)
    assert f"\r\nList-Unsubscribe: <{STOP}>\r\n".encode() in letter.data
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in letter.data
    assert b"List-Unsubscribe" not in made(fill("code", "en", FILLING["en"])).data


def test_our_domain_names_the_message_and_no_program_answers_it() -> None:
    read = message_from_bytes(made(Words("Hello", "text\n")).data, policy=policy.default)
    assert read["Message-ID"] == f"<{'ab' * 16}@kites.example>"
    assert read["Auto-Submitted"] == "auto-generated"


def test_the_same_message_is_the_same_bytes_each_time() -> None:
    assert made(Words("Hello", "text\n")).data == made(Words("Hello", "text\n")).data


HOSTILE = st.text(st.sampled_from('aé\r\n\0:;,<>"@ \u2028\u0085=?'), min_size=1, max_size=40)


@given(HOSTILE, HOSTILE)
def test_nobody_adds_a_header_or_a_recipient(subject: str, name: str) -> None:
    sender = Sender(f"{name.replace('<', '').replace('>', '')} <privacy@kites.example>", "desk@kites.example")
    try:
        letter = compose("ab" * 16, sender, read_address("aoi@example.jp"), "en", Words(subject, "text\n"), NOW, "")
    except BadInput:
        return
    heads = letter.data.split(b"\r\n\r\n", 1)[0].decode("ascii")
    names = [h.split(":", 1)[0] for h in heads.split("\r\n") if not h.startswith((" ", "\t"))]
    assert sorted(names) == [
        *("Auto-Submitted", "Content-Language", "Content-Transfer-Encoding", "Content-Type", "Date", "From"),
        *("MIME-Version", "Message-ID", "Reply-To", "Subject", "To"),
    ]
    assert "\r" not in heads.replace("\r\n", "")
