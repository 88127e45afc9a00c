"""The pages of a studio on PostgreSQL: kept by the database, no file for a thief, and a server that is away is said."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

from postgres import ADMIN, fresh_database, listening
from sekisho.app.demo import make_demo
from served import Browse

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.skipif(
        not listening(), reason="no PostgreSQL server: set SEKISHO_TEST_POSTGRESQL, or run `make services`"
    ),
]


def test_it_is_kept_by_the_database_until_the_database_is_away(browse: Browse, tmp_path: Path) -> None:
    folder = tmp_path / "studio"
    with fresh_database() as there:
        url = urlsplit(ADMIN)._replace(path=f"/{conninfo_to_dict(there)['dbname']}").geturl()
        make_demo(folder, "postgresql", url, lambda text: None)
        text = browse(folder).get("/en/promises").content.decode()
        assert "as it was applied</span>" in text
        assert "SQLite" not in text
        assert "does not answer" not in text
    other = Path(folder.rename(tmp_path / "orphan"))
    answer = browse(other).get("/en/promises")
    assert answer.status_code == 200
    assert "does not answer" in answer.content.decode()
    assert ">broken<" in answer.content.decode()
