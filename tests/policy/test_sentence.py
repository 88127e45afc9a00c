from __future__ import annotations

import copy

import pytest

from sekisho.policy.sentence import Sentence

pytestmark = pytest.mark.unit


def test_a_sentence_is_its_text_and_remembers_how_it_was_made() -> None:
    made = Sentence("%(who)s sees %(what)s", who="news", what=("name", "age.band"))
    assert made == "news sees name, age.band"
    assert made.template == "%(who)s sees %(what)s"
    assert made.values == {"who": "news", "what": ("name", "age.band")}


def test_percent_signs_in_values_are_text() -> None:
    assert Sentence("%(who)s", who="100% %(x)s") == "100% %(x)s"


def test_a_copy_is_the_same_sentence() -> None:
    made = Sentence("%(who)s", who="news")
    again = copy.deepcopy(made)
    assert (again, again.template, again.values) == (made, made.template, made.values)
