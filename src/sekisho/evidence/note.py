"""Checkpoints as signed notes: C2SP signed-note, tlog-checkpoint and tlog-cosignature, with Ed25519 (RFC 8032).

A note is text, an empty line, and one line a signature: `— name base64(key id, signature)`. A checkpoint's text is
origin, size and base64 root, one a line; lines that follow are its extensions and are signed with it. A cosignature
signs the instant as well.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sekisho.ground.errors import BadInput

ED25519, COSIGNATURE = 0x01, 0x04
_DASH = "\u2014"


def _check_name(name: str) -> None:
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise BadInput(
            f"`{name}` cannot name a key",
            help="a name has no spaces and no `+`; a log's name is `origin` under [site] in the settings",
        )


@dataclass(frozen=True, slots=True)
class Key:
    """A public key with its name and kind; `text` is its verifier form `name+id+base64`."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """The first four bytes of SHA-256 over name, newline, kind and key."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The verifier key as C2SP writes it."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.public).decode()}"

    @staticmethod
    def parse(text: str) -> Key:
        """Return the key of a verifier text; raises BadInput when it is not one."""
        trouble = BadInput("this is not a verifier key", help="it looks like `name+0123abcd+base64`")
        parts = text.strip().split("+", 2)
        if len(parts) != 3:
            raise trouble
        _check_name(parts[0])
        try:
            raw = base64.b64decode(parts[2], validate=True)
            key = Key(parts[0], raw[0], raw[1:])
            identity = key.id
        except (ValueError, IndexError) as error:
            raise trouble from error
        if len(raw) != 33 or key.kind not in (ED25519, COSIGNATURE) or identity.hex() != parts[1]:
            raise trouble
        return key


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key (32 bytes) with its name and kind; raises BadInput for a name that no note can hold."""

    name: str
    secret: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        _check_name(self.name)

    @property
    def key(self) -> Key:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.secret).public_key().public_bytes_raw()
        return Key(self.name, self.kind, public)

    def sign(self, text: str, instant: int = 0) -> str:
        """Return the signature line of a note's text; a cosigner signs the instant (whole seconds) with it."""
        private = Ed25519PrivateKey.from_private_bytes(self.secret)
        if self.kind == COSIGNATURE:
            raw = instant.to_bytes(8, "big") + private.sign(_cosigned(text, instant))
        else:
            raw = private.sign(text.encode())
        return f"{_DASH} {self.name} {base64.b64encode(self.key.id + raw).decode()}\n"


def _cosigned(text: str, instant: int) -> bytes:
    return f"cosignature/v1\ntime {instant}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size and root of a log at one moment."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @staticmethod
    def parse(note: str) -> Checkpoint:
        """Return the checkpoint in a note; raises BadInput when it is not one. Signatures are not looked at."""
        trouble = BadInput("this is not a checkpoint", help="it has origin, size and root, one a line")
        lines = note.split("\n")
        if len(lines) < 4 or not lines[0] or not lines[1].isascii() or not lines[1].isdigit():
            raise trouble
        if len(lines[1]) > 19 or (lines[1] != "0" and lines[1].startswith("0")):
            raise trouble
        try:
            root = base64.b64decode(lines[2], validate=True)
        except ValueError as error:
            raise trouble from error
        # one root has one text: the unused bits of the last digit are zero
        if len(root) != 32 or base64.b64encode(root).decode() != lines[2]:
            raise trouble
        return Checkpoint(lines[0], int(lines[1]), root)


def signed(text: str, *lines: str) -> str:
    """Return a note: the text, an empty line, the signature lines."""
    return text + "\n" + "".join(lines)


def split(note: str) -> tuple[str, list[str]]:
    """Return a note's text and its signature lines; raises BadInput when it has none."""
    text, gap, signatures = note.rpartition("\n\n")
    if not gap:
        raise BadInput("this is not a signed note", help="its signatures follow an empty line")
    return text + "\n", [line for line in signatures.split("\n") if line]


def several(texts: str) -> list[str]:
    """Return the checkpoints of a file that holds several, each with its signatures, in their order."""
    blocks = [b.strip("\n") for b in texts.split("\n\n")]
    blocks = [b for b in blocks if b]
    if len(blocks) % 2:
        raise BadInput("these are not checkpoints", help="each is a text, an empty line, and its signatures")
    return [f"{text}\n\n{lines}\n" for text, lines in zip(blocks[::2], blocks[1::2], strict=True)]


def verify(note: str, key: Key) -> int | None:
    """Return the instant of a key's valid signature on a note (0 for a plain one), or None where there is none."""
    try:
        text, lines = split(note)
        public = Ed25519PublicKey.from_public_bytes(key.public)
    except (BadInput, ValueError):
        return None
    for line in lines:
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != _DASH or parts[1] != key.name:
            continue
        try:
            raw = base64.b64decode(parts[2], validate=True)
            if raw[:4] != key.id:
                continue
            if key.kind == COSIGNATURE:
                instant = int.from_bytes(raw[4:12], "big")
                public.verify(raw[12:], _cosigned(text, instant))
                return instant
            public.verify(raw[4:], text.encode())
        except (binascii.Error, ValueError, InvalidSignature):
            continue
        return 0
    return None
