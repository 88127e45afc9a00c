"""Releases: a version of a policy with its date, signatory and content hash, signed with Ed25519 (RFC 8032)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sekisho.ground import canon
from sekisho.policy.model import Policy
from sekisho.policy.source import Source


@dataclass(frozen=True, slots=True)
class Release:
    """What is signed: the version's facts and the digest of each text."""

    document: Mapping[str, object]

    @property
    def bytes(self) -> bytes:
        """The canonical bytes."""
        return canon.encode({"sekisho": "policy-release-1", **self.document})

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical bytes: the release's name."""
        return canon.digest({"sekisho": "policy-release-1", **self.document})


def release(policy: Policy, texts: Mapping[str, Source], lock: str) -> Release:
    """Return the release of a policy made of these texts (language → text) and this lock."""
    return Release(
        {
            "policy": policy.name,
            "version": policy.version.isoformat(),
            "effective": policy.effective.isoformat(),
            "signed-by": dict(policy.signed_by),
            "texts": {language: canon.text_digest(source.text) for language, source in texts.items()},
            "lock": canon.text_digest(lock),
        }
    )


def sign(what: Release, secret: bytes) -> bytes:
    """Return the signature of a release under a 32-byte private key."""
    return Ed25519PrivateKey.from_private_bytes(secret).sign(what.bytes)


def verify(what: Release, signature: bytes, public: bytes) -> bool:
    """Say whether a signature is that of the public key's owner on just this release."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, what.bytes)
    except (InvalidSignature, ValueError):
        return False
    return True
