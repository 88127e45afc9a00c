"""Serving: the address that is said, a port that is taken, Ctrl-C, the keeper's word, hints that run as they stand."""

from __future__ import annotations

import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

from postgres import ADMIN, fresh_database, listening
from sekisho.app.demo import FILE, make_demo
from sekisho.app.keeper import Keeper
from sekisho.app.wire import Workspace
from sekisho.cli.serve import Hint, free_port, hints, until_stopped
from sekisho.evidence import note as notes
from sekisho.ground.errors import BadInput
from served import PAUSE, PROGRAM, fetch, serving, wait


def quiet(text: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serve") / "a studio"
    make_demo(folder, "sqlite", FILE, quiet)
    return folder


@pytest.fixture
def studio(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "a studio"))


def test_the_address_that_is_said_answers(studio: Path) -> None:
    with serving(studio) as address:
        status, page = fetch(address, "/en/")
        assert (status, fetch(address, "/healthz")) == (200, (200, b"ok\n"))
        assert b"kept by the database" in page


def test_a_folder_that_holds_nothing_but_a_policy_is_served(studio: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    (folder / "map").mkdir(parents=True)
    for file in (*studio.glob("policy*"), *(studio / "map").glob("*")):
        shutil.copy(file, folder / file.relative_to(studio))
    with serving(folder) as address:
        assert fetch(address, "/en/promises")[0] == 200
        assert fetch(address, "/checkpoint")[0] == 404


def test_behind_a_proxy_the_public_name_is_answered_and_nothing_is_told_of_handles(studio: Path) -> None:
    with serving(studio, SEKISHO_HOSTS="privacy.example.com") as address:
        public = {"Host": "privacy.example.com", "X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "https"}
        status, page = fetch(address, "/en/promises", **public)
        assert status == 200
        assert b'href="https://privacy.example.com/ja/promises"' in page
        assert b"For whoever sits at this machine" not in page
        assert b"For whoever sits at this machine" in fetch(address, "/en/promises")[1]
        assert fetch(address, "/en/", Host="other.example.com")[0] == 400


def test_a_taken_port_is_said_with_a_remedy(studio: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(BadInput, match=f"another program listens on port {port}") as found:
            free_port(port)
        assert "--port 0" in found.value.help
        command = [sys.executable, "-c", PROGRAM, "serve", "-C", str(studio), "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_ctrl_c_ends_it_cleanly(studio: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "serve", "-C", str(studio), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[1].rstrip("/")
        wait(address)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "stopped" in out
        assert "Traceback" not in err


class Crowded:
    """A server's loop that is signalled again at the very moment it is told to end, as a group's end does."""

    def __init__(self) -> None:
        self.told = 0

    def signal_handler_interrupt(self, *_: object) -> None:
        self.told += 1
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)

    def serve(self) -> None:
        signal.signal(signal.SIGTERM, self.signal_handler_interrupt)
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_while_the_end_is_told_is_not_told_again() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    server = Crowded()
    try:
        until_stopped(server)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert server.told == 1


def test_signals_that_crowd_end_it_as_one_does(studio: Path) -> None:
    port = free_port(0)
    command = [sys.executable, "-c", PROGRAM, "serve", "-C", str(studio), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait(f"http://127.0.0.1:{port}")
        for _ in range(2_000):
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
        assert process.returncode == 0
        assert "stopped" in out
        assert "Traceback" not in err


def test_a_worker_does_not_outlive_the_keeper(studio: Path) -> None:
    port = free_port(0)
    with subprocess.Popen([sys.executable, "-c", PROGRAM, "serve", "-C", str(studio), "--port", str(port)]) as process:
        wait(f"http://127.0.0.1:{port}")
        process.kill()
        process.wait()
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return
        PAUSE.wait(0.1)
    raise AssertionError("pages are served that nobody keeps")


@pytest.mark.unit
def test_the_keeper_signs_what_the_log_grew_by_and_opens_what_needs_a_yes(studio: Path) -> None:
    workspace = Workspace(studio)
    workspace.close("shop")
    size = workspace.log.size
    told: list[str] = []
    assert Keeper(studio, told.append).round() == {}
    (newest,) = workspace.log.store.checkpoints(1)
    assert notes.Checkpoint.parse(newest).size >= size
    assert notes.verify(newest, workspace.signer.key) is not None
    assert told == []


@pytest.mark.unit
def test_the_keeper_says_each_trouble_once_and_when_it_is_over(studio: Path) -> None:
    told: list[str] = []
    keeper = Keeper(studio, told.append)
    (studio / "shop.db").rename(studio / "away.db")
    assert keeper.round().keys() == keeper.round().keys() == {"shop"}
    (studio / "away.db").rename(studio / "shop.db")
    assert keeper.round() == {}
    assert len(told) == 2
    assert told[0].startswith("shop: ")
    assert told[1] == "shop: right again"


@pytest.mark.unit
def test_the_keeper_renews_nothing_for_a_policy_that_does_not_compile(studio: Path) -> None:
    told: list[str] = []
    text = (studio / "policy.md").read_text(encoding="utf-8")
    (studio / "policy.md").write_text(text.replace("because: contract", "because: whim", 1), encoding="utf-8")
    assert Keeper(studio, told.append).round().keys() == {"policy"}
    assert "`whim` is not a ground" in told[0]


@pytest.mark.unit
def test_the_keeper_does_not_sign_over_damage(studio: Path) -> None:
    told: list[str] = []
    with sqlite3.connect(studio / "books" / "evidence.db") as db:
        for (name,) in db.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {name}")
        (body,) = db.execute("select body from entry where seq = (select max(seq) from entry)").fetchone()
        db.execute("update entry set body = ? where seq = (select max(seq) from entry)", (bytes(body) + b" ",))
        db.execute("delete from checkpoint")
    db.close()
    assert "checkpoint" in Keeper(studio, told.append).round()
    assert any("is not what was recorded" in line for line in told)


def run(hint: Hint) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", hint.command], capture_output=True, text=True, timeout=120, check=False)


def test_every_hint_runs_as_it_stands_on_sqlite(studio: Path) -> None:
    done = {h.says: run(h) for h in hints(Workspace(studio), studio, "sqlite")}
    codes = [d.returncode for d in done.values()]
    assert codes == [0, 3, 0, 0, 0, 0], [d.stderr for d in done.values()]
    seen, refused, *_ = done.values()
    assert "c1@example.jp" in seen.stdout
    assert "clause #support" in refused.stderr


@pytest.mark.postgresql
@pytest.mark.skipif(not listening(), reason="no PostgreSQL server: set SEKISHO_TEST_POSTGRESQL, or run `make services`")
@pytest.mark.skipif(shutil.which("psql") is None, reason="no psql on this machine")
def test_every_hint_runs_as_it_stands_on_postgresql(tmp_path: Path) -> None:
    folder = tmp_path / "studio"
    with fresh_database() as there:
        name = conninfo_to_dict(there)["dbname"]
        workspace = make_demo(folder, "postgresql", urlsplit(ADMIN)._replace(path=f"/{name}").geturl(), quiet)
        done = [(h, run(h)) for h in hints(workspace, folder, "postgresql")]
    assert [d.returncode for _, d in done] == [0] * len(done), [d.stderr for _, d in done]
    through = [d.stdout for h, d in done if "psql" in h.command]
    assert "     0\n" in through[0]
    assert "support (clause #support)" in through[1]
