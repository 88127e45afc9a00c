"""Sending through an SMTP server (RFC 5321), step by step, never unsealed to another machine.

What a server says may repeat an address: it goes to whoever asked for a test and nowhere else. A sealed way that cannot
be had is a failure, not a reason to go without it (RFC 8314).
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from sekisho.messages.address import SENDING
from sekisho.messages.compose import Letter
from sekisho.messages.ports import Handed, Verdict

ENHANCED = re.compile(r"\A([245]\.\d{1,3}\.\d{1,3})\b")
"""A code of RFC 3463 at the beginning of a reply."""
REMEDIES = {
    "4.7.1": "the server puts strangers off (greylisting); the queue tries again by itself",
    "5.1.1": "nobody has this address there; look how it is written",
    "5.7.1": "this server does not send for us: correct `from`, `login`, or allow this machine there",
    "5.7.8": "correct `login` and the password in the environment",
}
Say = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Server:
    """Where the server is, how the way is sealed, and as whom we sign in."""

    host: str
    port: int
    tls: str
    timeout: float
    login: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


class _Trouble(Exception):
    """A step that failed; holds its outcome."""

    def __init__(self, handed: Handed) -> None:
        super().__init__(handed.step)
        self.handed = handed


class SmtpDoor:
    """A way out through one server; opened with the first letter, used for all of a round."""

    def __init__(self, server: Server, say: Say = lambda step, what: None) -> None:
        """Hold the server; `say` is told each step that was taken, for whoever tests the way."""
        self._server, self._say = server, say
        self._open: smtplib.SMTP | None = None

    def hand(self, letter: Letter, before: Callable[[], None]) -> Handed:
        """Hand a letter over; `before` is called when the server would take it and before it gets a line of it."""
        try:
            smtp = self._open = self._open or self._connect()
            self._envelope(smtp, letter)
            try:
                before()
            except Exception:
                with suppress(OSError, smtplib.SMTPException):
                    smtp.rset()
                raise
            return self._data(smtp, letter)
        except _Trouble as trouble:
            self._after(trouble.handed)
            return trouble.handed

    def _after(self, handed: Handed) -> None:
        """Leave the way open for the next letter where the server still listens."""
        if self._open is not None and handed.code:
            with suppress(OSError, smtplib.SMTPException):
                self._open.rset()
                return
        self.close()

    def close(self) -> None:
        """End the way."""
        if self._open is not None:
            smtp, self._open = self._open, None
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    # -- the steps ------------------------------------------------------------------------------------------------

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        smtp = self._reach()
        try:
            self._say("connect", f"{server.host} port {server.port} answers")
            if server.tls == "implicit":
                self._say("tls", self._seal(smtp))
            self._hello(smtp)
            if server.tls == "starttls":
                self._starttls(smtp)
            if server.login:
                self._login(smtp)
        except _Trouble:
            smtp.close()
            raise
        return smtp

    def _reach(self) -> smtplib.SMTP:
        server = self._server
        name = socket.gethostname() or "localhost"
        try:
            if server.tls == "implicit":
                return smtplib.SMTP_SSL(server.host, server.port, name, timeout=server.timeout, context=_context())
            return smtplib.SMTP(server.host, server.port, name, server.timeout)
        except ssl.SSLError as error:
            raise _Trouble(_sealing(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise _Trouble(_unreached(error, server)) from error

    def _hello(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            raise _Trouble(_away("connect", error, "the server does not greet us", "ask whoever runs it")) from error

    def _starttls(self, smtp: smtplib.SMTP) -> None:
        if not smtp.has_extn("starttls"):
            raise _Trouble(
                Handed(
                    Verdict.AWAY,
                    "tls",
                    "",
                    "the server offers no STARTTLS, and nothing is sent unsealed",
                    'use port 465 with `tls = "implicit"`, or another server',
                )
            )
        try:
            code, said = smtp.starttls(context=_context())
            if code != 220:
                raise _Trouble(_answer(Verdict.AWAY, "tls", code, said, "the server does not seal the way"))
        except ssl.SSLError as error:
            raise _Trouble(_sealing(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise _Trouble(_away("tls", error, "the way broke while it was sealed", "look at the server")) from error
        self._say("tls", self._seal(smtp))
        self._hello(smtp)

    @staticmethod
    def _seal(smtp: smtplib.SMTP) -> str:
        sealed = smtp.sock
        version = sealed.version() if isinstance(sealed, ssl.SSLSocket) else None
        return f"sealed with {version}, the certificate is the server's"

    def _login(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.login(self._server.login, self._server.password)
        except smtplib.SMTPAuthenticationError as error:
            raise _Trouble(
                _answer(
                    Verdict.AWAY,
                    "login",
                    error.smtp_code,
                    error.smtp_error,
                    "the server does not know this login and password",
                    REMEDIES["5.7.8"],
                )
            ) from None  # the chained error holds what was sent
        except (OSError, smtplib.SMTPException) as error:
            raise _Trouble(
                _away("login", error, "the server offers no way to sign in", "leave `login` and `password` out")
            ) from None
        self._say("login", "signed in")

    def _envelope(self, smtp: smtplib.SMTP, letter: Letter) -> None:
        sender, recipient = letter.sender.envelope.reveal(SENDING), letter.recipient.envelope.reveal(SENDING)
        options = () if (sender + recipient).isascii() else ("SMTPUTF8",)
        if options and not smtp.has_extn("smtputf8"):
            raise _Trouble(
                Handed(
                    Verdict.NEVER,
                    "recipient",
                    "553",
                    "the server cannot write to an address with letters outside ASCII",
                    "use a server that speaks SMTPUTF8",
                )
            )
        try:
            code, said = smtp.mail(sender, options)
            if code != 250:
                verdict = Verdict.LATER if code < 500 else Verdict.AWAY
                raise _Trouble(_answer(verdict, "sender", code, said, "the server does not take our sender"))
            self._say("sender", "the server takes our sender")
            code, said = smtp.rcpt(recipient)
            if code not in (250, 251):
                raise _Trouble(_answer(_of(code), "recipient", code, said, "the server does not take this recipient"))
            self._say("recipient", "the server takes the recipient")
        except (OSError, smtplib.SMTPException) as error:
            raise _Trouble(_away("sender", error, "the server ended the talk", "try again")) from error

    def _data(self, smtp: smtplib.SMTP, letter: Letter) -> Handed:
        try:
            code, said = smtp.data(letter.data)
        except smtplib.SMTPDataError as error:
            code, said = error.smtp_code, _bytes(error.smtp_error)
        except (OSError, smtplib.SMTPException):
            # it may have been taken: it goes again under the same Message-ID
            raise _Trouble(
                Handed(Verdict.LATER, "message", "", "the server was gone before it said yes", "try again")
            ) from None
        if code != 250:
            raise _Trouble(_answer(_of(code), "message", code, said, "the server does not take the message"))
        self._say("message", "the server took the message")
        return Handed(Verdict.TAKEN, "message", str(code), "taken", said=_text(said))


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _of(code: int) -> Verdict:
    return Verdict.NEVER if code >= 500 else Verdict.LATER


def _answer(verdict: Verdict, step: str, code: int, said: bytes | str, says: str, help: str = "") -> Handed:
    """Return an outcome with the codes of a reply; the reply's text is for whoever asked only."""
    text = _text(said)
    found = ENHANCED.match(text)
    number = found[1] if found else ""
    general = "the queue tries again by itself" if 400 <= code < 500 else "ask whoever runs the server, with this code"
    remedy = help or REMEDIES.get(number, general)
    if code == 421:
        verdict = Verdict.AWAY if verdict is Verdict.AWAY else Verdict.LATER
    return Handed(verdict, step, f"{code} {number}".strip(), says, remedy, text)


