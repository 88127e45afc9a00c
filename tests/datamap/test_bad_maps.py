"""Each bad map of the corpus says what is wrong, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden import CORPUS, compare
from sekisho.datamap.model import DataMap
from sekisho.datamap.read import read, together
from sekisho.policy.source import Source, failed, render

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("case", sorted((CORPUS / "map" / "bad").glob("*.yaml")), ids=lambda c: c.stem)
def test_a_bad_map_says_what_is_wrong_and_where(case: Path) -> None:
    source = Source.of(f"map/{case.name}", case.read_text(encoding="utf-8"))
    made, diagnostics = read(source)
    assert made is None
    assert failed(diagnostics)
    compare("\n\n".join(render(d, source) for d in diagnostics) + "\n", case.with_suffix(".txt"))


def test_two_maps_of_one_store_are_told_apart_by_their_engine_only() -> None:
    made: list[DataMap] = []
    texts: dict[str, Source] = {}
    folder = CORPUS / "map" / "bad" / "map-again"
    for path in sorted(folder.iterdir()):
        texts[path.name] = Source.of(path.name, path.read_text(encoding="utf-8"))
        found, diagnostics = read(texts[path.name])
        assert found is not None, [d.message for d in diagnostics]
        made.append(found)
    said = together(made)
    compare(
        "\n\n".join(render(d, texts[d.span.file] if d.span else None) for d in said) + "\n",
        CORPUS / "map/bad/map-again.txt",
    )
