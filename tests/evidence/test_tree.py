"""The tree agrees with the published vectors of RFC 6962 implementations and with an independent one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

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


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40))
def test_an_independent_tree_has_the_same_root(contents: list[bytes]) -> None:
    theirs = InmemoryTree(algorithm="sha256")
    for content in contents:
        theirs.append_entry(content)
    assert theirs.get_root() == grown(contents)[0].root()
