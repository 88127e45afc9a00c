"""The public pages on the policy: its text, the kept promises, the data map; and the pages for what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import now
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from sekisho.app.board import Board
from sekisho.app.lookout import STALE
from sekisho.policy.coverage import Kept, State
from sekisho.policy.model import Policy
from sekisho.web import flow, look, text, words

LABELS = dict(settings.LANGUAGES)
TABS = {"entry": "evidence", "version": "versions", "compare": "versions"}
"""Page → the page of the bar above that it belongs to, where that is another."""

SHOWN_STATES = (State.ENFORCED, State.BY_PEOPLE, State.NOT_APPLIED, State.NO_KEEPER, State.BROKEN, State.PROSE)


def show(request: HttpRequest, template: str, board: Board, status: int = 200, **more: Any) -> HttpResponse:
    """Render a page with what every page has."""
    language = get_language() or board.policy.original
    context = {
        "board": board,
        "policy": board.policy,
        "language": language,
        "text_language": text.language_of(board.policy, language),
        "prefix": getattr(request, "prefix", ""),
        "here": f"{request.path_info}{'?' + request.GET.urlencode() if request.GET else ''}",
        "languages": [(code, label) for code, label in LABELS.items() if code != language],
        "codes": list(LABELS),
        "host": f"{request.scheme}://{request.get_host()}",
        "local": look.is_local(request),
        "tab": _tab(request),
        "stale": board.at + STALE < now(),
        **more,
    }
    return render(request, f"sekisho/{template}", context, status=status)


def _tab(request: HttpRequest) -> str:
    name = (request.resolver_match.url_name if request.resolver_match is not None else "") or ""
    return TABS.get(name, name)


def figures(board: Board) -> list[dict[str, Any]]:
    """Return how many clauses are in each state, with the state's words."""
    return [{**words.state(s), "count": board.figures.by_state[s], "state": s.value} for s in SHOWN_STATES]


def keeping(kept: Kept, policy: Policy, language: str) -> dict[str, Any]:
    """Return how a clause is kept, as a template shows it; the same sentence is said once, with its count."""
    said: dict[str, int] = {}
    for rule in kept.rules:
        line = words.sentence(rule, policy, language)
        said[line] = said.get(line, 0) + 1
    return {
        **words.state(kept.state),
        "rules": list(said.items()),
        "checked_at": kept.checked_at,
        "count": kept.count,
        "clause": kept.clause,
    }


@require_safe
def policy(request: HttpRequest) -> HttpResponse:
    """Show the policy, each clause with how it is kept."""
    board = look.board()
    language = text.language_of(board.policy, request.GET.get("text") or get_language() or "")
    found = []
    for part in text.parts(board.policy, board.kept, language):
        kept = part.kept
        shown = keeping(kept, board.policy, language) if kept is not None and kept.state is not State.PROSE else None
        found.append({"part": part, "kept": shown})
    return show(
        request,
        "policy.html",
        board,
        parts=found,
        heading=text.title(board.policy, language),
        text_language=language,
        others=[code for code in board.policy.texts if code != language and code not in LABELS],
        figures=figures(board),
        contact=_contact(board.policy),
        closing="、" if board.policy.original == "ja" else ", ",
        thieves=[s for s in board.stores if s.engine == "sqlite"],
    )


def _contact(policy: Policy) -> Mapping[str, Any] | None:
    return next((p.fields for p in policy.promises if p.kind == "contact"), None)


@require_safe
def promises(request: HttpRequest) -> HttpResponse:
    """Show how everything stands: coverage, each promise, safeguards, stores, evidence, the cosigner."""
    board = look.board()
    language = text.language_of(board.policy, get_language() or "")
    rows: list[dict[str, Any]] = [
        {
            "clause": board.policy.clause(k.clause),
            "kept": keeping(k, board.policy, language),
            "name": _name(board, k.clause, language),
        }
        for k in board.kept
        if k.state is not State.PROSE
    ]
    guarded = {p.clause for p in board.policy.promises if p.kind == "safeguard"}
    return show(
        request,
        "promises.html",
        board,
        rows=rows,
        figures=figures(board),
        safeguards=[r for r in rows if r["kept"]["clause"] in guarded],
        states={s.name: words.state(s) for s in State},
    )


def _name(board: Board, clause: str, language: str) -> str:
    """Return a short name of a clause: its heading, or the beginning of its sentence."""
    found = board.policy.clause(clause)
    line = (
        found.prose.get(language, found.prose.get(board.policy.original, clause)).split("\n", 1)[0] if found else clause
    )
    return line if len(line) <= 80 else f"{line[:79]}…"


@require_safe
def data_map(request: HttpRequest) -> HttpResponse:
    """Show where data lives and which purposes see it, as a picture and as a table."""
    board = look.board()
    asked = frozenset(p.name for p in board.policy.purposes if p.because.opt_in and not p.reserved)
    language = text.language_of(board.policy, get_language() or "")
    return show(
        request,
        "data_map.html",
        board,
        picture=flow.picture(board.flows, asked, words.category) if board.flows else None,
        flows=[(f.store, words.category(f.category), f.purpose, f.purpose in asked) for f in board.flows],
        purposes=[
            (p.name, words.listed([words.subject(board.policy, c, language) for c in p.of]), p.clause, p.because.opt_in)
            for p in board.policy.purposes
            if not p.reserved
        ],
        blind=[
            p.name for p in board.policy.purposes if not p.reserved and p.name not in {f.purpose for f in board.flows}
        ],
    )


def missing(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Say that there is no such page, also where there is no board."""
    try:
        return show(request, "missing.html", look.board(), 404)
    except look.Away:
        return render(request, "sekisho/missing.html", bare(request), status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong here; nothing of the board is needed for it."""
    return render(request, "sekisho/broken.html", bare(request), status=500)


def bare(request: HttpRequest) -> dict[str, Any]:
    """Return what a page needs that has no board."""
    return {"prefix": getattr(request, "prefix", ""), "language": get_language()}
