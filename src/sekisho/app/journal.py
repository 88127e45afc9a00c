"""The journal: what a running service says of itself, one line an event, for whoever operates it.

Events and their fields are one closed list. A field holds a code or a number; what does not fit is written as `?`, so
that no name, address, statement or reason gets into a line. What a library wants to log is not passed on: of it, and
of a fault, the journal says the kind of error and the line of code.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

NAME = "sekisho.journal"
FORMS = ("text", "json")

EVENTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "serving": ("info", {"port": "number", "entries": "number"}),
    "stopped": ("info", {}),
    "request": ("info", {"route": "code", "method": "code", "status": "number", "ms": "number"}),
    "keeper-round": ("info", {"troubles": "number", "ms": "number"}),
    "keeper-trouble": ("warning", {"where": "code"}),
    "keeper-right": ("warning", {"where": "code"}),
    "board-stale": ("warning", {"error": "code"}),
    "fault": ("error", {"error": "code", "at": "code"}),
    "library": ("warning", {"library": "code", "level": "code"}),
}
"""Event → its level and its fields, each with its type. A line for people holds warnings and errors only."""

CODE = re.compile(r"[A-Za-z0-9_.:+-]{1,64}\Z")
UNFIT = "?"

logging.getLogger(NAME).addHandler(logging.NullHandler())


def write(event: str, **fields: object) -> None:
    """Write an event; raises KeyError for one that is not in the list or has other fields."""
    level, wanted = EVENTS[event]
    if fields.keys() != wanted.keys():
        raise KeyError(f"{event} has the fields {', '.join(wanted)}")
    fit = {name: _fit(wanted[name], value) for name, value in fields.items()}
    logging.getLogger(NAME).log(_number(level), event, extra={"event": event, "fields": fit})


def fault(error: BaseException) -> None:
    """Write that something happened which should not: the kind of error and where it came from, never its message."""
    write("fault", **told(error))


def told(error: BaseException) -> dict[str, str]:
    """Return what may be told of any error: its kind and the line of code."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "nowhere"
    return {"error": type(error).__name__, "at": at}


def _fit(type_: str, value: object) -> object:
    if type_ == "number":
        return value if isinstance(value, int) and not isinstance(value, bool) else UNFIT
    return value if isinstance(value, str) and CODE.match(value) else UNFIT


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


class Lines(logging.Formatter):
    """Writes a record of the journal as one line; of any other record only which library it is from and its fault."""

    def __init__(self, form: str = "text") -> None:
        super().__init__()
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event, fields = self._event(record)
        at, level = datetime.fromtimestamp(record.created, UTC), record.levelname.lower()
        if self._json:
            line = {"time": at.isoformat(timespec="milliseconds")[:23] + "Z", "level": level, "event": event}
            return msgspec.json.encode({**line, **fields}).decode()
        return " ".join([f"{at:%H:%M:%S}", level, event, *(f"{n}={v}" for n, v in fields.items())])

    @staticmethod
    def _event(record: logging.LogRecord) -> tuple[str, Mapping[str, object]]:
        event = getattr(record, "event", None)
        if record.name == NAME and isinstance(event, str):
            return event, getattr(record, "fields", {})
        if record.exc_info and record.exc_info[1] is not None:
            return "fault", told(record.exc_info[1])
        return "library", {"library": _fit("code", record.name), "level": record.levelname.lower()}


def logging_of(form: str, *libraries: str, told: bool = False) -> dict[str, Any]:
    """Return the set-up of Python's logging for a process: the journal and these libraries, to standard error.

    `told` is for a process that tells people its troubles in words already: then only machines get lines.
    """
    level = "INFO" if form == "json" else "CRITICAL" if told else "WARNING"
    heard = {name: {"handlers": ["journal"], "level": "ERROR", "propagate": False} for name in libraries}
    own = {"handlers": ["journal"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "sekisho.app.journal.Lines", "form": form}},
        "handlers": {"journal": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {NAME: own, **heard},
    }
