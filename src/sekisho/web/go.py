"""The page behind a link in a message: it says what its button does, and only the button does it.

Programs that look through mail open every link, so GET and HEAD change nothing. A mail program that stops messages
with one click posts at once, without a page, a cookie or an origin (RFC 8058); the token in the address is the secret.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sekisho.app import settings
from sekisho.app.post import MailBooks, words_of
from sekisho.ground import stamp
from sekisho.messages.once import Action, Once
from sekisho.web import look, pages, text


@csrf_exempt  # whoever could forge the request needs the token, and with the token there is nothing to forge
@require_http_methods(["GET", "HEAD", "POST"])
def go(request: HttpRequest, token: str) -> HttpResponse:
    """Show what a link from a message does, and do it when its button is pressed."""
    board = look.board()
    language = text.language_of(board.policy, get_language() or "")
    found, state = _use(token) if request.method == "POST" and not _from_elsewhere(request) else _look(token)
    response = pages.show(
        request,
        "go.html",
        board,
        status=404 if found is None else 200,
        state=state,
        token=token,
        stops=found is not None and found.action is Action.STOP,
        purpose=words_of(board.policy, found.purpose, language) if found is not None else "",
        text_language=language,
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _books() -> MailBooks:
    return MailBooks(settings.read(Path(os.environ.get("SEKISHO_FOLDER", "."))))


def _look(token: str) -> tuple[Once | None, str]:
    """Return a link and whether its button can be pressed."""
    books = _books()
    found = books.once.look(token, stamp.now()) if books.begun else None
    if found is None:
        return None, "gone"
    return found, "ask" if found.used is None else "used"


def _use(token: str) -> tuple[Once | None, str]:
    """Use a link, and return it with what came of it."""
    books = _books()
    used = books.once.use_link(token, stamp.now()) if books.begun else None
    return (used, "done") if used is not None else _look(token)


def _from_elsewhere(request: HttpRequest) -> bool:
    """Say whether another site's page sent a request; a mail program sends neither header."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = request.headers.get("Origin", "null")
    return origin != "null" and urlsplit(origin).netloc != request.get_host()
