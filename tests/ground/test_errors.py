from __future__ import annotations

import pytest

from sekisho.ground import errors
from sekisho.ground.errors import Refused, SekishoError

pytestmark = pytest.mark.unit
TREE = [SekishoError, *SekishoError.__subclasses__()]


def test_each_error_has_a_code_and_an_exit_code_of_its_own() -> None:
    assert len({e.code for e in TREE}) == len(TREE)
    assert len({e.exit_code for e in TREE}) == len(TREE)
    assert all(e.exit_code > 0 for e in TREE)


def test_the_tree_is_drawn_at_the_top() -> None:
    drawn = errors.__doc__ or ""
    assert all(e.__name__ in drawn for e in TREE)


@pytest.mark.parametrize("error", TREE, ids=lambda e: e.__name__)
def test_without_words_an_error_says_what_it_is(error: type[SekishoError]) -> None:
    said = str(error())
    assert said
    assert said[0].islower()
    assert not said.endswith(".")


def test_an_error_carries_its_remedy_its_place_and_a_refusal_its_clause() -> None:
    error = Refused("no", help="ask", place="shop", clause="news")
    assert (str(error), error.help, error.place, error.clause) == ("no", "ask", "shop", "news")
