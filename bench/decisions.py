"""Decisions through the small door: three purposes each, durable when answered, 32 clients on loopback, one worker.

The load comes from one processor, the worker has another; the follower, which carries decisions into the store
meanwhile, is where the system puts it. Lag is the time from an answer until the store's own position, which it commits
together with the masks, has reached it. `sqlite` and `postgresql` say where the books and the store are.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import selectors
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench import Case
from bench._shop import ADMIN, ALL, MAP, POLICY, ROWS, TABLE
from bench.evidence import folder
from sekisho.app.wire import Workspace

PEOPLE, CLIENTS, WINDOW = 20_000, 32, 0.5
PURPOSES = ("support", "shipping", "news")


def run(quick: bool) -> Iterator[Case]:
    """Yield the cases."""
    seconds = 8.0 if quick else 30.0
    for engine, place in (("sqlite", on_sqlite), ("postgresql", on_postgresql)):
        with folder() as root, place(root) as position:
            key = Workspace(root).decisions.admit("bench")
            with serving(root) as port:
                load = Load(port, key, position)
                load.play(2.0)
                load.play(seconds)
            yield Case(engine, "1/s", load.rates, target=">= 2500")
            yield Case(f"{engine}_lag_p99", "s", [at(load.lags, 0.99)], target="<= 1")
            yield Case(f"{engine}_answer_p99", "ms", [at(load.took, 0.99) * 1000])


def at(samples: list[float], part: float) -> float:
    """Return the sample below which that part of all lies."""
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * part))] if samples else float("nan")


# -- where books and store are ----------------------------------------------------------------------------------


def write(root: Path, engine: str, url: str, books: str = "") -> None:
    (root / "map").mkdir()
    (root / "policy.md").write_text(POLICY, encoding="utf-8")
    (root / "map" / "bench.yaml").write_text(MAP.replace("engine: postgresql", f"engine: {engine}"), encoding="utf-8")
    told = f'[stores.bench]\nurl = "{url}"\n' + (f'[books]\nurl = "{books}"\n' if books else "")
    (root / "sekisho.toml").write_text(told, encoding="utf-8")
    Workspace(root).apply("bench")


@contextmanager
def on_sqlite(root: Path) -> Iterator[Callable[[], int]]:
    db = sqlite3.connect(root / "bench.db", isolation_level=None, check_same_thread=False)
    db.execute("pragma journal_mode = wal")
    db.execute(TABLE.format("customers"))
    db.execute("begin")
    rows = ((n, f"Name {n}", f"p{n}@example.jp", "2026-01-01", "18+") for n in range(1, PEOPLE + 1))
    db.executemany("insert into customers (id, name, email, created_at, age_band) values (?, ?, ?, ?, ?)", rows)
    db.execute("commit")
    write(root, "sqlite", "sqlite:///bench.db")
    yield lambda: int(db.execute("select position from sekisho_gate").fetchone()[0])
    db.close()


@contextmanager
def on_postgresql(root: Path) -> Iterator[Callable[[], int]]:
    names = [f"sekisho_bench_{secrets.token_hex(4)}" for _ in range(2)]
    parts = conninfo_to_dict(ADMIN)
    store, books = (f"postgresql://{parts['user']}@{parts['host']}:{parts.get('port', 5432)}/{name}" for name in names)
    with psycopg.connect(ADMIN, autocommit=True) as admin:
        before = {r[0] for r in admin.execute("select rolname from pg_roles")}
        for name in names:
            admin.execute(f'create database "{name}"'.encode())
    try:
        with psycopg.connect(store, autocommit=True) as db:
            db.execute(TABLE.format("customers").encode())
            db.execute(ROWS.format("customers").encode(), (PEOPLE,))
            write(root, "postgresql", store, books)
            yield lambda: int(db.execute("select position from sekisho.lease").fetchone()[0])  # type: ignore[index]
    finally:
        with psycopg.connect(ADMIN, autocommit=True) as admin:
            for name in names:
                admin.execute(f'drop database "{name}" with (force)'.encode())
            made = {r[0] for r in admin.execute("select rolname from pg_roles")} - before
            for role in sorted(r for r in made if names[0] in r or r.startswith("bench_")):
                admin.execute(f'drop role if exists "{role}"'.encode())


# -- the server -------------------------------------------------------------------------------------------------


@contextmanager
def serving(root: Path) -> Iterator[int]:
    """Serve the door of a folder with its one worker kept on a processor of its own; yields the port."""
    program = "from sekisho.cli.main import main; main()"
    words = [sys.executable, "-c", program, "consent", "serve", "-C", str(root), "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
            wait(port)
            if len(ALL) > 1:
                pin(server.pid)
            yield port
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                raise


def pin(parent: int) -> None:
    """Keep every thread of the server's worker on the second processor, and this program on the first."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
    for child in children:
        if b"resource_tracker" in (told := Path(f"/proc/{child}/cmdline").read_bytes()) or b"spawn" in told:
            continue  # follower and keeper: they stay where the system puts them
        for task in Path(f"/proc/{child}/task").iterdir():
            os.sched_setaffinity(int(task.name), {ALL[1]})
    os.sched_setaffinity(0, {ALL[0]})


