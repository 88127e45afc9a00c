"""The tree agrees with the published vectors of RFC 6962 implementations and with an independent one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from sekisho.evidence import tree

pytestmark = pytest.mark.unit

LEAVES = [
    bytes.fromhex(h)
    for h in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def grown(contents: list[bytes]) -> tuple[tree.Range, tree.Node]:
    hashes = [tree.leaf_hash(c) for c in contents]
    edge = tree.Range()
    for h in hashes:
        edge.append(h)
    return edge, lambda height, index: tree.perfect(hashes[index << height : (index + 1) << height])


@pytest.mark.parametrize("size", range(9))
def test_published_roots(size: int) -> None:
    edge, node = grown(LEAVES[:size])
    assert edge.root().hex() == ROOTS[size] == tree.root(size, node).hex()


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70), st.data())
def test_inclusion_proofs_hold_and_nothing_else_does(contents: list[bytes], data: st.DataObject) -> None:
    edge, node = grown(contents)
    size = len(contents)
    index = data.draw(st.integers(0, size - 1))
    leaf, proof = tree.leaf_hash(contents[index]), tree.inclusion_proof(index, size, node)
    assert tree.root_from_inclusion(index, size, leaf, proof) == edge.root()
    assert tree.root_from_inclusion(index, size, tree.leaf_hash(b"other" + contents[index]), proof) != edge.root()
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:at], bytes([proof[at][0] ^ 1]) + proof[at][1:], *proof[at + 1 :]]
        assert tree.root_from_inclusion(index, size, leaf, bent) != edge.root()
        with pytest.raises(ValueError, match="short"):
            tree.root_from_inclusion(index, size, leaf, proof[:-1])
    with pytest.raises(ValueError, match="long"):
        tree.root_from_inclusion(index, size, leaf, [*proof, b"\0" * 32])


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70), st.data())
def test_consistency_proofs_hold_and_nothing_else_does(contents: list[bytes], data: st.DataObject) -> None:
    new, old = len(contents), data.draw(st.integers(1, len(contents)))
    edge, node = grown(contents)
    old_root = tree.root(old, node)
    proof = tree.consistency_proof(old, new, node)
    assert tree.is_consistent(old, old_root, new, edge.root(), proof)
    other = grown([b"x" + contents[0], *contents[1:old]])[0].root()
    assert not tree.is_consistent(old, other, new, edge.root(), proof)
    assert not tree.is_consistent(old, old_root, new, edge.root(), [*proof, b"\0" * 32])


A, B, C = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)
D, E, F = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
)


@pytest.mark.parametrize(
    ("index", "size", "proof"),
    [
        (0, 1, []),
        (0, 8, [A, B, C]),
        (5, 8, [D, F, ROOTS[4]]),
        (2, 3, [ROOTS[2]]),
        (1, 5, [ROOTS[1], B, D]),
    ],
)
def test_published_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    edge, node = grown(LEAVES[:size])
    found = tree.inclusion_proof(index, size, node)
    assert [h.hex() for h in found] == proof
    assert tree.root_from_inclusion(index, size, tree.leaf_hash(LEAVES[index]), found) == edge.root()


@pytest.mark.parametrize(
    ("old", "new", "proof"), [(1, 1, []), (1, 8, [A, B, C]), (6, 8, [E, F, ROOTS[4]]), (2, 5, [B, D])]
)
def test_published_consistency_proofs(old: int, new: int, proof: list[str]) -> None:
    _, node = grown(LEAVES)
    found = tree.consistency_proof(old, new, node)
    assert [h.hex() for h in found] == proof
    assert tree.is_consistent(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), found)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40), st.data())
def test_an_independent_tree_gives_the_same_proofs(contents: list[bytes], data: st.DataObject) -> None:
    theirs = InmemoryTree(algorithm="sha256")
    for content in contents:
        theirs.append_entry(content)
    edge, node = grown(contents)
    size = len(contents)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    leaf, ours = tree.leaf_hash(contents[index]), tree.inclusion_proof(index, size, node)
    path = theirs.prove_inclusion(index + 1, size)
    assert path.serialize()["path"] == [leaf.hex(), *(h.hex() for h in ours)]
    verify_inclusion(leaf, edge.root(), path)
    old_root, joined = tree.root(old, node), theirs.prove_consistency(old, size)
    verify_consistency(old_root, edge.root(), joined)
    assert tree.is_consistent(old, old_root, size, edge.root(), tree.consistency_proof(old, size, node))


@given(st.integers(0, 2**40), st.integers(0, 2**12))
def test_subtrees_cover_a_range_once_from_left_to_right(start: int, length: int) -> None:
    at = start
    for height, index in tree.subtrees(start, start + length):
        assert index << height == at
        at += 1 << height
    assert at == start + length


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_trees_that_cannot_follow_each_other_are_refused(old: int, new: int) -> None:
    _, node = grown(LEAVES)
    with pytest.raises(ValueError, match="cannot be the beginning"):
        tree.consistency_proof(old, new, node)
    assert not tree.is_consistent(old, tree.EMPTY_ROOT, new, tree.EMPTY_ROOT, [])
    with pytest.raises(ValueError, match="not in a tree"):
        tree.inclusion_proof(new, new, node)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40))
def test_an_independent_tree_has_the_same_root(contents: list[bytes]) -> None:
    theirs = InmemoryTree(algorithm="sha256")
    for content in contents:
        theirs.append_entry(content)
    assert theirs.get_root() == grown(contents)[0].root()
