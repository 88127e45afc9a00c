"""The bundle of keys: one sealed file with the secrets of the books, under a passphrase or under the master key.

The first line is JSON and open: how it is sealed, when, and by when it must be destroyed. The rest is bound to it.
Under the master key it holds everything but the master key, which has a copy of its own; under a passphrase that too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from sekisho.adapters.ledgers import keybackup
from sekisho.adapters.ledgers.keyfile import place
from sekisho.adapters.ledgers.keystore import KeyStore
from sekisho.adapters.ledgers.masterkey import load_master
from sekisho.app.sealed import where
from sekisho.app.settings import Settings
from sekisho.ground import canon, stamp
from sekisho.ground.errors import BadInput, Tampered
from sekisho.vault.seal import seal, unseal
from sekisho.vault.secret import SIZE, Secret
from sekisho.vault.wrap import derive, fingerprint

FORM = "sekisho-key-bundle-1"
SHORTEST = 12
"""Letters of a passphrase, at least."""
COST = 2**16
"""The work of a guess (scrypt, RFC 7914): 64 MiB and a good part of a second."""
MASTER = "master"
PASSPHRASE, BY_MASTER = "passphrase", "master key"


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The open line."""

    at: str
    form: str
    master: str
    salt: str
    sealed: str
    until: str


class Body(msgspec.Struct, frozen=True):
    """What is sealed: files of secrets by name, and a backup of the key store where there is one."""

    files: dict[str, bytes]
    store: bytes


def secret_files(settings: Settings) -> Iterator[Path]:
    """Yield the plain files of secrets beside the books; key store and master key have their own ways."""
    apart = {settings.keys.store, settings.keys.register, settings.keys.master}
    for path in sorted((settings.books / "keys").glob("*")):
        plain = path.suffix not in (".lock", ".db", ".restoring") and not path.name.endswith(("-wal", "-shm"))
        if path.is_file() and not path.name.startswith(".") and plain and path not in apart:
            yield path


def check(settings: Settings, passphrase: str, environ: Mapping[str, str]) -> None:
    """Raise BadInput where keys could not be sealed, before anything else is copied."""
    parts = where(settings)
    master = load_master(parts.master, environ, make=False) if parts.store.exists() else None
    _fit(passphrase, master)


def sealed(settings: Settings, at: datetime, passphrase: str, environ: Mapping[str, str]) -> bytes:
    """Return the bundle; raises BadInput where there is nothing to seal it under."""
    parts, files, store, check = where(settings), {p.name: p.read_bytes() for p in secret_files(settings)}, b"", ""
    master = load_master(parts.master, environ, make=False) if parts.store.exists() else None
    until = ""
    if master is not None:
        with closing(KeyStore(parts, master)) as keys:
            store = keybackup.back_up(keys, master, lambda: at)
        until, check = stamp.rfc3339(at + parts.horizon), fingerprint(master)
    if passphrase and parts.master.exists():
        files[MASTER] = parts.master.read_bytes()
    salt = stamp.nonce(16) if passphrase else b""
    key = _key(passphrase, salt, master)
    how = PASSPHRASE if passphrase else BY_MASTER
    head = canon.encode(
        {"at": stamp.rfc3339(at), "form": FORM, "master": check, "salt": salt.hex(), "sealed": how, "until": until}
    )
    return head + b"\n" + seal(key, msgspec.msgpack.encode(Body(files, store)), head, stamp.nonce(12))


def _fit(passphrase: str, master: Secret | None) -> None:
    if passphrase and len(passphrase) < SHORTEST:
        raise BadInput("the passphrase is too short", help=f"take {SHORTEST} letters or more")
    if not passphrase and master is None:
        raise BadInput(
            "keys are not written open, and there is no master key here",
            help="name a passphrase: `--passphrase-file FILE`, or SEKISHO_BACKUP_PASSPHRASE",
        )


def _key(passphrase: str, salt: bytes, master: Secret | None) -> Secret:
    _fit(passphrase, master)
    if passphrase or master is None:
        return Secret(Scrypt(salt=salt, length=SIZE, n=COST, r=8, p=1).derive(passphrase.encode()))
    return derive(master, "bundle of keys")


def opened(
    content: bytes, settings: Settings, now: datetime, passphrase: str, environ: Mapping[str, str]
) -> tuple[Head, Body]:
    """Return what a bundle holds; raises BadInput where it is none, too old or asks for another key, else Tampered."""
    line, _, rest = content.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=Head)
        salt, late = bytes.fromhex(head.salt), head.until and now > datetime.fromisoformat(head.until)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise BadInput("this is not a bundle of keys", help="give the folder that the backup of keys made") from error
    if head.form != FORM:
        raise BadInput("this bundle is of another form", help="restore it with the version that wrote it")
    if late:
        raise BadInput(
            f"the keys are past their horizon, {head.until[:10]}: by then people were told that theirs are gone",
            help="destroy this copy, and restore a later one",
        )
    if head.sealed == PASSPHRASE and not passphrase:
        raise BadInput(
            "these keys are sealed under a passphrase",
            help="name it: `--passphrase-file`, or SEKISHO_BACKUP_PASSPHRASE",
        )
    sealed_by = passphrase if head.sealed == PASSPHRASE else ""
    master = None if sealed_by else load_master(settings.keys.master, environ, make=False)
    try:
        body = unseal(_key(sealed_by, salt, master), rest, line)
        return head, msgspec.msgpack.decode(body, type=Body)
    except (Tampered, msgspec.DecodeError) as error:
        raise Tampered(
            "these keys do not open: the passphrase or the master key is another, or their bytes are",
            help="compare with what was in use then; else restore another backup",
        ) from error


def there(settings: Settings) -> list[Path]:
    """Return the secrets that are here already."""
    found = [*secret_files(settings), settings.keys.store, settings.keys.register]
    return [p for p in found if p.exists()]


def put_back(
    settings: Settings, body: Body, aside: Path, environ: Mapping[str, str], *, register_lost: bool
) -> list[str]:
    """Put secrets in their places; another one that is there is moved aside, the register of erased people never.

    Returns what was put back. Where that register is missing it must be said that it is lost (see keybackup).
    """
    done = []
    for name, content in sorted(body.files.items()):
        if Path(name).name != name:
            raise Tampered("a bundle of keys names a file outside its folder", help="restore another backup")
        target = settings.keys.master if name == MASTER else settings.books / "keys" / name
        if target.exists() and target.read_bytes() == content:
            continue
        if target.exists():
            aside.mkdir(parents=True, exist_ok=True, mode=0o700)
            target.rename(aside / target.name)
        place(target, content)
        target.chmod(0o600)
        done.append(name)
    if body.store:
        master = load_master(settings.keys.master, environ, make=False)
        back = keybackup.restore(where(settings), body.store, master, register_lost=register_lost)
        done.append(f"{back.taken} keys of people ({back.refused} refused: erased since)")
    return done
