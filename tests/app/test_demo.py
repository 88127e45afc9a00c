"""The demonstration: whole or not there, published and signed, refused where something else lies."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from postgres import fresh_database, listening
from sekisho.app import demo, releases
from sekisho.app.demo import FILE, STORE, make_demo
from sekisho.app.wire import Workspace
from sekisho.ground.errors import BadInput, StoreTrouble


def quiet(text: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_demo(tmp_path_factory.mktemp("demo") / "studio", "sqlite", FILE, quiet)


@pytest.mark.unit
def test_it_is_applied_published_and_signed(made: Workspace) -> None:
    store = made.store(STORE)
    assert store.check().green
    assert store.verify() == 0
    assert [(p.version, p.sound) for p in releases.published(made)] == [(made.policy.version.isoformat(), True)]
    (newest,) = made.log.store.checkpoints(1)
    assert newest.splitlines()[:2] == ["hoshizora.example/evidence", str(made.log.size)]
    assert made.log.verify(made.signer.key).sound
    assert {r.kind for r in made.log.entries(0, made.log.size)} >= {
        "consent-decision",
        "plan-applied",
        "standing-projected",
        "policy-published",
    }


@pytest.mark.unit
def test_what_others_must_not_read_is_its_owners_alone(made: Workspace) -> None:
    files = [made.root / "shop.db", made.root / "sekisho.toml", *(made.root / "books").rglob("*")]
    for file in files:
        if file.is_file() and file.name != "books.lock" and "releases" not in file.parts:
            assert not file.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH), file.name


@pytest.mark.unit
def test_opening_it_again_makes_nothing(made: Workspace) -> None:
    size, said = made.log.size, []
    again = make_demo(made.root, "sqlite", FILE, said.append)
    assert again.log.size == size
    assert said == ["opening the sample studio in studio/"]


@pytest.mark.unit
def test_the_studio_of_another_engine_is_not_opened_as_this_one(made: Workspace) -> None:
    with pytest.raises(BadInput, match="not the sample studio on postgresql") as refused:
        make_demo(made.root, "postgresql", "postgresql://127.0.0.1/x", quiet)
    assert "--into" in refused.value.help


@pytest.mark.unit
@pytest.mark.parametrize("what", ["file in it", "is a file"])
def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, what: str) -> None:
    root = tmp_path / "mine"
    if what == "is a file":
        root.write_text("mine", encoding="utf-8")
    else:
        root.mkdir()
        (root / "letter.txt").write_text("mine", encoding="utf-8")
    before = sorted(p.name for p in tmp_path.rglob("*"))
    with pytest.raises(BadInput, match="there and not empty"):
        make_demo(root, "sqlite", FILE, quiet)
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


@pytest.mark.unit
def test_an_empty_folder_will_do(tmp_path: Path) -> None:
    (tmp_path / "studio").mkdir()
    assert make_demo(tmp_path / "studio", "sqlite", FILE, quiet).store(STORE).check().green


SCRIPT = """
import sys
from pathlib import Path
from sekisho.app.demo import FILE, make_demo
def say(text):
    print(text, flush=True)
    if sys.argv[2] in text:
        print("waiting", flush=True)
        sys.stdin.read()
make_demo(Path(sys.argv[1]), "sqlite", FILE, say)
"""


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["making the sample studio", "registering people", "compiling", "publishing"])
def test_a_demonstration_that_is_killed_is_not_there_and_is_made_anew(tmp_path: Path, stage: str) -> None:
    root = tmp_path / "studio"
    command = [sys.executable, "-c", SCRIPT, str(root), stage]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while process.stdout.readline() not in ("waiting\n", ""):
            time.sleep(0)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not root.exists()
    whole = make_demo(root, "sqlite", FILE, quiet)
    assert whole.log.verify(whole.signer.key).sound
    assert len(releases.published(whole)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["studio"]


def test_the_examples_are_found_in_a_checkout() -> None:
    assert (demo.examples() / "studio" / "policy.md").exists()


@pytest.mark.unit
@pytest.mark.parametrize("url", ["sqlite:///shop.db", "mysql://127.0.0.1/x", "host=127.0.0.1"])
def test_an_address_that_is_not_postgresql_is_told_so(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadInput, match="not the address of a database"):
        make_demo(tmp_path / "studio", "postgresql", url, quiet)
    assert list(tmp_path.iterdir()) == []


def as_url(conninfo: str) -> str:
    """Write libpq's keywords as an address."""
    parts = psycopg.conninfo.conninfo_to_dict(conninfo)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_on_postgresql_it_is_the_same_studio(tmp_path: Path, made: Workspace) -> None:
    with fresh_database("sekisho_demo") as conninfo:
        there = make_demo(tmp_path / "studio", "postgresql", as_url(conninfo), quiet)
        assert there.store(STORE).check().green
        assert there.store(STORE).verify() == 0
        assert there.log.count_by(kind="consent-decision") == made.log.count_by(kind="consent-decision")


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL answers; `make services` starts one")
def test_a_database_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    with fresh_database("sekisho_demo") as conninfo:
        with psycopg.connect(conninfo) as db:
            db.execute("create table ledger (id integer)")
        with pytest.raises(StoreTrouble, match="is not empty") as refused:
            make_demo(tmp_path / "studio", "postgresql", as_url(conninfo), quiet)
        assert "dropdb" in refused.value.help
        with psycopg.connect(conninfo) as db:
            assert db.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() == (1,)
    assert list(tmp_path.iterdir()) == []
