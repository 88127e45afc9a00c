"""Codes and links as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.messages import once
from sekisho.messages.once import Action, Kind, Once

pytestmark = pytest.mark.unit
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def test_a_code_has_more_than_twenty_bits_and_a_link_more_than_a_hundred_and_twenty_eight() -> None:
    assert 10**once.DIGITS > 2**20
    assert once.TOKEN_BYTES * 8 >= 128
    assert once.CODE_LIFE.total_seconds() <= 600
    assert once.TRIES <= 5


@given(st.binary(min_size=16, max_size=32))
def test_a_code_is_eight_digits_and_reads_back_as_people_type_it(chance: bytes) -> None:
    code = once.new_code(chance)
    assert len(code) == 8
    assert code.isdecimal()
    wide = code.translate({ord("0") + n: "０１２３４５６７８９"[n] for n in range(10)})
    for text in (code, once.spaced(code), f" {code} ", wide, f"{code[:4]}-{code[4:]}"):
        assert once.typed(text) == code


@pytest.mark.parametrize("text", ["", "1234567", "123456789", "1234567a", "12345678;", "½2345678", "一二三四五六七八"])
def test_what_is_no_code_is_none(text: str) -> None:
    assert once.typed(text) == ""


def test_little_chance_makes_no_secret() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        once.new_code(b"x" * 15)
    with pytest.raises(ValueError, match="32 random bytes"):
        once.new_token(b"x" * 31)


@given(st.binary(min_size=32, max_size=32))
def test_a_token_is_kept_by_its_digest_only(chance: bytes) -> None:
    token = once.new_token(chance)
    digest = once.token_digest(token)
    assert digest is not None
    assert token not in digest
    assert once.token_digest(token + "\n") is None
    assert once.token_digest(token[:-1]) is None


def test_a_digest_of_a_code_belongs_to_one_secret_under_one_key() -> None:
    kept = once.code_digest(b"k", "one", "12345678")
    assert kept not in (once.code_digest(b"k", "two", "12345678"), once.code_digest(b"o", "one", "12345678"))


@pytest.mark.parametrize(
    ("later", "lives"),
    [
        (timedelta(), True),
        (timedelta(minutes=10) - timedelta(microseconds=1), True),
        (timedelta(minutes=10), False),
        (timedelta(days=45), False),
        (timedelta(seconds=-5), True),
        (timedelta(seconds=-6), False),
        (timedelta(hours=-1), False),
    ],
)
def test_a_secret_lives_for_its_time_and_a_clock_put_back_ends_it(later: timedelta, lives: bool) -> None:
    kept = Once("x", Kind.CODE, Action.CONFIRM, "news", "case-1", "", NOW, NOW + once.CODE_LIFE)
    assert kept.lives(NOW + later) is lives
