"""The master key: 32 bytes in the environment or in a file only its owner may read; what it wraps lies elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sekisho.adapters.ledgers.keyfile import load_or_make_key
from sekisho.ground.errors import BadInput
from sekisho.vault.secret import Secret

VARIABLE = "SEKISHO_MASTER_KEY"


def load_master(file: Path, environ: Mapping[str, str], *, make: bool) -> Secret:
    """Return the master key of the environment, else of the file, made only where `make` allows it.

    Raises BadInput where it is missing or is no key; what was found is never repeated.
    """
    given = environ.get(VARIABLE, "")
    if given:
        return _of_environment(given)
    if not make and not file.exists():
        raise BadInput(
            "the master key is missing, and without it nothing that is kept can be read",
            help=f"put the key file back from its copy, or set {VARIABLE}; a new key would open nothing",
            place=file.name,
        )
    return Secret(load_or_make_key(file))


def _of_environment(given: str) -> Secret:
    try:
        raw = bytes.fromhex(given.strip())
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise BadInput(
            "the environment holds no master key", help="it is 64 hexadecimal digits; see its copy", place=VARIABLE
        )
    return Secret(raw)
