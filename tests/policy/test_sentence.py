"""A sentence is its English text, and remembers how it was made."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from sekisho.policy.sentence import Sentence

pytestmark = pytest.mark.unit


def test_it_is_text_and_remembers_template_and_values() -> None:
    made = Sentence("%(who)s sees %(what)s", who="news", what=("name", "age.band"))
    assert made == "news sees name, age.band"
    assert json.dumps([made]) == '["news sees name, age.band"]'
    assert (made.template, made.values["what"]) == ("%(who)s sees %(what)s", ("name", "age.band"))


@pytest.mark.parametrize("again", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])
def test_a_copy_remembers_too(again: object) -> None:
    made = Sentence("under %(age)s", age="16")
    other = again(made)  # type: ignore[operator]
    assert (other, other.template, other.values) == ("under 16", "under %(age)s", {"age": "16"})


def test_what_looks_like_a_place_in_a_value_stays_text() -> None:
    assert Sentence("%(owner)s", owner="%(date)s 100 %") == "%(date)s 100 %"
