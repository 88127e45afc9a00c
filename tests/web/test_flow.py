"""The picture of the data map: a band for each step, bars that hold their bands, nothing outside."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.app.board import Flow
from sekisho.web.flow import BAND, picture

pytestmark = pytest.mark.unit

NAMES = st.sampled_from("abcdef")


@given(st.sets(st.builds(Flow, NAMES, NAMES, NAMES), min_size=1, max_size=40))
def test_every_band_ends_inside_its_bars(flows: set[Flow]) -> None:
    made = picture(sorted(flows, key=repr), frozenset("a"), str)
    assert len(made.bands) == 2 * len(flows)
    assert sum(b.asked for b in made.bands) == 2 * sum(f.purpose == "a" for f in flows)
    spans = [(b.y, b.y + b.height) for b in made.bars]
    for band in made.bands:
        numbers = [float(n) for n in re.findall(r"[\d.]+", band.d)]
        for y in (numbers[1], numbers[-1]):
            assert any(low <= y - BAND / 2 and y + BAND / 2 <= high for low, high in spans)
            assert y <= made.height
