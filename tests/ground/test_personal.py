from __future__ import annotations

import copy
import json
import logging
import pickle

import msgspec
import pytest

from sekisho.ground.personal import Personal

pytestmark = pytest.mark.unit
SECRET = "hanako@example.jp"


def test_it_is_opened_for_a_stated_purpose_only() -> None:
    assert Personal(SECRET).reveal("support") == SECRET
    with pytest.raises(ValueError, match="state a purpose"):
        Personal(SECRET).reveal("")


@pytest.mark.parametrize(
    "shown",
    [
        str,
        lambda p: f"{p}",
        lambda p: "%s" % p,  # noqa: UP031 - just this way of writing is tried
        "{}".format,
        lambda p: "" + p,
        json.dumps,
        msgspec.json.encode,
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        lambda p: ",".join([p]),
        vars,
    ],
)
def test_it_does_not_become_text_or_bytes(shown: object) -> None:
    with pytest.raises((TypeError, AttributeError)) as caught:
        shown(Personal(SECRET))  # type: ignore[operator]
    assert SECRET not in str(caught.value)


def test_it_is_not_printed_in_a_list_a_traceback_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    personal = Personal(SECRET)
    assert SECRET not in repr([personal, {"a": personal}])
    assert SECRET not in f"{personal!r}"
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("person %r", personal)
    assert SECRET not in caplog.text


def test_it_cannot_be_compared_into_a_leak() -> None:
    assert Personal(SECRET) != Personal(SECRET)
    assert Personal(SECRET) != SECRET


def test_nobody_replaces_the_value() -> None:
    personal = Personal(SECRET)
    with pytest.raises(TypeError):
        personal._value = "other"  # type: ignore[misc]
    assert personal.reveal("support") == SECRET
