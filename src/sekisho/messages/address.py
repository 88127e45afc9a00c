"""Addresses: read as mail servers read them, and told apart by a keyed mark that does not give them away."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from sekisho.ground.errors import BadInput
from sekisho.ground.personal import Personal

SENDING = "send"
"""For what an address is revealed here."""


@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """An e-mail address: as the envelope carries it, and as the do-not-contact list tells it from others."""

    envelope: Personal[str]
    canonical: Personal[str]

    def mark(self, key: bytes) -> str:
        """Return the address's mark under a deployment key: HMAC-SHA-256, 64 hexadecimal digits."""
        text = self.canonical.reveal(SENDING)
        return hmac.new(key, b"address\0" + text.encode(), hashlib.sha256).hexdigest()


def read_address(text: str) -> Address:
    """Return an address; raises BadInput, which does not repeat it.

    Width, case and the writing of international domains do not tell addresses apart. What only looks alike does, and
    so does a tag after `+`: who may receive there is for the server there to say.
    """
    wide = unicodedata.normalize("NFKC", text.strip())
    try:
        found = validate_email(wide, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise BadInput("this is not an e-mail address", help="write it like `name@example.jp`") from error
    local, domain = found.local_part, found.ascii_domain.lower()
    return Address(Personal(f"{local}@{domain}"), Personal(f"{local.lower()}@{domain}"))
