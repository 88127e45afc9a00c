"""Documents for machines: the notice, the newest checkpoint, the log's key, security.txt, health."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from sekisho.policy.notice import as_json, as_markdown
from sekisho.web import look, text

PLAIN = "text/plain; charset=utf-8"


@require_safe
def notice_json(request: HttpRequest) -> HttpResponse:
    """Return the notice as JSON in the reader's language."""
    board = look.board()
    language = text.language_of(board.policy, get_language() or "")
    return HttpResponse(as_json(board.policy, board.kept, language), content_type="application/json; charset=utf-8")


@require_safe
def notice_markdown(request: HttpRequest) -> HttpResponse:
    """Return the notice as Markdown in the reader's language."""
    board = look.board()
    language = text.language_of(board.policy, get_language() or "")
    return HttpResponse(as_markdown(board.policy, board.kept, language), content_type="text/markdown; charset=utf-8")


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Return the newest signed checkpoint (C2SP signed note); 404 before the first."""
    newest = look.log().store.checkpoints(1)
    if not newest:
        raise Http404("there is no checkpoint yet")
    return HttpResponse(newest[0], content_type=PLAIN)


@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """Return the verifier key of the log's checkpoints."""
    return HttpResponse(look.board().key + "\n", content_type=PLAIN)


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Return security.txt (RFC 9116) where the policy names an address to write to; 404 where it names none."""
    policy = look.board().policy
    contacts = [p.fields["email"] for p in policy.promises if p.kind == "contact" and p.fields.get("email")]
    if not contacts:
        raise Http404("the policy names no address")
    until = (now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Contact: mailto:{' '.join(str(c).split())}" for c in contacts]
    lines += [f"Expires: {until}", f"Preferred-Languages: {', '.join(policy.texts)}"]
    return HttpResponse("\n".join(lines) + "\n", content_type=PLAIN)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say `ok` where pages can be shown, else 503."""
    try:
        look.board()
    except look.Away:
        return HttpResponse("away\n", content_type=PLAIN, status=503)
    return HttpResponse("ok\n", content_type=PLAIN)
