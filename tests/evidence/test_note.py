"""Signed notes: what is signed verifies, what is bent does not."""

from __future__ import annotations

import base64
import hashlib
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from sekisho.evidence import note as notes
from sekisho.evidence.cosigner import Seen, cosign, witnessed
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


def test_a_published_checkpoint_of_a_running_log_verifies() -> None:
    key = notes.Key.parse("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8")
    text = (
        "go.sum database tree\n6476701\nmb8QLQIs0Z0yP5Cstq6guj87oXWeC9gEM8oVikmm9Wk=\n\n"
        "\u2014 sum.golang.org Az3grsLX85Gz+s1SiTbgkuqxgItqFq7gsMUEyVnrsa9LM7Us9S+1xbFIGu95949rj4nPRYfvimWEPWL+o3GeoWw"
        "OoAw=\n"
    )
    assert notes.verify(text, key) == 0
    assert notes.Checkpoint.parse(text).size == 6476701
    assert notes.verify(text.replace("6476701", "6476702"), key) is None


def test_the_published_cosignature_is_taken_apart_as_its_specification_says() -> None:
    """The example of C2SP tlog-cosignature: key id, then the instant in eight bytes, then the signature."""
    blob = base64.b64decode(
        "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="
    )
    assert (len(blob), int.from_bytes(blob[4:12], "big")) == (4 + 8 + 64, 1679315147)
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    line = WITNESS.sign(text, 1679315147)
    ours = base64.b64decode(line.split(" ")[2])
    assert (len(ours), ours[4:12]) == (len(blob), blob[4:12])
    message = b"cosignature/v1\ntime 1679315147\n" + text.encode()
    Ed25519PublicKey.from_public_bytes(WITNESS.key.public).verify(ours[12:], message)
    assert ours[:4] == hashlib.sha256(b"auditor\n\x04" + WITNESS.key.public).digest()[:4]


def test_extensions_of_a_checkpoint_are_cosigned_with_it() -> None:
    text = POINT.text + "extension one\n"
    note = notes.signed(text, SIGNER.sign(text))
    _, cosigned = cosign(Seen(POINT.origin), note, SIGNER.key, (), WITNESS, 1_700_000_000)
    assert notes.verify(cosigned, WITNESS.key) == 1_700_000_000
    assert notes.verify(cosigned.replace("extension one", "extension two"), WITNESS.key) is None


@pytest.mark.parametrize("name", ["", "My Shop/evidence", "a+b", "line\nbreak", "wide\u3000space", "tab\tbed"])
def test_a_name_that_no_note_can_hold_is_refused_before_it_signs(name: str) -> None:
    with pytest.raises(BadInput, match="cannot name a key"):
        notes.Signer(name, b"k" * 32)


@pytest.mark.parametrize(
    "text",
    [
        "o\n1\n",
        "o\n01\n" + "A" * 43 + "=\n",
        "o\n-1\n" + "A" * 43 + "=\n",
        "o\n\u0661\n" + "A" * 43 + "=\n",
        "o\n" + "9" * 5000 + "\n" + "A" * 43 + "=\n",
        "o\n1\n" + "A" * 40 + "\n",
        "o\n1\n" + "A" * 42 + "B=\n",
        "\n1\n" + "A" * 43 + "=\n",
    ],
)
def test_what_is_not_a_checkpoint_is_told(text: str) -> None:
    with pytest.raises(BadInput, match="not a checkpoint"):
        notes.Checkpoint.parse(text)


def test_several_checkpoints_lie_in_one_text() -> None:
    texts = [notes.signed(p.text, SIGNER.sign(p.text)) for p in (POINT, notes.Checkpoint("o", 7, b"s" * 32))]
    assert notes.several("\n".join(texts)) == texts
    assert notes.several("") == []
    with pytest.raises(BadInput, match="not checkpoints"):
        notes.several("\n".join(texts) + "\nmore")


def test_the_newest_cosigned_checkpoint_is_told_with_its_instant() -> None:
    other = notes.Signer("other", b"o" * 32, notes.COSIGNATURE)
    signed = []
    for size, signer, at in ((5, WITNESS, 100), (9, other, 300), (9, WITNESS, 200), (12, SIGNER, 0)):
        point = notes.Checkpoint("o", size, bytes([size]) * 32)
        signed.append(notes.signed(point.text, signer.sign(point.text, at)))
    found = witnessed(signed, [WITNESS.key, other.key, SIGNER.key])
    assert found is not None
    assert (found.cosigner.name, found.size, found.at) == ("other", 9, 300)
    alone = witnessed(signed, [WITNESS.key])
    assert alone is not None
    assert (alone.size, alone.at) == (9, 200)
    assert witnessed(signed, []) is None
    assert witnessed([], [WITNESS.key]) is None


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
    for read in (notes.Checkpoint.parse, notes.Key.parse, notes.split, notes.several):
        with suppress(BadInput):
            read(text)
    notes.verify(text, SIGNER.key)
