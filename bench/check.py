"""`sekisho check` of a policy of two hundred clauses with a map, in fresh processes: never seen, and seen before."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from bench import Case, interleave

CLAUSES = 200
SEKISHO = (str(Path(sys.executable).with_name("sekisho")), "check")
FRONT = """---
policy: A policy of two hundred clauses
version: 2026-11-01
effective: 2026-11-01
signed-by: {name: A. Kite, title: Representative director}
controller: {name: Kite shop, representative: A. Kite, address: 1 Hill, email: privacy@kite.example}
law: eu-gdpr
timezone: Asia/Tokyo
---

# Privacy policy

## Customers {#customers of=customer}

```promise
subject: customer
means: people who bought something
```
"""
CATEGORIES = ("name", "contact.postal", "contact.email", "contact.phone", "commerce.order", "content.inquiry")


def run(quick: bool) -> Iterator[Case]:
    """Measure both in turn; every sample is a whole process, from its start to its exit."""
    with tempfile.TemporaryDirectory() as folder:
        root, cache = Path(folder) / "policy", Path(folder) / "cache"
        lay(root)
        environment = {**os.environ, "XDG_CACHE_HOME": str(cache)}
        seconds = interleave(
            8 if quick else 25, lambda: _cold(root, cache, environment), lambda: _check(root, environment)
        )
    for name, samples, target in zip(("cold", "cached"), seconds, ("≤ 400 ms", "≤ 150 ms"), strict=True):
        yield Case(name, "ms", [s * 1000 for s in samples], target=target)
    plain = interleave(8 if quick else 25, lambda: _timed((SEKISHO[0], "--help"), os.environ.copy()))
    yield Case("help", "ms", [s * 1000 for s in plain[0]], target="≤ 300 ms")


def _cold(root: Path, cache: Path, environment: dict[str, str]) -> float:
    """Check a text that nobody has checked: what was remembered of it is taken away before."""
    for path in sorted(cache.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return _check(root, environment)


def _check(root: Path, environment: dict[str, str]) -> float:
    return _timed((*SEKISHO, str(root)), environment)


def _timed(command: tuple[str, ...], environment: dict[str, str]) -> float:
    begun = perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    elapsed = perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stdout.decode()}{done.stderr.decode()}")
    return elapsed


def lay(root: Path) -> None:
    """Write a folder with a policy of 200 clauses, its lock as the first check leaves it, and a map of 40 tables."""
    (root / "map").mkdir(parents=True)
    clauses = [_clause(i) for i in range(CLAUSES - 1)]
    (root / "policy.md").write_text(FRONT + "".join(clauses), encoding="utf-8")
    (root / "map" / "shop.yaml").write_text(_map(), encoding="utf-8")


def _clause(i: int) -> str:
    kinds = (_purpose, _procedure, _mail, _log, _procedure)
    return f"\n- We keep what we promise, and this is promise number {i}. {{#clause-{i}}}\n\n" + kinds[i % 5](i)


def _purpose(i: int) -> str:
    uses = ", ".join(CATEGORIES[(i + k) % 6] for k in range(3))
    return f"```promise\npurpose: purpose-{i}\nuses: [{uses}]\nbecause: contract\nkeep: 1 year after last order\n```\n"


def _procedure(i: int) -> str:
    return f"```promise\nprocedure: procedure-{i}\nowner: Privacy desk\nreview: 2999-04-01\n```\n"


def _mail(i: int) -> str:
    return f"```promise\nmail: mail-{i}\nfor: [purpose-{i - 2}]\nstop: one-click\nclear: no\n```\n"


def _log(i: int) -> str:
    end = "keep: 30 days after last order"
    return f"```promise\nlog: log-{i}\nholds: [time, page, status]\nfor: [purpose-{i - 3}]\n{end}\n```\n"


def _map() -> str:
    tables = [f"  table_{i}:\n    key: id\n    owner: {{customers: customer_id}}\n{_columns()}" for i in range(39)]
    head = "store: shop\nengine: sqlite\ntables:\n  customers:\n    subject: customer\n    key: id\n"
    people = "    columns: {id: key, name: name, email: contact.email, phone: contact.phone, address: contact.postal}\n"
    return head + people + "".join(tables) + "anchors:\n  last order: max(table_0.created_at)\n"


def _columns() -> str:
    columns = {
        "id": "key",
        "customer_id": "key",
        "what": "commerce.order",
        "body": "content.inquiry",
        "created_at": "plain",
    }
    return "    columns:\n" + "".join(f"      {n}: {c}\n" for n, c in columns.items())
