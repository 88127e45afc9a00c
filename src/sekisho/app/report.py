"""The report of a check as it is shown and remembered: plain texts, made from what was read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sekisho.app.checked import Checked, ClauseKept, Told
from sekisho.app.folder import Report, check_folder, kept_offline
from sekisho.policy.coverage import Kept, State
from sekisho.policy.source import Diagnostic, render


def made(root: Path, today: date) -> Checked:
    """Check a folder and return what was found, in words."""
    report = check_folder(root, today)
    sound = report.compiled.policy is not None and not report.failed
    return Checked(
        compiled=sound,
        told=tuple(_told(d, report) for d in report.diagnostics),
        clauses=clauses(kept_offline(report, today)) if sound else (),
        states=tuple(s.value for s in State),
        stores=tuple(m.store for m in report.maps),
        lock=report.compiled.lock.text() if sound else "",
    )


def clauses(kept: Iterable[Kept]) -> tuple[ClauseKept, ...]:
    """Return how clauses are kept, in words."""
    return tuple(ClauseKept(k.clause, k.state.value, tuple(map(str, k.rules)), k.count) for k in kept)


def _told(diagnostic: Diagnostic, report: Report) -> Told:
    span = diagnostic.span
    source = report.sources.get(span.file) if span is not None else None
    return Told(
        code=diagnostic.code,
        severity=diagnostic.severity.value,
        message=diagnostic.message,
        help=diagnostic.help,
        article=diagnostic.article,
        file=span.file if span is not None else None,
        position=source.position(span.start) if source is not None and span is not None else None,
        shown=render(diagnostic, source),
    )
