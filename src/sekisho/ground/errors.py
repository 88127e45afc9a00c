"""Every exception that Sekisho raises on purpose, drawn as one tree.

    SekishoError
    ├── Refused            the gate said no: the verdict names the clause
    ├── BadInput           text, file, token, key or address that cannot be used
    ├── NotWitnessed       the evidence log could not take an entry, so nothing is given
    ├── Tampered           bytes do not match what was recorded or signed
    └── StoreTrouble       a store is away, half applied or not what the plan expected

Bad text in a policy or a map is *not* an exception: readers return diagnostics. Messages are lower case, hold the
user's words in backticks and never hold personal data; `help` is the remedy, one line.
"""

from __future__ import annotations


class SekishoError(Exception):
    """something that Sekisho does not do."""

    code = "sekisho"
    exit_code = 1

    def __init__(self, message: str = "", *, help: str = "", place: str = "") -> None:
        """Hold the message, the remedy and the place (file, line, setting or object) where it went wrong."""
        super().__init__(message or (type(self).__doc__ or "").strip().rstrip("."))
        self.help = help
        self.place = place


class Refused(SekishoError):
    """the gate refuses this."""

    code = "refused"
    exit_code = 3

    def __init__(self, message: str = "", *, help: str = "", place: str = "", clause: str = "") -> None:
        """Hold the clause of the policy that says no, as well."""
        super().__init__(message, help=help, place=place)
        self.clause = clause


class BadInput(SekishoError):
    """this input cannot be used."""

    code = "bad-input"
    exit_code = 2


class NotWitnessed(SekishoError):
    """the evidence log could not take the entry, so nothing was given."""

    code = "not-witnessed"
    exit_code = 4


class Tampered(SekishoError):
    """the bytes do not match what was recorded."""

    code = "tampered"
    exit_code = 5


class StoreTrouble(SekishoError):
    """the store is away or not what the plan expected."""

    code = "store"
    exit_code = 6
