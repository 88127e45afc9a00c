from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from sekisho.ground import stamp

pytestmark = pytest.mark.unit


def test_now_is_an_instant_in_utc() -> None:
    assert stamp.now().utcoffset() == timedelta(0)
    assert stamp.now() <= stamp.now()


def test_handles_are_128_bits_and_do_not_repeat() -> None:
    handles = {stamp.handle() for _ in range(1000)}
    assert len(handles) == 1000
    assert all(len(h) == 32 and int(h, 16) >= 0 and h == h.lower() for h in handles)


def test_nonces_have_the_size_asked_for() -> None:
    assert [len(stamp.nonce(n)) for n in (1, 16, 32)] == [1, 16, 32]


def test_an_instant_is_written_in_utc_with_microseconds() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert stamp.rfc3339(datetime(2026, 12, 1, 18, 12, tzinfo=tokyo)) == "2026-12-01T09:12:00.000000Z"
    assert stamp.rfc3339(datetime(2026, 12, 1, tzinfo=UTC)) == "2026-12-01T00:00:00.000000Z"


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        stamp.rfc3339(datetime(2026, 12, 1))
