"""Runs the benchmarks: a table for people, and for machines one line of JSON each, the last line of its output."""

from __future__ import annotations

import argparse
import importlib
import json
import pkgutil
import statistics
import sys
from collections.abc import Iterable

import bench
from bench import Case

NAMES = tuple(sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if not m.name.startswith("_")))


def main() -> int:
    """Run one benchmark or all."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--name", choices=NAMES)
    parser.add_argument("--quick", action="store_true", help="a short run, within fifty seconds")
    wanted = parser.parse_args()
    for name in (wanted.name,) if wanted.name else NAMES:
        cases = list(importlib.import_module(f"bench.{name}").run(wanted.quick))
        show(name, cases)
        print(json.dumps({"benchmark": name, "cases": [as_json(c) for c in cases]}), flush=True)
    return 0


def as_json(case: Case) -> dict[str, object]:
    """Return a case as it is printed for machines."""
    document: dict[str, object] = {"name": case.name, "unit": case.unit, "samples": [round(s, 6) for s in case.samples]}
    if case.baseline:
        document["baseline"] = [round(s, 6) for s in case.baseline]
    return document


def show(name: str, cases: Iterable[Case]) -> None:
    """Print medians and, where there is a baseline, the median of the ratios pair by pair."""
    print(f"\n{name}")
    print(f"  {'case':<22}{'median':>12}  {'unit':<8}{'baseline':>12}{'ratio':>8}  wanted")
    for case in cases:
        middle = statistics.median(case.samples)
        plain, ratio = "", ""
        if case.baseline:
            plain = f"{statistics.median(case.baseline):.4g}"
            pairs = [s / b for s, b in zip(case.samples, case.baseline, strict=False) if b]
            ratio = f"{statistics.median(pairs):.2f}"
        print(f"  {case.name:<22}{middle:>12.4g}  {case.unit:<8}{plain:>12}{ratio:>8}  {case.target}")


if __name__ == "__main__":
    sys.exit(main())
