"""What can be used once: by one of many, within its life and its tries, in its own case; looking uses nothing."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sekisho.adapters.ledgers.messages import DoNotContact
from sekisho.adapters.ledgers.messages_schema import open_messages
from sekisho.adapters.ledgers.once import OnceLedger
from sekisho.ground.errors import Refused
from sekisho.messages.once import CODE_LIFE, Action

pytestmark = pytest.mark.unit
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
KEY = b"k" * 32
CASE, PURPOSE = "case-12", "answer-requests"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "messages.db"


@pytest.fixture
def once(file: Path) -> OnceLedger:
    return OnceLedger(open_messages(file), KEY)


def other(code: str) -> str:
    return str((int(code) + 1) % 10**8).zfill(8)


def test_a_code_is_used_once(once: OnceLedger) -> None:
    code = once.code(CASE, PURPOSE, NOW)
    assert once.confirmed(CASE, PURPOSE) is None
    assert once.use_code(CASE, PURPOSE, f"{code[:4]} {code[4:]}", NOW)
    assert not once.use_code(CASE, PURPOSE, code, NOW)
    assert once.confirmed(CASE, PURPOSE) == NOW


def test_after_five_tries_the_right_code_is_void_too(once: OnceLedger) -> None:
    code = once.code(CASE, PURPOSE, NOW)
    assert [once.use_code(CASE, PURPOSE, other(code), NOW) for _ in range(5)] == [False] * 5
    assert not once.use_code(CASE, PURPOSE, code, NOW)
    assert once.confirmed(CASE, PURPOSE) is None


def test_the_fifth_try_may_be_the_right_one(once: OnceLedger) -> None:
    code = once.code(CASE, PURPOSE, NOW)
    assert not any(once.use_code(CASE, PURPOSE, wrong, NOW) for wrong in ("", "x", other(code), "0"))
    assert once.use_code(CASE, PURPOSE, code, NOW)


@pytest.mark.parametrize("when", [CODE_LIFE, timedelta(days=45), timedelta(hours=-1)])
def test_a_code_is_void_after_its_life_and_when_the_clock_was_put_back(once: OnceLedger, when: timedelta) -> None:
    code = once.code(CASE, PURPOSE, NOW)
    assert not once.use_code(CASE, PURPOSE, code, NOW + when)
    assert once.use_code(CASE, PURPOSE, code, NOW + CODE_LIFE - timedelta(seconds=1))


def test_a_code_is_of_one_case_and_one_purpose(once: OnceLedger) -> None:
    code = once.code(CASE, PURPOSE, NOW)
    once.code("case-13", PURPOSE, NOW)
    assert not once.use_code("case-13", PURPOSE, code, NOW)
    assert not once.use_code(CASE, "news", code, NOW)
    assert not once.use_code("case-14", PURPOSE, code, NOW)
    assert once.use_code(CASE, PURPOSE, code, NOW)


def test_a_new_code_ends_the_one_before(once: OnceLedger) -> None:
    first = once.code(CASE, PURPOSE, NOW)
    second = once.code(CASE, PURPOSE, NOW)
    assert not once.use_code(CASE, PURPOSE, first, NOW)
    assert once.use_code(CASE, PURPOSE, second, NOW)


def test_new_codes_bring_new_tries_only_so_often(once: OnceLedger) -> None:
    for minute in range(5):
        once.code(CASE, PURPOSE, NOW + timedelta(minutes=minute))
    with pytest.raises(Refused, match="too many codes") as no:
        once.code(CASE, PURPOSE, NOW + timedelta(minutes=59))
    assert no.value.help
    once.code("case-13", PURPOSE, NOW)
    once.code(CASE, PURPOSE, NOW + timedelta(minutes=61))


def race(act: Callable[[], object], many: int = 20) -> list[object]:
    found: list[object] = []
    begin = threading.Barrier(many)

    def run() -> None:
        begin.wait()
        found.append(act())

    threads = [threading.Thread(target=run) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == many
    return found


def test_of_twenty_with_the_right_code_one_gets_through(once: OnceLedger) -> None:
    code = once.code(CASE, PURPOSE, NOW)
    assert sum(map(bool, race(lambda: once.use_code(CASE, PURPOSE, code, NOW)))) == 1


def test_of_twenty_with_the_same_link_one_gets_through(once: OnceLedger) -> None:
    token = once.link(CASE, PURPOSE, NOW)
    assert sum(map(bool, race(lambda: once.use_link(token, NOW)))) == 1


def test_twenty_who_guess_have_five_tries_together(once: OnceLedger, file: Path) -> None:
    code = once.code(CASE, PURPOSE, NOW)
    assert not any(race(lambda: once.use_code(CASE, PURPOSE, other(code), NOW)))
    with open_messages(file).connect() as db:
        assert db.exec_driver_sql("select tries from once").scalar_one() == 5


def test_looking_at_a_link_never_uses_it(once: OnceLedger) -> None:
    token = once.link(CASE, PURPOSE, NOW)
    looks = [once.look(token, NOW) for _ in range(5)]
    assert all(look is not None and look.used is None for look in looks)
    used = once.use_link(token, NOW)
    assert used is not None
    assert (used.case, used.purpose, used.action) == (CASE, PURPOSE, Action.CONFIRM)
    after = once.look(token, NOW)
    assert after is not None
    assert after.used == NOW
    assert once.use_link(token, NOW) is None


def test_a_link_ends_and_what_is_no_token_opens_nothing(once: OnceLedger) -> None:
    token = once.link(CASE, PURPOSE, NOW)
    assert once.use_link(token, NOW + timedelta(days=3)) is None
    for text in ("", token[:-1], token + "A", token.swapcase(), "../" + token, "あ" * 43):
        assert once.look(text, NOW) is None
        assert once.use_link(text, NOW) is None


def test_a_stop_link_stops_however_often_it_is_used(once: OnceLedger, file: Path) -> None:
    stops = DoNotContact(open_messages(file), KEY)
    token = once.stop_link("f" * 64, "news", NOW)
    assert not stops.stopped("f" * 64, "news")
    once.look(token, NOW)
    assert not stops.stopped("f" * 64, "news")
    assert once.use_link(token, NOW + timedelta(days=700)) is not None
    assert once.use_link(token, NOW + timedelta(days=700)) is not None
    assert stops.stopped("f" * 64, "news")


def test_no_secret_stands_in_the_file(once: OnceLedger, file: Path) -> None:
    code, token = once.code(CASE, PURPOSE, NOW), once.link(CASE, PURPOSE, NOW)
    content = b"".join(p.read_bytes() for p in file.parent.glob("messages.db*"))
    assert code.encode() not in content
    assert token.encode() not in content


def test_codes_are_not_foreseen(once: OnceLedger) -> None:
    codes = [once.code(f"case-{n}", PURPOSE, NOW) for n in range(100)]
    assert len(set(codes)) > 98
    assert all(re.fullmatch(r"\d{8}", code) for code in codes)
    for place in range(8):
        assert len({code[place] for code in codes}) >= 8
