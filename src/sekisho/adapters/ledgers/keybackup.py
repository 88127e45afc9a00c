"""Backups of the key store: one sealed file that says when it was made and until when it may be kept.

The first line is JSON and open: form, instant, the day by which the file must be destroyed, which master key opens it.
The rest is sealed under a key derived from the master key, and bound to that line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from sekisho.adapters.ledgers.keyfile import place, sync_folder
from sekisho.adapters.ledgers.keystore import VERSION, KeyStore, Where
from sekisho.adapters.ledgers.register import DEPLOYMENT, Register
from sekisho.ground import canon, stamp
from sekisho.ground.errors import BadInput, Tampered
from sekisho.vault.seal import seal, unseal
from sekisho.vault.secret import Secret
from sekisho.vault.wrap import derive, fingerprint, of_person, of_wrapping, unwrap, wrap

FORM = "sekisho-keys-1"


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The open line of a backup."""

    at: str
    form: str
    master: str
    until: str


class Body(msgspec.Struct, frozen=True):
    """What is sealed: every key still wrapped as in the store, and the register's marks."""

    deployment: bytes
    wrapping: list[tuple[int, str, bytes]]
    keys: list[tuple[bytes, int, bytes]]
    marks: list[tuple[bytes, str]]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: keys taken, keys that were there already, and keys refused because the person was erased."""

    at: str
    taken: int
    there: int
    refused: int


def back_up(keys: KeyStore, master: Secret, clock: stamp.Clock = stamp.now) -> bytes:
    """Return a backup of the key store and its register, as of now."""
    wrapping, data = keys.contents()
    at = clock()
    head = canon.encode(
        {
            "at": stamp.rfc3339(at),
            "form": FORM,
            "master": fingerprint(master),
            "until": stamp.rfc3339(at + keys.where.horizon),
        }
    )
    deployment = wrap(master, keys.register.deployment, DEPLOYMENT, stamp.nonce(12))
    body = msgspec.msgpack.encode(Body(deployment, wrapping, data, keys.register.all()))
    return head + b"\n" + seal(derive(master, "backup"), body, head, stamp.nonce(12))


def write(path: Path, backup: bytes) -> None:
    """Write a backup where no file is yet, for its owner alone, durable; raises BadInput where one is."""
    if path.exists() or path.is_symlink():
        raise BadInput("there is a file already, and it stays as it is", help="name another", place=path.name)
    place(path, backup)


def read(backup: bytes, master: Secret, now: datetime) -> tuple[Head, Body]:
    """Return what a backup holds; raises BadInput where it is none, past its horizon or of another master key."""
    line, _, sealed = backup.partition(b"\n")
    try:
        head = msgspec.json.decode(line, type=Head)
        until = datetime.fromisoformat(head.until)
        late = now > until
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise BadInput("this is not a backup of keys", help="`sekisho keys backup FILE` writes one") from error
    if head.form != FORM:
        raise BadInput("this backup is of another form", help="restore it with the version that wrote it")
    if head.master != fingerprint(master):
        raise BadInput(
            f"the backup was made under the master key `{head.master[:16]}`, this one is `{fingerprint(master)}`",
            help="give the master key that was in use then",
        )
    body = msgspec.msgpack.decode(unseal(derive(master, "backup"), sealed, line), type=Body)
    if late:
        raise BadInput(
            f"the backup is past its horizon, {head.until[:10]}: by then people were told that their keys are gone",
            help="destroy it, and restore a later one",
        )
    return head, body


def restore(
    where: Where, backup: bytes, master: Secret, clock: stamp.Clock = stamp.now, *, register_lost: bool = False
) -> Restored:
    """Put keys of a backup back, except of people whom the register knows as erased.

    The register is the one that lies here, not the backup's; where it is lost that must be said, and the backup's own
    takes its place. Keys that are here are not touched. Wrapping keys are not taken: what comes back comes under the
    newest one of this store.
    """
    head, body = read(backup, master, clock())
    if not where.register.exists():
        if not register_lost:
            raise BadInput(
                f"there is no erasure register here: whoever was erased after {head.at[:10]} would come back",
                help="put its copy back first; where there is none, say --register-lost",
                place=where.register.name,
            )
        deployment = unwrap(master, body.deployment, DEPLOYMENT)
        Register(where.register, master, clock, new=True, deployment=deployment).close()
    register = Register(where.register, master, clock)
    same = register.deployment.raw == unwrap(master, body.deployment, DEPLOYMENT).raw
    if same:
        register.join(body.marks)
    register.close()
    if not same:
        raise BadInput("this is the backup of another key store", help="give one of this key store")
    if where.store.exists():
        return _fill(where, head, body, master, clock)
    return _anew(where, head, body, master, clock)


def _anew(where: Where, head: Head, body: Body, master: Secret, clock: stamp.Clock) -> Restored:
    """Make the store beside its place and move it there: what dies half way leaves nothing that looks like one."""
    fresh = where.store.with_suffix(".restoring")
    for leftover in (fresh, *_logs(fresh), *_logs(where.store)):
        # a log of writes that outlived its file would be played into the new one
        leftover.unlink(missing_ok=True)
    done = _fill(replace(where, store=fresh), head, body, master, clock)
    fresh.replace(where.store)
    sync_folder(where.store.parent)
    return done


def _logs(path: Path) -> tuple[Path, Path]:
    return path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def _fill(where: Where, head: Head, body: Body, master: Secret, clock: stamp.Clock) -> Restored:
    under = {id: unwrap(master, wrapped, of_wrapping(str(id))) for id, _, wrapped in body.wrapping}
    keys = KeyStore(where, master, clock, put_back=True)
    try:
        marks = {keys.register.mark("person", i): i for i, _, _ in body.keys}
        erased = {marks[m] for m in keys.register.among(list(marks))}
        try:
            good = {
                i: unwrap(under[id], wrapped, of_person(i.hex(), VERSION))
                for i, id, wrapped in body.keys
                if i not in erased
            }
        except KeyError as error:
            raise Tampered("the backup lacks a wrapping key of its own", help="restore another one") from error
        taken = keys.take(good)
        return Restored(head.at, taken, len(good) - taken, len(erased))
    finally:
        keys.close()
