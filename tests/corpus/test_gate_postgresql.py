"""The attack corpus on PostgreSQL, played through a bare driver: blocked, allowed, and known."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from corpus.gate_play import Play, called, disappoints, plays
from corpus.gate_stage import TRUST, Performance, Stage, stage
from postgres import listening

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one"),
]

BLOCKED, ALLOWED, KNOWN = (plays("postgresql", kind) for kind in ("blocked", "allowed", "known"))


@pytest.fixture(scope="module")
def here() -> Iterator[Stage]:
    with stage() as made:
        yield made


def perform(here: Stage, play: Play, mode: str) -> tuple[list[str], list[str]]:
    """Play and return what was not as expected, and which markers came back."""
    performance = Performance(here, play, mode)
    try:
        came = performance.run()
    finally:
        performance.close()
        if any(chunk.do or chunk.meanwhile for chunk in play.chunks):
            here.reset()
    wrong = [why for chunk, what in came if (why := disappoints(what, chunk.expected(mode)))]
    return wrong, performance.leaked(came)


@pytest.mark.parametrize("pair", BLOCKED, ids=called)
def test_attack_is_blocked(here: Stage, pair: tuple[Play, str]) -> None:
    wrong, leaked = perform(here, *pair)
    assert leaked == []
    assert wrong == []
    assert here.picture() ^ here.before == frozenset()


@pytest.mark.parametrize("pair", ALLOWED, ids=called)
def test_ordinary_statement_is_allowed(here: Stage, pair: tuple[Play, str]) -> None:
    wrong, leaked = perform(here, *pair)
    assert wrong == []
    assert leaked == []
    assert here.picture() ^ here.before == frozenset(), "a play puts things back at its end"


@pytest.mark.parametrize("pair", KNOWN, ids=called)
def test_known_way_still_succeeds(here: Stage, pair: tuple[Play, str]) -> None:
    wrong, _ = perform(here, *pair)
    assert wrong == [], "it is blocked now: move it to `blocked` and take its sentence out of docs/trust.md"
    assert here.picture() ^ here.before == frozenset(), "a play puts things back at its end"


def test_every_known_way_has_its_sentence_and_its_hole(here: Stage) -> None:
    page = TRUST.read_text(encoding="utf-8")
    anchors = re.findall(r'<a id="([a-z-]+)"></a>', page)
    assert len(anchors) == len(set(anchors))
    holes = {h.code for h in here.store.check().holes}
    for play, _ in KNOWN:
        assert play.trust in anchors, f"{play.name}: docs/trust.md has no sentence `{play.trust}`"
        assert play.hole in holes, f"{play.name}: `sekisho gate holes` has no line `{play.hole}`"


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len({p.name for p, _ in (*BLOCKED, *ALLOWED, *KNOWN)}) >= 60
