"""The closed vocabulary: one word for one thing, each with a sentence and where the word comes from.

Law and standards come first: W3C DPV (`dpv:`), the APPI, RFCs and C2SP give the words they have; what they lack is
`ours`. `INSTEAD` names the words that look right and are not, with the word to write. Pure data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OURS = "ours"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the house: what it means in one sentence, and its source."""

    word: str
    says: str
    source: str = OURS


@dataclass(frozen=True, slots=True)
class Wrong:
    """A phrase that is not written here, the word to write, and why."""

    phrase: str
    right: str
    why: str


ROOMS: Mapping[str, tuple[Word, ...]] = {
    "People and law": (
        Word("data subject", "a living person whose personal data we hold; `person` for short", "dpv:DataSubject"),
        Word("class of people", "a kind of data subject that a policy names, such as `customer`"),
        Word("personal data", "what tells something about a data subject", "dpv:PersonalData; APPI 2(1), 16(3)"),
        Word(
            "category",
            "a kind of personal data, dotted (`contact.email`); a category covers all below it",
            "dpv:PersonalData",
        ),
        Word("special care", "a category that the law protects more (`special: yes`)", "APPI 2(3)"),
        Word(
            "controller",
            "the business that decides what data is used for, and answers for it",
            "dpv:DataController; APPI 16(2)",
        ),
        Word(
            "processor",
            "a business that handles data for the controller, as far as a purpose needs (`entrust`)",
            "dpv:DataProcessor; APPI 25",
        ),
        Word(
            "third-party provision",
            "handing personal data to somebody who is neither the person nor a processor (`disclose`)",
            "APPI 27; dpv:ThirdParty",
        ),
        Word(
            "purpose",
            "what data is used for, told to people beforehand; every reading is for exactly one",
            "dpv:Purpose; APPI 17",
        ),
        Word("ground", "why a use is allowed, in the words of the law profile (`because:`)", "dpv:LegalBasis"),
        Word(
            "consent",
            "a person's yes, given before, to one purpose on the text that was shown",
            "dpv:Consent; APPI 18, 20(2), 27, 28",
        ),
        Word("decision", "what a person decided about a purpose: give, refuse, withdraw, object, or that it expired"),
        Word(
            "consent fact",
            "a decision in the ledger: who, which purpose, which text, when; never changed, only followed",
        ),
        Word(
            "consent receipt", "one decision, signed, as its person may keep it; it names nobody", "dpv:ConsentReceipt"
        ),
        Word("idempotency key", "what makes a request count once, however often it is sent"),
        Word("client", "an application that may record decisions, known by its key"),
        Word("follower", "what carries decisions from the books into stores and log while doors take them"),
        Word("opt-in purpose", "a purpose that nobody stands for before they said yes"),
        Word("guardian", "who decides for a minor", "APPI guideline 2-16"),
        Word("minor", "a person whose age band reaches below the age in the policy's `minors` promise"),
        Word("age band", "all we keep of an age: a range of whole years (`10-12`, `18+`)"),
        Word("right", "a request that a person can make (`right: disclosure`)", "dpv:Right; APPI 32 to 35"),
        Word(
            "law profile",
            "one law as data: its grounds and duties, each with article, status and how far it was verified",
        ),
        Word("duty", "something the law says a policy must contain"),
    ),
    "The policy": (
        Word("policy", "the text that people read and the engine runs; a Markdown file and its translations"),
        Word("clause", "a heading or list item with an id that is stable for ever (`{#shipping}`)"),
        Word("promise", "one typed rule under a clause; its first key names its kind"),
        Word("prose", "the text of a clause; a clause without a promise is prose only"),
        Word("anchor", "the moment from which a retention is counted, such as `last order`; the map says where it is"),
        Word(
            "lock",
            "the file that numbers purposes once and for ever, and remembers what each translation was made from",
        ),
        Word("widened", "a purpose that goes beyond what was approved under its number; it gets a new one"),
        Word("narrowed", "a purpose that does less than before"),
        Word("coverage", "for each clause, how it is kept"),
        Word("enforced", "coverage: applied in a named store, and the last live check was green"),
        Word("compiled, not applied", "coverage: rules exist, the store does not have them yet"),
        Word("kept by people", "coverage: a procedure with an owner, its review not overdue"),
        Word("no keeper", "coverage: this version cannot keep the promise yet"),
        Word("broken", "coverage: a check failed, or a review is overdue"),
        Word("channel", "a way in which data comes in, declared by a `collect` promise"),
        Word("notice", "the policy as people read it, each clause with how it is kept", "dpv:PrivacyNotice"),
        Word("release", "a version of the policy with its date, signatory and content hash, signed"),
        Word("diagnostic", "one thing to say about a text: code, message, underlined place, remedy"),
    ),
    "The map": (
        Word("store", "a database of the company that is, or will be, under the gate"),
        Word(
            "data map",
            "where personal data lives in one store, of which category, and whose each row is; `map` for short",
        ),
        Word("owner", "the row to whose person this row belongs, by a link"),
        Word("link", "columns of a row that equal the key of its owner's row"),
        Word("plain", "a mapped column that is neither part of a key or link nor personal"),
        Word("unmapped", "a column of the database that the map does not know; no purpose sees it"),
        Word("login", "a database login that the map names, with the purposes it may state"),
        Word("ceiling", "the purposes that permits of a login may name"),
        Word(
            "role-bound purpose", "the one purpose that a service's login holds by its role, without permits (`bound:`)"
        ),
        Word("backup login", "a login that reads everything, declared as such and listed as a hole"),
    ),
    "The gate": (
        Word("gate", "what stands inside the database: no pass, no passage"),
        Word("ask", "what somebody states at the gate: login, purpose, actor, reason"),
        Word("verdict", "yes or no, with the clause that says so"),
        Word("refusal", "a no: it names the clause and is witnessed"),
        Word("permit", "who, which purpose, why, from and until; signed, witnessed before it can be used"),
        Word("token", "the written form of a permit, shown once and kept nowhere"),
        Word("transaction permit", "a permit of scope `transaction`: entered again in each transaction"),
        Word("session permit", "a permit of scope `session`: entered once, until disconnect or reset"),
        Word("passage", "an open way through the gate under one permit"),
        Word("standing", "whether a person's rows may be seen for a purpose; one bit a purpose in a mask on the row"),
        Word("mask", "the standing of a row, 64 bits in the column `sekisho_standing`"),
        Word("withheld", "a column of a table that the purpose may not use: a typed NULL, or absent"),
        Word("open table", "a table without personal data (`personal: false`); every purpose reads it"),
        Word("plan", "what will be done to a store, section by section, each with its way back; run by its digest"),
        Word(
            "keeper", "the part of the running service that does each minute what must be done, and says what it cannot"
        ),
        Word("lease", "until when opt-in purposes are open in a store; it lapses unless renewed each minute"),
        Word("epoch", "a store's counter; a permit of another epoch is void"),
        Word("drift", "a store that is not as it was applied"),
        Word(
            "hole",
            "a way by which personal columns can be read without stating a purpose: what, who has it, the remedy",
        ),
        Word("projection", "bringing people's standing into a store"),
        Word("service file", "what an application needs to pass by itself: a login's key, its purposes; a secret"),
        Word("strict", "a client's mode: a reading is durable before its rows are handed over"),
        Word("batched", "a client's mode: readings are durable after a stated delay or number"),
        Word("actor", "who acts: a person at a terminal or a service, in evidence by handle"),
        Word("reserved purpose", "a purpose that every policy has, with a fixed number"),
        Word("ask-consent", "reserved: to ask people for consent; sees how to address and reach them, nothing else"),
        Word("answer-requests", "reserved: to answer the request of one person; sees that person only"),
        Word("comply-with-law", "reserved: what the law orders"),
        Word("warn-people", "reserved: to warn people after an incident; sees how to address and reach them"),
        Word("migration", "reserved: changing the schema of governed tables"),
    ),
    "Evidence": (
        Word("evidence log", "the append-only log of facts without personal data; `log` for short", "RFC 9162"),
        Word("entry", "one fact in the log, of a kind from a closed list"),
        Word("leaf", "what the log commits to: a salted hash of an entry's private body", "RFC 9162 2.1"),
        Word("body", "the private bytes of an entry; it can be dropped without breaking a proof"),
        Word("handle", "a random name for a person or an actor, 128 bits; forgotten at erasure"),
        Word("witness", "to make a fact durable in evidence before anything is given"),
        Word("witness grade", "how finely a reading is recorded: named, scope or aggregate"),
        Word("named", "grade: the entry holds the handles of the people in the result"),
        Word("scope", "grade: the entry holds table and statement; who stood for the purpose may have been read"),
        Word("aggregate", "grade: readings are only counted"),
        Word("checkpoint", "the log's size and root, signed", "C2SP tlog-checkpoint"),
        Word("inclusion proof", "what shows that an entry is in the log", "RFC 9162 2.1.3"),
        Word("consistency proof", "what shows that a log extends what it was", "RFC 9162 2.1.4"),
        Word("receipt", "an entry, its inclusion proof and a checkpoint; verifies offline"),
        Word(
            "cosigner",
            "an outsider that keeps its own last checkpoint and refuses a log that does not extend it",
            "C2SP tlog-cosignature",
        ),
        Word("manifest", "what a backup says of itself: which thing, of when, and the digest of every file"),
        Word("drill", "practising a loss: everything is backed up, restored beside itself and measured"),
        Word("verifier key", "the text by which signatures of a log or a cosigner are checked", "C2SP signed-note"),
    ),
    "The vault": (
        Word("vault", "sealed records of people that came in and have no home in a store"),
        Word("sealed", "encrypted under a person's data key, bound to the place where it lies"),
        Word("sensitivity class", "what is sealed together: `ordinary`, or `special` for what the law protects more"),
        Word("key store", "the file of the keys of people, outside every store, its backups and its replicas"),
        Word("data key", "the key of one person, under which their records are sealed; destroyed to erase them"),
        Word("wrapping key", "a key that wraps data keys; a new one each horizon, the old one destroyed"),
        Word("master key", "the key that wraps wrapping keys; in the environment or in a file of its own"),
        Word("horizon", "how long backups of keys are kept: until then an erased key may still be in one"),
        Word("blind index", "a keyed digest of an identifier, by which it is looked up and not read"),
        Word("identifier", "what a person is looked up by: e-mail address, telephone number, customer number"),
        Word("erasure register", "keyed digests of who was erased; keeps restored keys and late imports out"),
    ),
    "Messages": (
        Word("message", "what is sent to one person by mail: a code or a link, and nothing about anybody"),
        Word("one-time code", "eight digits that a person types, for minutes and few tries"),
        Word("one-time link", "an address that can be used once; only the button on its page uses it"),
        Word("do-not-contact list", "who does not want messages for a purpose, by keyed digests of addresses"),
        Word("suppressed", "not sent, because of the do-not-contact list or of standing"),
    ),
    "Taken for what is to come; nothing in this version does it": (
        Word("attestor", "a person who signs that a task done by hand was done"),
        Word("certificate", "what states the outcome of a case, layer by layer, signed"),
        Word("contact route", "an address of a person at which they agreed to be reached"),
        Word("identity evidence", "what shows that a person is who they say"),
        Word("intake", "where reports from shipped software come in"),
        Word("provision record", "what the law asks to be written down of a third-party provision", "APPI 29, 30"),
        Word("reception", "where requests of people come in"),
        Word("records", "the tables of the staff's desk, as ledgers are those of the gate"),
        Word("step record", "what one step of a case left behind"),
    ),
    "The house": (
        Word("books", "our own tables: people, consent, evidence, keys; never a company's store"),
        Word("ledger", "one of the books"),
        Word("floor", "a layer of the code; imports go down only"),
        Word("room", "a package on a floor; rooms side by side do not see each other"),
        Word("door", "a way in for people: the command line, the pages"),
        Word("port", "what a room needs from above, as a protocol; adapters implement it"),
    ),
}
"""Room → its words, in the order in which one learns them."""

