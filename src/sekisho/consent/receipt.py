"""Consent receipts: one decision as its person may keep it, signed, checked offline. Pure.

The shape is the DPV profile (JSON-LD) of ISO/IEC TS 27560:2023. A receipt names nobody: its data subject is a digest
that only the books can follow, another one in each receipt. What the policy does not say is not in it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sekisho.consent.facts import Decision, Fact
from sekisho.evidence.note import Key, Signer
from sekisho.ground import canon
from sekisho.ground.errors import BadInput
from sekisho.policy.model import Action, Policy, Promise, Purpose, covers

CONFORMS = "https://w3id.org/dpv/schema/dpv-27560#receipt"
"""The one profile that these receipts follow."""
CONTEXT: Mapping[str, str] = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "loc": "https://w3id.org/dpv/loc#",
    "pd": "https://w3id.org/dpv/pd#",
    "sekisho": "urn:sekisho:",
}
STATES: Mapping[Decision, str] = {
    Decision.GIVE: "dpv:ConsentGiven",
    Decision.REFUSE: "dpv:ConsentRefused",
    Decision.WITHDRAW: "dpv:ConsentWithdrawn",
    Decision.OBJECT: "sekisho:Objected",
    Decision.EXPIRE: "dpv:ConsentExpired",
}
PROCESSING: Mapping[Action, str] = {
    Action.READ: "dpv:Use",
    Action.CREATE: "dpv:Store",
    Action.UPDATE: "dpv:Transform",
    Action.DELETE: "dpv:Remove",
}
SEAL = b"sekisho consent receipt 1\n"
"""What is signed begins with this, so that no signature over something else passes for one over a receipt."""


def record_id(number: int, fact: Fact) -> str:
    """Return the name of a fact in the ledger: a digest that its random person id keeps from being guessed."""
    return canon.digest(["consent-fact", number, fact.person, fact.at.isoformat()])


def receipt(number: int, fact: Fact, policy: Policy) -> dict[str, object]:
    """Return the receipt of a fact, with what the policy of its version says; raises BadInput for another version."""
    purpose = policy.purpose(fact.purpose)
    if policy.version.isoformat() != fact.version or purpose is None:
        raise BadInput(
            f"what version {fact.version} said of `{fact.purpose}` is not kept here",
            help="publish each version (`sekisho policy publish`) before people decide on it",
        )
    record = record_id(number, fact)
    own = canon.digest(["consent-receipt", record])[:32]
    return {
        "@context": dict(CONTEXT),
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": CONFORMS,
        "dct:identifier": own,
        "dct:created": fact.at.isoformat(),
        "dct:language": fact.language,
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": _subject(own, fact.person)},
        "dpv:hasRecordOfActivity": {"@type": "dpv:ConsentRecord", "dct:identifier": record},
        "dpv:hasApplicableLaw": list(policy.law),
        "dpv:hasJurisdiction": [f"loc:{law[:2].upper()}" for law in policy.law],
        "dpv:hasEntity": _controller(policy),
        "dpv:hasProcess": [_process(fact, purpose, policy)],
    }


def _subject(receipt_id: str, person: str) -> str:
    return canon.digest(["consent-receipt-subject", receipt_id, person])[:32]


def is_of(document: Mapping[str, object], person: str) -> bool:
    """Say whether a receipt is about the person of that id."""
    try:
        subject = msgspec.convert(document.get("dpv:hasDataSubject"), dict[str, str])
    except msgspec.ValidationError:
        return False
    return subject.get("dct:identifier") == _subject(str(document.get("dct:identifier")), person)


def _controller(policy: Policy) -> dict[str, object]:
    words = policy.controller
    named = {"dpv:hasName": "name", "dpv:hasAddress": "address", "dpv:hasRepresentative": "representative"}
    found: dict[str, object] = {"@type": "dpv:DataController"}
    found.update({key: words[word] for key, word in named.items() if words.get(word)})
    return found | {"dpv:hasContact": _contact(policy)}


def _contact(policy: Policy) -> list[str]:
    ways = [p.fields.get(w) for p in policy.promises if p.kind == "contact" for w in ("email", "phone", "address")]
    ways += [policy.controller.get(w) for w in ("email", "phone", "address")]
    return list(dict.fromkeys(str(w) for w in ways if w))


def _process(fact: Fact, purpose: Purpose, policy: Policy) -> dict[str, object]:
    kept = purpose.keep.text if purpose.keep is not None else ""
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@type": purpose.dpv or "dpv:Purpose", "dct:identifier": f"{purpose.name}#{purpose.number}"},
        "dpv:hasPersonalData": [_category(name, policy) for name in purpose.uses],
        "dpv:hasProcessing": [PROCESSING[action] for action in purpose.may],
        "dpv:hasDataController": policy.controller.get("name", ""),
        "dpv:hasRecipient": [_recipient(p) for p in _recipients(purpose, policy.promises)],
        "dpv:hasStorageCondition": {"@type": "dpv:StorageCondition", "dpv:hasDuration": kept or "not stated"},
        "dpv:hasLegalBasis": _basis(purpose),
        "dpv:hasConsentControl": [{"@type": "dpv:WithdrawConsent", "dpv:hasContact": _contact(policy)}],
        "dpv:hasConsentStatus": [_status(fact, kept, policy)],
    }


def _category(name: str, policy: Policy) -> dict[str, object]:
    known = next((c for c in policy.categories if c.name == name), None)
    found: dict[str, object] = {"@type": (known.dpv if known else "") or "dpv:PersonalData", "dct:identifier": name}
    return found | ({"dpv:hasSensitivityLevel": "sekisho:special-care"} if known is not None and known.special else {})


def _basis(purpose: Purpose) -> dict[str, object]:
    kind = "dpv:Consent" if purpose.because.opt_in else "dpv:LegalBasis"
    word = f"{purpose.because.word}: {purpose.because.detail}" if purpose.because.detail else purpose.because.word
    return {"@type": kind, "dct:identifier": word}


def _recipients(purpose: Purpose, promises: Iterable[Promise]) -> Iterable[Promise]:
    for promise in promises:
        if promise.kind == "entrust" and purpose.name in _words(promise, "for"):
            yield promise
        if promise.kind == "disclose":
            of, uses = _words(promise, "of"), _words(promise, "uses")
            theirs = not of or set(of) & set(purpose.of)
            same = not uses or any(covers(uses, c) or covers(purpose.uses, c) for c in (*purpose.uses, *uses))
            if theirs and same:
                yield promise


def _words(promise: Promise, field: str) -> tuple[str, ...]:
    value = promise.fields.get(field, ())
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _recipient(promise: Promise) -> dict[str, object]:
    kind = "dpv:DataProcessor" if promise.kind == "entrust" else "dpv:ThirdParty"
    found: dict[str, object] = {"@type": kind, "dpv:hasName": str(promise.fields.get("to") or promise.name)}
    country = promise.fields.get("country")
    return found | ({"dpv:hasCountry": f"loc:{country}"} if country else {})


def _status(fact: Fact, kept: str, policy: Policy) -> dict[str, object]:
    purpose = policy.purpose(fact.purpose)
    clause = policy.clause(purpose.clause) if purpose is not None else None
    words = clause.prose.get(fact.language, "") if clause is not None else ""
    notice: dict[str, object] = {
        "@type": "dpv:ConsentNotice",
        "dct:identifier": purpose.clause if purpose is not None else "",
        "dct:hasVersion": fact.version,
        "dct:language": fact.language,
        "sekisho:sha256": fact.text,
    }
    if canon.text_digest(words) == fact.text:
        notice["dct:description"] = words
    return {
        "@type": STATES[fact.decision],
        "dpv:isIndicatedAtTime": fact.at.isoformat(),
        "dpv:isIndicatedBy": "dpv:DataSubject" if fact.by == "self" else "dpv:GuardianOfDataSubject",
        "dpv:hasIndicationMethod": fact.method,
        "dpv:hasDuration": kept or "until withdrawn",
        "dpv:hasNotice": notice,
    }


class _Signed(msgspec.Struct, forbid_unknown_fields=True):
    receipt: dict[str, object]
    key: str
    signature: str


def sign(document: Mapping[str, object], signer: Signer) -> dict[str, object]:
    """Return a receipt with its Ed25519 signature and the name of the key that made it."""
    raw = Ed25519PrivateKey.from_private_bytes(signer.secret).sign(SEAL + canon.encode(document))
    return {"receipt": dict(document), "key": signer.key.text, "signature": base64.b64encode(raw).decode()}


def verify(signed: object, key: Key, words: str | None = None) -> str:
    """Return why a signed receipt does not hold, or an empty text; with words, they must be those that were shown.

    The key is the one that the verifier brings; the one that is written in the receipt proves nothing.
    """
    try:
        found = msgspec.convert(signed, _Signed)
        raw = base64.b64decode(found.signature, validate=True)
        content = SEAL + canon.encode(found.receipt)
    except (ValueError, TypeError) as error:
        return f"this is not a consent receipt: {error}"
    if found.receipt.get("dct:conformsTo") != CONFORMS:
        return "this is not a consent receipt: it follows another profile"
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw, content)
    except (InvalidSignature, ValueError):
        return "it is not signed with this key, or was changed"
    if words is not None and canon.text_digest(words) != digest_of(found.receipt):
        return "these are not the words that were shown"
    return ""


class _Notice(msgspec.Struct):
    text: str = msgspec.field(name="sekisho:sha256")


class _Status(msgspec.Struct):
    notice: _Notice = msgspec.field(name="dpv:hasNotice")


class _Process(msgspec.Struct):
    status: list[_Status] = msgspec.field(name="dpv:hasConsentStatus")


class _Whole(msgspec.Struct):
    process: list[_Process] = msgspec.field(name="dpv:hasProcess")


def digest_of(document: Mapping[str, object]) -> str:
    """Return the digest of the words that a receipt names, empty where it names none."""
    try:
        return msgspec.convert(document, _Whole).process[0].status[0].notice.text
    except (msgspec.ValidationError, IndexError):
        return ""
