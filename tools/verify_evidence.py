"""Verifies an evidence log from outside, trusting nobody; needs Python and the package `cryptography`, nothing else.

    log FOLDER [--key KEY] [--since OLDER]   an export: `leaves` (32 bytes an entry), `checkpoints`, `key`. OLDER is an
                                             earlier export, or a checkpoint that you kept: the log must extend it
    receipt FILE --key KEY                   one entry: body, salt, inclusion proof, checkpoint
    consistency FILE OLD NEW --key KEY       the checkpoint in NEW extends the one in OLD

A leaf hashes salt and body; the tree is that of RFC 9162; checkpoints are C2SP signed notes with Ed25519 (kind 1),
cosignatures C2SP tlog-cosignature/v1 (kind 4). Exit codes: 0 it holds, 1 it does not, 2 it cannot be read.
"""

import argparse
import json
import sys
from base64 import b64decode
from contextlib import suppress
from functools import reduce
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def need(holds, says):
    """Stop with exit code 1 where something does not hold."""
    if not holds:
        sys.exit(f"DOES NOT HOLD: {says}")


def node(left, right):
    """The hash of an inner node."""
    return sha256(b"\1" + left + right).digest()


def roots_at(path, sizes):
    """The roots of the first `size` leaves, for each of the sizes; one pass, whatever the length."""
    edge, found, count, last = [], {0: sha256(b"").digest()}, 0, max(sizes)
    with path.open("rb") as file:
        while count < last and len(leaf := file.read(32)) == 32:
            bits, count = count, count + 1
            while bits & 1:
                leaf, bits = node(edge.pop(), leaf), bits >> 1
            edge.append(leaf)
            if count in sizes:
                found[count] = reduce(lambda right, left: node(left, right), reversed(edge))
    need(count == last, f"{count} leaves are here, {last} were signed")
    return found


def checkpoints(text):
    """(origin, size, root, signed text, signature lines) of each checkpoint in a text."""
    blocks = [b.strip("\n") for b in text.split("\n\n") if b.strip("\n")]
    for body, lines in zip(blocks[::2], blocks[1::2], strict=True):
        origin, size, root = body.split("\n")[:3]
        yield origin, int(size), b64decode(root, validate=True), body + "\n", lines.split("\n")


def signed(point, key):
    """When a key signed a checkpoint (0 where its kind does not say), or None."""
    name, hint, encoded = key.strip().split("+", 2)
    kind, public = (raw := b64decode(encoded, validate=True))[0], raw[1:]
    identity = sha256(name.encode() + b"\n" + raw).digest()[:4]
    need(identity.hex() == hint and len(public) == 32 and kind in (1, 4), "this is not a verifier key")
    for dash, by, blob in (line.split(" ") for line in point[4]):
        sig, message = b64decode(blob, validate=True), point[3].encode()
        if (dash, by, sig[:4]) == ("\u2014", name, identity):
            at, sig = (int.from_bytes(sig[4:12], "big"), sig[12:]) if kind == 4 else (0, sig[4:])
            prefix = f"cosignature/v1\ntime {at}\n".encode() if kind == 4 else b""
            with suppress(InvalidSignature):
                Ed25519PublicKey.from_public_bytes(public).verify(sig, prefix + message)
                return at


def climb(here, last, leaf, path):
    """The roots of the older and the newer tree that a path leads to (RFC 9162, 2.1.3.2 and 2.1.4.2)."""
    old = new = leaf
    for sibling in path:
        need(last, "the proof is too long")
        if here & 1 or here == last:
            old, new = node(sibling, old), node(sibling, new)
            skip = (here & -here).bit_length() - 1 if here else 0
            here, last = here >> skip, last >> skip
        else:
            new = node(new, sibling)
        here, last = here >> 1, last >> 1
    need(last == 0, "the proof is too short")
    return old, new


def log(args, folder):
    """Every checkpoint of an export, and those kept from before, against its leaves."""
    points, key = list(checkpoints((folder / "checkpoints").read_text())), args.key or (folder / "key").read_text()
    older = args.since and (args.since / "checkpoints" if args.since.is_dir() else args.since)
    kept = list(checkpoints(older.read_text())) if older else []
    roots = roots_at(folder / "leaves", {p[1] for p in points + kept})
    for p in points + kept:
        need(signed(p, key) is not None, f"the checkpoint at {p[1]} is not signed with the key")
        need(p[0] == points[0][0] and p[2] == roots[p[1]], f"the checkpoint at {p[1]} is not that of these leaves")
    for cosigner in args.cosigner:
        seen = [(p[1], at) for p in points if (at := signed(p, cosigner)) is not None]
        need(seen, f"no checkpoint is signed by {cosigner.split('+')[0]}")
        print(f"{cosigner.split('+')[0]} signed {max(seen)[0]} entries at POSIX time {max(seen)[1]}")
    return f"{max(roots)} entries hold{', and extend what you kept' if kept else ''}"


def receipt(args, file):
    """One entry against its checkpoint."""
    found = json.loads(file.read_text())
    leaf, seq, body, (point,) = (
        bytes.fromhex(found["leaf"]),
        found["seq"],
        found["body"],
        checkpoints(found["checkpoint"]),
    )
    need(0 <= seq < point[1], "the entry is not under the checkpoint")
    content = bytes.fromhex(found["salt"] or "") + (body or "").encode()
    need(body is None or sha256(b"\0" + content).digest() == leaf, "the body is not what was recorded")
    root = climb(seq, point[1] - 1, leaf, map(bytes.fromhex, found["proof"]))[1]
    need(root == point[2], "the proof does not lead to the checkpoint")
    for key in (args.key, *args.cosigner):
        need(signed(point, key) is not None, f"the checkpoint is not signed by {key.split('+')[0]}")
    return f"entry {seq} is in the log of {point[1]} entries: {body or 'its body is not shown'}"


def consistency(args, file, old_file, new_file):
    """A newer checkpoint against an older one."""
    (old,), (new,) = checkpoints(old_file.read_text()), checkpoints(new_file.read_text())
    path = [bytes.fromhex(h) for h in json.loads(file.read_text())["proof"]]
    need(signed(old, args.key) is not None and signed(new, args.key) is not None, "a checkpoint is not signed")
    need(old[0] == new[0] and 0 < old[1] <= new[1], "these checkpoints do not follow each other")
    here, last = old[1] - 1, new[1] - 1
    skip = (~here & (here + 1)).bit_length() - 1  # the ones at the end of it
    path = [old[2], *path] if old[1] & (old[1] - 1) == 0 else path
    need(path, "the proof is too short")
    need(
        climb(here >> skip, last >> skip, path[0], path[1:]) == (old[2], new[2]),
        "the newer log does not begin with the older",
    )
    return f"the log of {new[1]} entries begins with the {old[1]} that were signed before"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=["log", "receipt", "consistency"])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--key", help="the log's verifier key, as you were told it")
    parser.add_argument("--cosigner", action="append", default=[], help="a cosigner's verifier key; must have signed")
    parser.add_argument("--since", type=Path, help="an older export, or a checkpoint that you kept")
    args = parser.parse_args()
    need(args.key or args.job == "log", "--key is needed: the log's verifier key, as you were told it")
    try:
        print({"log": log, "receipt": receipt, "consistency": consistency}[args.job](args, *args.files))
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        print(f"cannot be read: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
