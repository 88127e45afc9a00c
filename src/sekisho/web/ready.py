"""Whether the service is ready, for load balancers and those who watch."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from sekisho.app.operation import Reason
from sekisho.web import look
from sekisho.web.documents import PLAIN


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say `ready`, or 503 with a reason a line, each a code; names of stores only to whoever sits at this machine."""
    reasons = look.watch().state().reasons
    lines = dict.fromkeys(_line(r, look.is_local(request)) for r in reasons) or {"ready": None}
    answer = HttpResponse("\n".join(lines) + "\n", content_type=PLAIN, status=503 if reasons else 200)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _line(reason: Reason, local: bool) -> str:
    return f"{reason.code} {reason.store}" if local and reason.store else reason.code
