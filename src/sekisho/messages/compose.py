"""A message as it travels: headers that nobody can add lines to, plain text, one recipient. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as Mailbox
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any

from sekisho.messages.address import SENDING, Address, read_address
from sekisho.messages.templates import Words, line

UNFOLDED = ("list-unsubscribe", "message-id")
"""Headers that stay on one line: some signers break when the long one is folded, and programs compare the other."""


class _Policy(EmailPolicy):
    """As mail servers want it, with the headers of `UNFOLDED` whole."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.lower() in UNFOLDED:
            return f"{name}: {value}\r\n".encode("ascii")
        return super().fold_binary(name, value)


POLICY = _Policy(linesep="\r\n", max_line_length=SMTP.max_line_length)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom messages are from and where answers go: `Studio <privacy@studio.example>`, or the bare address."""

    mailbox: str
    reply_to: str

    @property
    def address(self) -> Address:
        """The bare address of the sender; raises BadInput where it is none."""
        return read_address(parseaddr(self.mailbox)[1])

    @property
    def shown_reply_to(self) -> str:
        """The address to which answers go, as it stands in a text."""
        return line(parseaddr(self.reply_to)[1])

    @property
    def domain(self) -> str:
        """The sender's domain, which also names our messages."""
        return self.address.envelope.reveal(SENDING).rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be handed over; `id` is the same however often it is tried, so that receivers know it."""

    id: str
    sender: Address
    recipient: Address
    data: bytes


def compose(
    id: str, sender: Sender, recipient: Address, language: str, words: Words, at: datetime, stop: str
) -> Letter:
    """Return a letter; `stop` is the address that stops its like (RFC 8058), or empty where nothing stops it."""
    to = recipient.envelope.reveal(SENDING)
    # an address with letters outside ASCII can only be written as it is (RFC 6532)
    message = EmailMessage(policy=POLICY.clone(utf8=not to.isascii()))
    message["From"] = _mailbox(sender.mailbox)
    message["To"] = _bare(to)
    message["Reply-To"] = _mailbox(sender.reply_to)
    message["Subject"] = line(words.subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if stop:
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(words.body, cte="7bit" if words.body.isascii() else "base64")
    message["Content-Language"] = language
    return Letter(id, sender.address, recipient, message.as_bytes())


def _mailbox(text: str) -> Mailbox:
    name, spec = parseaddr(text)
    return _bare(read_address(spec).envelope.reveal(SENDING), line(name))


def _bare(address: str, name: str = "") -> Mailbox:
    local, _, domain = address.rpartition("@")
    return Mailbox(display_name=name, username=local, domain=domain)
