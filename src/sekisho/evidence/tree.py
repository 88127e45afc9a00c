"""The Merkle tree of RFC 6962 §2.1 and RFC 9162 §2.1: hashes, roots, inclusion and consistency proofs.

Pure: whoever calls gives a `Node` reader, which returns the hash of any complete subtree. Proofs are tuples of
32-byte hashes, lowest first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

Node = Callable[[int, int], bytes]
"""`node(height, index)` is the hash of the complete subtree of 2**height leaves that begins at index * 2**height."""

EMPTY_ROOT = hashlib.sha256(b"").digest()
HASH = 32
"""Bytes of a hash."""
TILE_HEIGHT = 8
TILE = 1 << TILE_HEIGHT
"""Hashes in a complete tile (C2SP tlog-tiles): a tile of level L holds the roots of subtrees of 256**L leaves."""


def leaf_hash(content: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 of 0x00 and its content."""
    return hashlib.sha256(b"\0" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of 0x01 and its children."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Range:
    """The right edge of a growing tree: the roots of its complete subtrees, largest first."""

    def __init__(self, size: int = 0, edge: Sequence[bytes] = ()) -> None:
        if len(edge) != size.bit_count():
            raise ValueError("a tree's edge has one hash for each bit of its size")
        self.size = size
        self.edge = list(edge)

    @staticmethod
    def read(size: int, node: Node) -> Range:
        """Return the edge of a stored tree."""
        return Range(size, [node(h, i) for h, i in subtrees(0, size)])

    def append(self, leaf: bytes) -> None:
        """Add a leaf's hash."""
        edge, size, sha = self.edge, self.size, hashlib.sha256
        while size & 1:
            leaf = sha(b"\1" + edge.pop() + leaf).digest()
            size >>= 1
        edge.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the tree's root."""
        return fold(self.edge) if self.edge else EMPTY_ROOT


def fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over subtree roots that stand in a row, largest first."""
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def perfect(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a complete subtree from its leaves, a power of two of them."""
    row, sha = b"".join(hashes), hashlib.sha256
    while len(row) > HASH:
        row = b"".join([sha(b"\1" + row[i : i + 2 * HASH]).digest() for i in range(0, len(row), 2 * HASH)])
    return row


def subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """Return (height, index) of the complete subtrees that make up leaves `[start, end)`, left to right."""
    found = []
    while start < end:
        height = (start & -start).bit_length() - 1 if start else end.bit_length()
        while (1 << height) > end - start:
            height -= 1
        found.append((height, start >> height))
        start += 1 << height
    return found


def _span(start: int, end: int, node: Node) -> bytes:
    return fold([node(h, i) for h, i in subtrees(start, end)])


def root(size: int, node: Node) -> bytes:
    """Return the root of a tree of `size` leaves."""
    return _span(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """Return the proof that leaf `index` is in the tree of `size` leaves (RFC 9162 §2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    start, end, proof = 0, size, []
    while end - start > 1:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if index < middle:
            proof.append(_span(middle, end, node))
            end = middle
        else:
            proof.append(_span(start, middle, node))
            start = middle
    return tuple(reversed(proof))


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Iterable[bytes]) -> bytes:
    """Return the root that a proof leads to (RFC 9162 §2.1.3.2); raises ValueError when its length is wrong."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    here, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if here & 1 or here == last:
            result = node_hash(sibling, result)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        here, last = here >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return result


def consistency_proof(old: int, new: int, node: Node) -> tuple[bytes, ...]:
    """Return the proof that the tree of `old` leaves is the beginning of that of `new` (RFC 9162 §2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} cannot be the beginning of one of {new}")
    start, end, proof, whole = 0, new, [], True
    while old != end:
        middle = start + (1 << ((end - start - 1).bit_length() - 1))
        if old <= middle:
            proof.append(_span(middle, end, node))
            end = middle
        else:
            proof.append(_span(start, middle, node))
            start, whole = middle, False
    if not whole:
        proof.append(_span(start, end, node))
    return tuple(reversed(proof))


def is_consistent(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether a proof shows that the older tree is the beginning of the newer one (RFC 9162 §2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    here, last = old - 1, new - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        here, last = here >> 1, last >> 1
    return first == old_root and second == new_root and last == 0
