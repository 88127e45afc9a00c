"""The clauses that this release promises to enforce are enforced, in the sample studio, on the real engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from postgres import ADMIN, fresh_database, listening
from sekisho.app.demo import FILE, make_demo
from sekisho.app.wire import Workspace
from sekisho.policy.coverage import State

LIST = Path(__file__).resolve().parents[2] / "examples" / "studio" / "enforced.txt"
PROMISED = {line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")}


def enforced(workspace: Workspace) -> set[str]:
    kept, checks, _ = workspace.kept()
    assert all(c.green and not c.unmapped for c in checks)
    return {k.clause for k in kept if k.state is State.ENFORCED}


def test_on_sqlite(tmp_path: Path) -> None:
    assert enforced(make_demo(tmp_path / "studio", "sqlite", FILE, lambda text: None)) == PROMISED


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_on_postgresql(tmp_path: Path) -> None:
    with fresh_database() as address:
        facts = {**conninfo_to_dict(ADMIN), **conninfo_to_dict(address)}
        url = f"postgresql://{facts['user']}@{facts['host']}:{facts.get('port', 5432)}/{facts['dbname']}"
        assert enforced(make_demo(tmp_path / "studio", "postgresql", url, lambda text: None)) == PROMISED
