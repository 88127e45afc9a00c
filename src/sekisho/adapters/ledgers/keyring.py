"""Keys of logins, in a file of their own that only its owner may read, outside every store and its backups."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from sekisho.gate.permit import LoginKey
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput


class KeyRing:
    """The secrets of logins, one JSON file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def key(self, store: str, login: str) -> LoginKey:
        """Return the login's key, made on first need; raises BadInput where the file is wrong or others may read it."""
        kept = self._read()
        name = f"{store}/{login}"
        if name not in kept:
            kept[name] = [stamp.nonce(8).hex(), stamp.nonce(32).hex()]
            self._write(kept)
        id, secret = kept[name]
        return LoginKey(id, login, bytes.fromhex(secret))

    def _read(self) -> dict[str, list[str]]:
        if not self._path.exists():
            return {}
        if self._path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise BadInput("others may read the key ring", help="chmod 600 it", place=self._path.name)
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            if all(bytes.fromhex(v[1]) and isinstance(v[0], str) for v in kept.values()):
                return dict(kept)
        except (ValueError, TypeError, AttributeError, IndexError):
            pass  # bytes that are no key ring: told below
        raise BadInput("the key ring cannot be read", help="restore it from its backup", place=self._path.name)

    def _write(self, kept: dict[str, list[str]]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
