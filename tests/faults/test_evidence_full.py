"""The evidence log's disk is full: nothing is witnessed, so nothing personal is given (row 3 of the fault table)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sekisho.adapters.ledgers.evidence import SqliteLeaves
from sekisho.app.wire import Workspace
from sekisho.evidence.kinds import Entry
from sekisho.evidence.log import Log
from sekisho.ground.errors import NotWitnessed

pytestmark = pytest.mark.slow

LIMITED = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
import test_evidence_full as t
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = t.Log(t.SqliteLeaves(sys.argv[1]), "o")
log.append([t.refusal(n) for n in range(10)])
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
given = t.fill(log)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
t.goes_on(log, given)
print("held", given)
"""


def refusal(n: int) -> Entry:
    fields = {"store": "shop", "purpose": "support", "clause": "support", "actor": f"{n:032x}", "code": "no-reason"}
    return Entry("refusal", datetime(2026, 12, 1, tzinfo=UTC), fields)


def fill(log: Log) -> int:
    """Append until the disk is full; returns how many entries were acknowledged."""
    given = [log.size]

    def more() -> None:
        while True:
            log.append([refusal(n) for n in range(50)])
            given.append(50)

    with pytest.raises(NotWitnessed) as caught:
        more()
    assert caught.value.exit_code == 4
    assert "nothing was given" in caught.value.help
    return sum(given)


def goes_on(log: Log, given: int) -> None:
    """With room again what was acknowledged is there, all of it, and the log takes entries."""
    assert log.size == given, (log.size, given)
    log.append([refusal(1)])
    verdict = log.verify()
    assert verdict.sound, verdict.says
    assert log.size == given + 1


def test_a_file_that_may_not_grow_witnesses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "evidence.db"), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout.startswith("held"), done.stderr


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid():
        pytest.skip("only root may mount a small disk")
    done = subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, check=False)
    if done.returncode:
        pytest.skip("a small disk cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_disk_that_is_full_keeps_what_it_acknowledged_and_goes_on_with_room(disk: Path) -> None:
    (disk / "ballast").write_bytes(bytes(1_000_000))
    store = SqliteLeaves(disk / "evidence.db")
    log = Log(store, "o")
    given = fill(log)
    assert given > 50
    with pytest.raises(NotWitnessed):
        log.append([refusal(n) for n in range(1000)])
    assert log.size == given, "what was acknowledged is still read"
    assert log.verify().sound
    (disk / "ballast").unlink()
    goes_on(log, given)
    store.close()


SHOP = """
create table customers (id integer primary key, name text, address text, email text);
create table orders (id integer primary key, customer_id integer references customers (id), placed_at text,
  ship_to text);
create table products (id integer primary key, title text);
insert into customers values (1, 'Aoi Tanabe', 'Kitestreet 1', 'aoi@example.jp');
"""


def test_no_row_is_read_while_its_permit_cannot_be_witnessed(disk: Path, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    assert sekisho("init", shop).returncode == 0
    if not (shop / "shop.db").exists():
        with closing(sqlite3.connect(shop / "shop.db")) as db:
            db.executescript(SHOP)
    settings = (shop / "sekisho.toml").read_text().replace('path = "books"', f'path = "{disk / "books"}"')
    assert str(disk) in settings
    (shop / "sekisho.toml").write_text(settings)
    assert sekisho("gate", "apply", "shop", "-C", shop).returncode == 0
    ask = ("gate", "shell", "shop", "-C", shop, "--purpose", "shipping", "--reason", "parcel 7")
    read = (*ask, "-c", "select id, name from customers")
    before = sekisho(*read)
    assert "Aoi" in before.stdout, before.stderr
    Workspace(shop).log.store.close()  # type: ignore[attr-defined]
    take_all_room(disk / "ballast")
    refused = sekisho(*read)
    # not witnessed, or the ledger cannot even be opened: its shared memory needs room as well
    assert refused.returncode in (4, 6), refused.stderr
    # on a full disk the books, which are looked at first, may not open either
    assert "evidence" in refused.stderr or "books" in refused.stderr
    assert "help:" in refused.stderr
    assert "Aoi" not in refused.stdout + refused.stderr
    (disk / "ballast").unlink()
    assert "Aoi" in sekisho(*read).stdout
    log = Workspace(shop).log
    assert log.verify().sound
    assert log.count_by(kind="permit-issued") == 2, "one for each time that rows were given"


def take_all_room(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while True:
            os.write(handle, bytes(512))
    os.close(handle)


def sekisho(*words: object) -> subprocess.CompletedProcess[str]:
    program = "from sekisho.cli.main import main; main()"
    command = [sys.executable, "-c", program, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
