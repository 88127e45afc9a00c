"""The recorder: what passes the gate becomes entries of the evidence log, people as handles, reasons as digests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sekisho.adapters.ledgers.people import People
from sekisho.adapters.ledgers.reasons import Reasons
from sekisho.evidence.kinds import Entry, check
from sekisho.evidence.log import Log
from sekisho.gate.decide import Ask
from sekisho.gate.permit import digest
from sekisho.gate.session import Carried, Issued, Reading
from sekisho.ground import stamp
from sekisho.ground.errors import BadInput


class Recorder:
    """Implements the gate's witness over the log and the people's handles."""

    def __init__(
        self, log: Log, people: People, reasons: Reasons, clauses: Mapping[str, str], clock: stamp.Clock = stamp.now
    ) -> None:
        """Hold the log, the people, the words of reasons and purpose → clause."""
        self._log, self._people, self._reasons, self._clauses, self._clock = log, people, reasons, clauses, clock

    def permit_issued(self, issued: Issued, clause: str, reason: str) -> None:
        """Record a permit that a store without an outbox issued."""
        p = issued.permit
        self._reasons.keep(p.reason, p.nonce, reason)
        body = {
            "purpose": p.purpose,
            "actor": p.actor,
            "reason": p.reason,
            "digest": digest(issued.token).hex(),
            "scope": p.scope,
            "single": p.single,
            "not_before": p.not_before,
            "until": p.until,
        }
        self._log.append([self._permit(p.store, body, self._clock())])

    def _permit(self, store: str, body: Mapping[str, Any], at: datetime) -> Entry:
        return Entry(
            "permit-issued",
            at,
            {
                "store": store,
                "purpose": body["purpose"],
                "clause": self._clauses[body["purpose"]],
                "actor": body["actor"],
                "reason": body["reason"],
                "permit": body["digest"],
                "scope": body["scope"],
                "single": body["single"],
                "not_before": stamp.rfc3339(datetime.fromtimestamp(body["not_before"], UTC)),
                "until": stamp.rfc3339(datetime.fromtimestamp(body["until"], UTC)),
            },
        )

    def reading(self, readings: Sequence[Reading]) -> None:
        """Record readings; the people in them by handle, strangers to the ledger get one first."""
        pairs = [(r.store, pair) for r in readings for pair in r.keys]
        handles = self._handles(pairs)
        self._log.append(
            [
                Entry(
                    "reading",
                    r.at,
                    {
                        "store": r.store,
                        "purpose": r.purpose,
                        "clause": r.clause,
                        "grade": r.grade,
                        "statement": r.statement,
                        "rows": r.rows,
                        "people": sorted(handles[r.store, pair] for pair in r.keys),
                        "permit": r.permit,
                    },
                )
                for r in readings
            ]
        )

    def _handles(self, pairs: Sequence[tuple[str, tuple[str, str]]]) -> dict[tuple[str, tuple[str, str]], str]:
        found: dict[tuple[str, tuple[str, str]], str] = {}
        for store in {s for s, _ in pairs}:
            wanted = {pair for s, pair in pairs if s == store}
            known = self._people.handles(store, wanted)
            for subject in {c for c, k in wanted if (c, k) not in known}:
                self._people.register(store, subject, [k for c, k in wanted if c == subject and (c, k) not in known])
            known = self._people.handles(store, wanted) if len(known) < len(wanted) else known
            found.update({(store, pair): handle for pair, handle in known.items()})
        return found

    def carried(self, store: str, facts: Sequence[Carried]) -> None:
        """Record what a store witnessed by itself: permits, and the packed readings and refusals of services."""
        self._log.append([self._carried(store, fact) for fact in facts])

    def _carried(self, store: str, fact: Carried) -> Entry:
        """Return what a store says as an entry; what is malformed must not keep everything behind it from the log."""
        try:
            entry = self._told(store, fact)
            check(entry)
        except (KeyError, TypeError, ValueError, BadInput):
            return Entry("incident", fact.at, {"code": "malformed-witness", "store": store})
        return entry

    def _told(self, store: str, fact: Carried) -> Entry:
        if fact.kind == "permit-issued":
            self._reasons.keep(fact.body["reason"], fact.body["nonce"], fact.body["words"])
            return self._permit(store, fact.body, fact.at)
        purpose, data = fact.body["purpose"], fact.body["data"]
        clause = self._clauses.get(purpose, "")
        if fact.kind == "refusal":
            fields = {
                "store": store,
                "purpose": purpose,
                "clause": clause,
                "actor": data["actor"],
                "code": data["code"],
            }
            return Entry("refusal", fact.at, fields)
        handles = self._handles([(store, (c, k)) for one in data["keys"] for c, k in one])
        return Entry(
            "readings",
            fact.at,
            {
                "store": store,
                "purpose": purpose,
                "clause": clause,
                "grade": data["grade"],
                "statements": data["statements"],
                "which": data["which"],
                "rows": data["rows"],
                "people": [sorted(handles[store, (c, k)] for c, k in one) for one in data["keys"]],
                "actor": data["actor"],
                "permit": data["permit"],
                "since": data["since"],
            },
        )

    def refused(self, store: str, ask: Ask, code: str, clause: str) -> None:
        """Record a refusal; an unknown purpose is not repeated, since it is whatever somebody typed."""
        purpose = ask.purpose if ask.purpose in self._clauses else ""
        fields = {"store": store, "purpose": purpose, "clause": clause, "actor": ask.actor, "code": code}
        self._log.append([Entry("refusal", self._clock(), fields)])
