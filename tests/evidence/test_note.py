"""Signed notes: what is signed verifies, what is bent does not."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.evidence import note as notes
from sekisho.ground.errors import BadInput

pytestmark = pytest.mark.unit

SIGNER = notes.Signer("example.org/log", bytes(range(32)))
WITNESS = notes.Signer("auditor", bytes(range(1, 33)), notes.COSIGNATURE)
POINT = notes.Checkpoint("example.org/log", 42, b"r" * 32)


def test_the_published_example_of_a_verifier_key_reads() -> None:
    key = notes.Key.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = (
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJn"
        "AM=\n"
    )
    assert notes.verify(text, key) == 0
    assert notes.verify(text.replace("answer", "Answer"), key) is None


def test_a_checkpoint_carries_the_signatures_of_log_and_cosigner() -> None:
    text = notes.signed(POINT.text, SIGNER.sign(POINT.text), WITNESS.sign(POINT.text, 1_700_000_000))
    assert notes.Checkpoint.parse(text) == POINT
    assert notes.verify(text, notes.Key.parse(SIGNER.key.text)) == 0
    assert notes.verify(text, WITNESS.key) == 1_700_000_000
    assert notes.verify(text, notes.Signer("auditor", b"z" * 32, notes.COSIGNATURE).key) is None


@given(st.data())
def test_one_changed_character_is_found(data: st.DataObject) -> None:
    text = notes.signed(POINT.text, SIGNER.sign(POINT.text))
    at = data.draw(st.integers(0, len(POINT.text) - 1))
    bent = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
    assert notes.verify(bent, SIGNER.key) is None


@given(st.text())
def test_reading_never_fails_but_as_bad_input(text: str) -> None:
    for read in (notes.Checkpoint.parse, notes.Key.parse):
        with suppress(BadInput):
            read(text)
    notes.verify(text, SIGNER.key)
