"""Sealing and wrapping: opened by the same key at the same place, and by nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.ground.errors import BadInput, Tampered
from sekisho.vault.seal import OVERHEAD, about, seal, unseal
from sekisho.vault.secret import Secret
from sekisho.vault.wrap import derive, fingerprint, of_person, of_wrapping, unwrap, wrap

pytestmark = pytest.mark.unit
KEY, OTHER = Secret(bytes(32)), Secret(bytes([1] * 32))
NONCE = bytes(12)


@given(st.binary(max_size=200), st.lists(st.one_of(st.text(), st.integers()), max_size=4))
def test_what_is_sealed_opens_at_its_place(plain: bytes, parts: list[str | int]) -> None:
    sealed = seal(KEY, plain, about(*parts), NONCE)
    assert len(sealed) == len(plain) + OVERHEAD
    assert unseal(KEY, sealed, about(*parts)) == plain
    with pytest.raises(Tampered):
        unseal(OTHER, sealed, about(*parts))
    with pytest.raises(Tampered):
        unseal(KEY, sealed, about(*parts, "more"))


@given(st.integers(0, 8 * (OVERHEAD + 5) - 1))
def test_every_bit_counts(bit: int) -> None:
    sealed = bytearray(seal(KEY, b"plain", b"place", NONCE))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Tampered) as wrong:
        unseal(KEY, bytes(sealed), b"place")
    assert wrong.value.__cause__ is None
    assert wrong.value.help


@pytest.mark.parametrize("cut", range(OVERHEAD))
def test_what_is_cut_off_is_told_as_such(cut: int) -> None:
    with pytest.raises(Tampered, match="cut off"):
        unseal(KEY, seal(KEY, b"", b"", NONCE)[:cut], b"")


def test_parts_of_a_place_do_not_run_into_each_other() -> None:
    assert about("ab", "c") != about("a", "bc")
    assert about("1:a1", "b") != about("1:a", "1b")


def test_it_is_the_cipher_that_others_have() -> None:
    """Test case 13 of the GCM specification (McGrew and Viega): a key of zeros, nothing sealed, its tag."""
    assert seal(KEY, b"", b"", NONCE)[13:].hex() == "530f8afbc74536b9a963b4f1c4cb738b"


def test_a_wrapped_key_is_one_persons_and_of_one_version() -> None:
    wrapped = wrap(KEY, OTHER, of_person("a" * 32, 1), NONCE)
    assert unwrap(KEY, wrapped, of_person("a" * 32, 1)).raw == OTHER.raw
    for place in (of_person("b" * 32, 1), of_person("a" * 32, 2), of_wrapping("a")):
        with pytest.raises(Tampered):
            unwrap(KEY, wrapped, place)


def test_what_is_derived_depends_on_key_and_name() -> None:
    found = {derive(k, n).raw for k in (KEY, OTHER) for n in ("blind", "erased")}
    assert len(found) == 4
    assert fingerprint(KEY) != fingerprint(OTHER)
    assert fingerprint(KEY) not in KEY.raw.hex()


def test_a_key_of_another_size_is_refused_without_showing_it() -> None:
    with pytest.raises(BadInput) as wrong:
        Secret(b"0123456789")
    assert "0123456789" not in f"{wrong.value}{wrong.value.help}"
    with pytest.raises(ValueError, match="12 bytes"):
        seal(KEY, b"", b"", b"short")


def test_a_key_is_not_changed() -> None:
    with pytest.raises(TypeError):
        KEY._raw = b"x"  # type: ignore[attr-defined]
    assert repr(KEY) == "Secret(…)"
