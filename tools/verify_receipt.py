"""Verifies a consent receipt from outside, trusting nobody; needs Python and the package `cryptography`, nothing else.

    FILE --key KEY [--text FILE]    the receipt as printed, the verifier key, and the words that must have been shown

What is signed (Ed25519): `sekisho consent receipt 1`, a newline, the receipt as JSON with sorted keys, no space, UTF-8.
Exit codes: 0 it holds, 1 it does not, 2 it cannot be read.
"""

import argparse
import json
import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SEAL = b"sekisho consent receipt 1\n"
PROFILE = "https://w3id.org/dpv/schema/dpv-27560#receipt"


def public(text):
    """The 32 bytes of a verifier key `name+id+base64`, whose id is that of name and key."""
    name, identity, encoded = text.strip().split("+", 2)
    raw = b64decode(encoded, validate=True)
    if raw[0] != 1 or len(raw) != 33 or sha256(name.encode() + b"\n" + raw).digest()[:4].hex() != identity:
        raise ValueError("this is not a verifier key")
    return raw[1:]


def main(arguments=None):
    """Check one receipt and say so."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", required=True)
    parser.add_argument("--text", type=Path)
    wanted = parser.parse_args(arguments)
    try:
        signed = json.loads(wanted.file.read_text(encoding="utf-8"))
        receipt, signature, key = signed["receipt"], b64decode(signed["signature"], validate=True), public(wanted.key)
        status = receipt["dpv:hasProcess"][0]["dpv:hasConsentStatus"][0]
        shown, state, at = status["dpv:hasNotice"]["sekisho:sha256"], status["@type"], status["dpv:isIndicatedAtTime"]
        words = wanted.text.read_text(encoding="utf-8").rstrip("\n") if wanted.text else None
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        print(f"this cannot be read: {error}", file=sys.stderr)
        return 2
    canonical = json.dumps(receipt, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, SEAL + canonical)
    except (InvalidSignature, ValueError):
        print("DOES NOT HOLD: not signed with this key, or changed", file=sys.stderr)
        return 1
    if receipt.get("dct:conformsTo") != PROFILE or (words is not None and sha256(words.encode()).hexdigest() != shown):
        print("DOES NOT HOLD: another profile, or other words than were shown", file=sys.stderr)
        return 1
    print(f"the receipt holds: {state} at {at} on the words with SHA-256 {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
