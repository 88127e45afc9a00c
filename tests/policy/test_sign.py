from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from policies import policy, shipping, text
from sekisho.policy.sign import Release, release, sign, verify
from sekisho.policy.source import Source

pytestmark = pytest.mark.unit
SECRET = bytes(range(32))
KEY = Ed25519PrivateKey.from_private_bytes(SECRET)
PUBLIC = KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def made(words: str = "We do this.", lock: str = "# lock\n") -> Release:
    written = text(shipping()).replace("We do this.", words)
    return release(policy(shipping()), {"en": Source.of("policy.md", written)}, lock)


def test_a_signature_holds_on_just_this_release() -> None:
    signature = sign(made(), SECRET)
    assert verify(made(), signature, PUBLIC)
    assert not verify(made("We do that."), signature, PUBLIC)
    assert not verify(made(lock="# another\n"), signature, PUBLIC)


def test_the_same_release_has_the_same_bytes_name_and_signature() -> None:
    assert made().bytes == made().bytes
    assert made().digest == made().digest
    assert sign(made(), SECRET) == sign(made(), SECRET)


def test_line_ends_do_not_matter() -> None:
    unix, windows = text(shipping()), text(shipping()).replace("\n", "\r\n")
    named = [release(policy(shipping()), {"en": Source.of("p", t)}, "").digest for t in (unix, windows)]
    assert named[0] == named[1]


@pytest.mark.parametrize("byte", [0, 31, 63])
def test_one_flipped_bit_is_found(byte: int) -> None:
    signature = bytearray(sign(made(), SECRET))
    signature[byte] ^= 1
    assert not verify(made(), bytes(signature), PUBLIC)


@pytest.mark.parametrize("public", [b"", b"short", bytes(32), bytes(33), b"\xff" * 32])
@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\0" * 65])
def test_keys_and_signatures_that_are_none_do_not_hold(public: bytes, signature: bytes) -> None:
    assert verify(made(), signature, public) is False


def test_the_key_signs_releases_and_nothing_that_looks_like_them() -> None:
    assert b'"sekisho":"policy-release-1"' in made().bytes
    assert len(KEY.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())) == 32


def test_a_release_says_who_signs_it_and_when_it_takes_effect() -> None:
    assert made().document["signed-by"] == {"name": "A. Kite", "title": "Owner"}
    assert (made().document["version"], made().document["effective"]) == ("2026-11-01", "2026-11-01")
