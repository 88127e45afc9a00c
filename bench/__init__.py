"""Benchmarks: each module here has `run(quick)` and yields cases; ratios are for the reader to compute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Case:
    """One thing measured: samples of it and, interleaved in the same run, of the plain engine doing the same."""

    name: str
    unit: str
    samples: Sequence[float]
    baseline: Sequence[float] = field(default=())
    target: str = ""
    """What is wanted, in words, for the table; never asserted."""


def interleave(rounds: int, *deeds: Callable[[], float]) -> tuple[list[float], ...]:
    """Run the deeds in turn, `rounds` times, and return the samples of each; a first round warms up."""
    found: tuple[list[float], ...] = tuple([] for _ in deeds)
    for turn in range(rounds + 1):
        for samples, deed in zip(found, deeds, strict=True):
            value = deed()
            if turn:
                samples.append(value)
    return found
