"""Somebody who works at the desk, and the codes that their authenticator app would show."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PASSWORD = "seven lanterns over the bay"
PROGRAM = "from sekisho.cli.main import main; main()"


def staff(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `sekisho staff …` as a program of its own."""
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "staff", *words, "-C", str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "SEKISHO_FOLDER")},
    )


def told(folder: Path, *words: str) -> Any:
    """Return what `sekisho staff … --json` says."""
    done = staff(folder, *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def code(secret: str, steps: int = 0) -> str:
    """Return the code of RFC 6238 for a secret, some steps of half a minute from now."""
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.digest(base64.b32decode(secret + "=" * (-len(secret) % 8)), counter, "sha1")
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


@dataclass(frozen=True)
class Member:
    """Who works at the desk in a test."""

    name: str
    secret: str
    handle: str


def form_of(answer: Any) -> str:
    """Return the token of the form on a page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def send(client: Any, path: str, **fields: str) -> Any:
    """Open a page and send its form, as a browser does."""
    token = form_of(client.get(path))
    return client.post(path, {"csrfmiddlewaretoken": token, **fields})


def sign_in(client: Any, member: Member, step: int = 0) -> Any:
    """Sign in by password and app; each step of half a minute has a code of its own, which works once."""
    first = send(client, "/desk/sign-in", login=member.name, password=PASSWORD)
    assert first.headers["Location"] == "/desk/sign-in/factor", first.content.decode()
    answer = send(client, "/desk/sign-in/factor", code=code(member.secret, step))
    assert answer.status_code == 302, answer.content.decode()
    return answer
