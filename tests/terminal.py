"""The command line as a terminal calls it: programs of their own, and what they printed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Done:
    """What a command did: its exit code and what it printed."""

    code: int
    out: str
    err: str


Sekisho = Callable[..., Done]
COMMAND = [sys.executable, "-c", "from sekisho.cli.main import main; main()"]


def program(*words: str | Path, stdin: str = "", **more: Any) -> Done:
    """Run `sekisho` as a program of its own; a traceback is never an answer."""
    command = [*COMMAND, *map(str, words)]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60, **more)
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text in a file in which it stands."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
