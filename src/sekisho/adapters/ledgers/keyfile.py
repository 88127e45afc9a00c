"""Files that are whole or not there, and that only their owner may read."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from sekisho.ground import stamp
from sekisho.ground.errors import BadInput


def place(path: Path, content: bytes) -> None:
    """Make a file with its content, durable, for its owner only; one that is there already stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            # a link is made whole or not at all, and never over a file that another process made first
            os.link(name, path)
    finally:
        os.unlink(name)
    sync_folder(path.parent)


def replace(path: Path, content: bytes) -> None:
    """Put new content in a file, durable, all or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load_or_make_key(path: Path) -> bytes:
    """Return the 32 secret bytes in a file only its owner may read, made on first need; refuses loose permissions."""
    try:
        if not path.exists():
            place(path, stamp.nonce(32).hex().encode() + b"\n")
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
        secret = bytes.fromhex(text.strip())
    except OSError as error:
        raise BadInput(
            "the key file cannot be read or made", help="check its folder's permissions", place=path.name
        ) from error
    except ValueError as error:
        raise BadInput("this is not a key file", help="restore it from its backup", place=path.name) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BadInput("others may read the key file", help="chmod 600 it", place=path.name)
    if len(secret) != 32:
        raise BadInput("this is not a key file", help="restore it from its backup", place=path.name)
    return secret