INSTEAD: tuple[Wrong, ...] = (
    Wrong("user", "data subject, person, or actor", "it does not say which of them is meant"),
    Wrong("end user", "data subject", "it does not say whose data is meant"),
    Wrong("GDPR subject", "data subject", "the word is the same under every law"),
    Wrong("data owner", "data subject", "nobody owns personal data; rows have owners, people have rights"),
    Wrong("PII", "personal data", "a term of another law"),
    Wrong("personally identifiable information", "personal data", "a term of another law"),
    Wrong("sensitive data", "special care", "say which law protects it, and how"),
    Wrong("data type", "category", "a column has a type, personal data has a category"),
    Wrong("data inventory", "data map", "an `Inventory` is what a live database shows"),
    Wrong("data sharing", "third-party provision", "sharing hides who gives to whom"),
    Wrong("legal basis", "ground", "one word for one thing; `dpv:LegalBasis` is its source"),
    Wrong("revoke consent", "withdraw consent", "privileges are revoked, consent is withdrawn"),
    Wrong("grant consent", "give consent", "privileges are granted, consent is given"),
    Wrong("consent record", "consent fact", "a fact is never changed, only followed"),
    Wrong("consent status", "standing", "standing also knows age, class and objection"),
    Wrong("access token", "permit", "a token is only the written form of a permit"),
    Wrong("permit token", "token", "there is no other token"),
    Wrong("built-in purpose", "reserved purpose", "they are reserved by number, not built in by chance"),
    Wrong("role-based purpose", "role-bound purpose", "the purpose is bound, the role carries it"),
    Wrong("audit log", "evidence log", "it proves; it is not only looked at"),
    Wrong("audit trail", "evidence log", "it proves; it is not only looked at"),
    Wrong("log record", "entry", "one word for one thing"),
    Wrong("co-signer", "cosigner", "as C2SP spells it"),
    Wrong("outside witness", "cosigner", "the gate witnesses, an outsider cosigns"),
    Wrong("tree head", "checkpoint", "as C2SP names it"),
    Wrong("merkle proof", "inclusion proof or consistency proof", "say which"),
    Wrong("proof of inclusion", "inclusion proof", "as RFC 9162 names it"),
    Wrong("backdoor", "hole", "most of them are honest privileges"),
    Wrong("schema drift", "unmapped column, or drift", "a map misses columns, a gate drifts"),
    Wrong("unprotected column", "unmapped column", "no purpose sees it: it is not unprotected"),
    Wrong("pseudonym", "handle", "pseudonymised information is a term of the law with other duties (APPI 41)"),
)
"""Phrases that are not written in code or docs; a test looks for them."""


def words() -> tuple[Word, ...]:
    """Return every word, room by room."""
    return tuple(w for room in ROOMS.values() for w in room)


def word(name: str) -> Word | None:
    """Return the word of that name, or None where it is not a word of the house."""
    return next((w for w in words() if w.word == name), None)


def reference() -> str:
    """Return the reference page of the vocabulary as Markdown."""
    lines = ["# Words", "", "One word for one thing. What law and standards name keeps their name."]
    for room, its in ROOMS.items():
        lines += ["", f"## {room}", "", "| word | means | source |", "|---|---|---|"]
        lines += [f"| **{w.word}** | {w.says} | {w.source} |" for w in its]
    lines += ["", "## Not these", "", "| not | but | why |", "|---|---|---|"]
    lines += [f"| {w.phrase} | {w.right} | {w.why} |" for w in INSTEAD]
    return "\n".join([*lines, ""])
