"""The evidence on pages: entries newest first, one entry with its receipt, and a page that verifies receipts."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.app.board import Board
from sekisho.evidence import note as notes
from sekisho.evidence.kinds import KINDS
from sekisho.evidence.log import Recorded, verify_receipt
from sekisho.ground.errors import BadInput
from sekisho.web import look, pages, words

PAGE = 50
LARGEST = 128 * 1024
"""Characters of a receipt that are read: a proof has 64 hashes at most."""

HANDLES = ("handle", "handles", "handle-lists")
WRONG = (
    gettext_noop("the checkpoint is not signed with this key"),
    gettext_noop("the proof does not lead to the checkpoint's root"),
    gettext_noop("the body is not what was recorded"),
)
"""What the verifier may say."""


class Receipt(msgspec.Struct):
    """The shape of a receipt; what it claims is verified afterwards."""

    seq: int
    leaf: str
    proof: list[str]
    checkpoint: str
    body: str | None = None
    salt: str | None = None


@require_safe
def evidence(request: HttpRequest) -> HttpResponse:
    """List entries, newest first, of a kind and clause where asked."""
    board = look.board()
    kind, clause = request.GET.get("kind", ""), request.GET.get("clause", "")
    kind = kind if kind in KINDS else ""
    clause = clause if board.policy.clause(clause) else ""
    before = _number(request.GET.get("before", ""))
    log = look.log()
    total = log.count_by(kind, clause)
    found = log.latest(PAGE + 1, before, kind, clause) if total else []
    local = look.is_local(request)
    rows = [_row(r, local) for r in found[:PAGE]]
    return pages.show(
        request,
        "evidence.html",
        board,
        rows=rows,
        total=total,
        kind=kind,
        clause=clause,
        before=before,
        more=found[PAGE - 1].seq if len(found) > PAGE else None,
        kinds=[(k, words.kind(k), n) for k, n in board.kinds],
        clauses=[k.clause for k in board.kept if k.count],
    )


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


def _row(recorded: Recorded, local: bool) -> dict[str, Any]:
    entry = recorded.entry
    fields = entry.fields if entry is not None else {}
    who = str(fields.get("actor") or fields.get("person") or "")
    return {
        "seq": recorded.seq,
        "at": entry.at if entry is not None else None,
        "kind": words.kind(recorded.kind),
        "stop": recorded.kind == "refusal",
        "clause": recorded.clause,
        "purpose": fields.get("purpose", ""),
        "store": fields.get("store", ""),
        "who": who[:8] if local else "",
        "what": _what(recorded.kind, fields),
    }


def _what(kind: str, fields: Any) -> str:
    """Return what an entry says beyond its columns, in a few words."""
    if kind == "consent-decision":
        return gettext(words.DECISIONS.get(str(fields.get("decision")), str(fields.get("decision"))))
    if kind in ("reading", "readings"):
        rows = fields.get("rows", 0)
        total = sum(rows) if isinstance(rows, list) else int(rows)
        people = fields.get("people", [])
        known = len({h for one in people for h in (one if isinstance(one, list) else [one])})
        if known:
            return gettext("%(count)s rows, %(people)s people") % {"count": f"{total:,}", "people": f"{known:,}"}
        return gettext("%(count)s rows") % {"count": f"{total:,}"}
    if kind == "standing-projected":
        return gettext("%(count)s rows") % {"count": f"{int(str(fields['rows'])):,}"}
    for name in ("code", "version", "scope", "rows", "epoch", "size"):
        if name in fields:
            return str(fields[name])
    return ""


def _entry(seq: int) -> Recorded:
    log = look.log()
    found = next(log.entries(seq, seq + 1), None) if seq < log.size else None
    if found is None:
        raise Http404(str(seq))
    return found


@require_safe
def entry(request: HttpRequest, seq: int) -> HttpResponse:
    """Show one entry, its fields, and whether a signed checkpoint covers it."""
    board, recorded = look.board(), _entry(seq)
    newest = look.log().store.checkpoints(1)
    size = notes.Checkpoint.parse(newest[0]).size if newest else 0
    local = look.is_local(request)
    return pages.show(
        request,
        "entry.html",
        board,
        entry=_row(recorded, local),
        fields=_fields(recorded, local),
        dropped=recorded.entry is None,
        covered=size > seq,
        size=size,
    )


def _fields(recorded: Recorded, local: bool) -> list[tuple[str, str, bool]]:
    """Return name, value, and whether it is withheld; handles are shown to nobody but this machine's user."""
    if recorded.entry is None:
        return []
    types, found = KINDS.get(recorded.kind, {}), []
    for name, value in recorded.entry.fields.items():
        hidden = not local and types.get(name) in HANDLES
        shown = "" if hidden else value if isinstance(value, str) else json.dumps(value)
        found.append((name, shown, hidden))
    return found


@require_safe
def receipt(request: HttpRequest, seq: int) -> HttpResponse:
    """Return what proves an entry to anybody; without its body for readers from elsewhere."""
    _entry(seq)
    try:
        made = look.log().receipt(seq, body=look.is_local(request))
    except BadInput as error:
        raise Http404(str(seq)) from error
    response = HttpResponse(json.dumps(made, ensure_ascii=False, indent=2) + "\n", content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{seq}.json"'
    return response


@csrf_exempt  # it reads nothing of the reader's and changes nothing, so there is nothing to forge
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Verify a receipt that is pasted or uploaded; nothing of it is kept."""
    board = look.board()
    told: dict[str, Any] = {}
    if request.method == "POST":
        told = _verdict(_given(request), board)
    return pages.show(request, "verify.html", board, status=400 if told.get("wrong") else 200, **told)


def _given(request: HttpRequest) -> str:
    file = request.FILES.get("file")
    if file is not None:
        return str(file.read(LARGEST + 1).decode("utf-8", "replace"))
    return str(request.POST.get("receipt", ""))


def _verdict(given: str, board: Board) -> dict[str, Any]:
    if not given.strip():
        return {"wrong": gettext("nothing was pasted or chosen"), "empty": True}
    if len(given) > LARGEST:
        return {"wrong": gettext("this is too long to be a receipt")}
    try:
        made = msgspec.json.decode(given.encode("utf-8", "replace"), type=Receipt)
        says = verify_receipt(msgspec.to_builtins(made), notes.Key.parse(board.key))
        size = notes.Checkpoint.parse(made.checkpoint).size
    except (msgspec.MsgspecError, ValueError, RecursionError, BadInput):
        return {"wrong": gettext("this is not a receipt"), "given": given}
    if says:
        return {"wrong": gettext(says) if says in WRONG else gettext("this is not a receipt"), "given": given}
    return {"holds": True, "seq": made.seq, "size": size, "body": made.body, "given": given}