def wait(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                probe.sendall(b"GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                if b" 200 " in probe.recv(4096):
                    return
        except OSError:
            pass  # it is not listening yet
        time.sleep(0.05)
    raise RuntimeError("the door does not answer")


# -- the load ---------------------------------------------------------------------------------------------------


@dataclass
class Load:
    """Clients that send the next request when the last one is answered, and one that looks at the store."""

    port: int
    key: str
    position: Callable[[], int]
    rates: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    lags: list[float] = field(default_factory=list)

    def play(self, seconds: float) -> None:
        """Send for some seconds; only the last play is remembered."""
        self.rates, self.took, self.lags = [], [], []
        self._last, self._over = (0, 0.0), threading.Event()
        looking = threading.Thread(target=self._look)
        looking.start()
        self._send(seconds)
        self._over.set()
        looking.join()

    def _request(self, chance: random.Random) -> bytes:
        decisions = [{"purpose": p, "decision": chance.choice(("give", "withdraw"))} for p in PURPOSES]
        person = f"bench:customer:{chance.randrange(1, PEOPLE + 1)}"
        body = json.dumps({"person": person, "method": "preferences", "language": "en", "decisions": decisions})
        return (
            f"POST /decisions HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {self.key}\r\n"
            f"Idempotency-Key: {chance.randbytes(16).hex()}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    def _send(self, seconds: float) -> None:
        chance, select, began = random.Random(secrets.randbits(32)), selectors.DefaultSelector(), {}
        for _ in range(CLIENTS):
            connection = socket.create_connection(("127.0.0.1", self.port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            select.register(connection, selectors.EVENT_READ)
            began[connection] = time.perf_counter()
            connection.sendall(self._request(chance))
        start = mark = time.perf_counter()
        answered = 0
        while mark - start < seconds:
            for found, _ in select.select(1):
                connection = found.fileobj
                answer = connection.recv(4096)  # type: ignore[union-attr]
                now = time.perf_counter()
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise RuntimeError(answer)
                self.took.append(now - began[connection])
                self._last = (int(answer.split(b'"position":')[1].split(b",")[0]), now)
                answered += 1
                began[connection] = now
                connection.sendall(self._request(chance))  # type: ignore[union-attr]
            if (now := time.perf_counter()) - mark >= WINDOW:
                self.rates.append(answered / (now - mark))
                mark, answered = now, 0
        for connection in list(began):
            connection.close()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            position, answered = self._last
            while position and self.position() < position:
                time.sleep(0.005)
            if position:
                self.lags.append(time.perf_counter() - answered)