def _bytes(said: bytes | str) -> bytes:
    return said.encode() if isinstance(said, str) else said


def _text(said: bytes | str) -> str:
    return _bytes(said).decode("utf-8", "replace")


def _away(step: str, error: Exception, says: str, help: str) -> Handed:
    """Return the outcome of a talk that broke; a reply of the server tells more than the breaking."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(Verdict.AWAY, step, error.smtp_code, error.smtp_error, says, help)
    if _silent(error):
        return Handed(Verdict.AWAY, step, "", "the server is silent", "raise `timeout`, or look at the server")
    return Handed(Verdict.AWAY, step, "", says, help)


def _silent(error: Exception) -> bool:
    """Say whether a server was waited for in vain; the library tells that as a connection that was closed."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _unreached(error: Exception, server: Server) -> Handed:
    where = f"{server.host} port {server.port}"
    if isinstance(error, socket.gaierror):
        return Handed(Verdict.AWAY, "connect", "", f"`{server.host}` has no address", "correct `host` under [mail]")
    if isinstance(error, ConnectionRefusedError):
        return Handed(Verdict.AWAY, "connect", "", f"nothing listens at {where}", "correct `port` under [mail]")
    if _silent(error):
        return Handed(Verdict.AWAY, "connect", "", f"{where} is silent", "is a firewall between? is `tls` right?")
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(Verdict.AWAY, "connect", error.smtp_code, error.smtp_error, f"{where} turns us away")
    return Handed(Verdict.AWAY, "connect", "", f"{where} does not speak SMTP", "correct `port` and `tls` under [mail]")


def _sealing(error: ssl.SSLError) -> Handed:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = error.verify_message
        return Handed(
            Verdict.AWAY,
            "tls",
            "",
            f"the server's certificate is not believed: {why}",
            "use the name in its certificate for `host`; name an authority of your own in SSL_CERT_FILE",
        )
    return Handed(
        Verdict.AWAY, "tls", "", "the server does not speak TLS here", 'for port 587 write `tls = "starttls"`'
    )
