"""Each bad map of the corpus says what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import CORPUS, compare
from sekisho.datamap.read import read
from sekisho.policy.source import Source, failed, render

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("case", sorted((CORPUS / "map" / "bad").glob("*.yaml")), ids=lambda c: c.stem)
def test_a_bad_map_says_what_is_wrong_and_where(case: Path) -> None:
    source = Source.of(f"map/{case.name}", case.read_text(encoding="utf-8"))
    made, diagnostics = read(source)
    assert made is None
    assert failed(diagnostics)
    compare("\n\n".join(render(d, source) for d in diagnostics) + "\n", case.with_suffix(".txt"))
