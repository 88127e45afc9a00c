"""The real server on a folder, for tests that look at it from outside."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Browse = Callable[[Path], Any]
"""Folder → a client that asks for its pages."""

PAUSE = threading.Event()
PROGRAM = "from sekisho.cli.main import main; main()"


@contextmanager
def serving(folder: Path, *options: str, **environment: str) -> Iterator[str]:
    """Serve a folder on a free port and yield its address; the server is ended with Ctrl-C."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "serve", "-C", str(folder), "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        try:
            address = _address(process)
            wait(address)
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                raise


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    while (found := re.search(r"http://127\.0\.0\.1:\d+", said)) is None:
        line = process.stdout.readline()
        assert line, f"the server ended: {said}"
        said += line
    return found.group(0)


def wait(address: str) -> None:
    """Wait until the server answers."""
    for _ in range(300):
        try:
            fetch(address, "/healthz")
        except OSError:
            PAUSE.wait(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


def fetch(address: str, path: str, **headers: str) -> tuple[int, bytes]:
    """Return status and body of a page."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})
        with connection.getresponse() as answer:
            return answer.status, answer.read()
    finally:
        connection.close()
