"""Reasons: the words behind the digests in evidence, in a table of their own that can be erased, unlike the log."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from sekisho.adapters.ledgers.books import REASON, portions
from sekisho.gate.permit import reason_digest


class Reasons:
    """The words by which people and services gave a reason."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def keep(self, digest: str, nonce: str, words: str) -> None:
        """Keep the words behind a digest, once; words that are not behind it are not kept."""
        if reason_digest(nonce, words) != digest:
            return
        with self._engine.begin() as db:
            if db.execute(sa.select(REASON.c.digest).where(REASON.c.digest == digest)).first() is None:
                db.execute(sa.insert(REASON).values(digest=digest, nonce=nonce, words=words))

    def words(self, digests: Sequence[str]) -> dict[str, str]:
        """Return digest → words for those that are kept."""
        found: dict[str, str] = {}
        with self._engine.connect() as db:
            for portion in portions(list(dict.fromkeys(digests))):
                query = sa.select(REASON.c.digest, REASON.c.words).where(REASON.c.digest.in_(portion or ()))
                found.update({r.digest: r.words for r in db.execute(query)})
        return found
