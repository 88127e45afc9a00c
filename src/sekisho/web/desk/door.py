"""The door of the desk: what is under `/desk` opens to nobody but its staff, and never longer than a session lasts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation

from sekisho.adapters.records import roll
from sekisho.adapters.records.models import Staff
from sekisho.ground.errors import SekishoError
from sekisho.web import look
from sekisho.web.desk.adapter import BEGAN, INVITED, SEEN
from sekisho.web.desk.pieces import IDLE, LONGEST

DESK = "/desk/"
OPEN = frozenset(("account_login", "account_logout", "mfa_authenticate", "mfa_login_webauthn", "desk-invitation"))
"""Pages for whoever has not signed in."""
ENROLLING = frozenset(("account_logout", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn"))
"""Pages for whoever was invited and has no factor yet."""
MINUTE = 60.0


class Door:
    """Lets staff in, everybody else to the sign-in; ends sessions; keeps the language of the address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Mark what passes: nothing of the desk is stored on its way, or found by a search."""
        if not under(request):
            return self._next(request)
        # the language was taken out of the address; the library compares what is left with its own
        request.path = request.path_info
        response = self._next(request)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        target, prefix = response.headers.get("Location", ""), getattr(request, "prefix", "")
        if prefix and target.startswith(DESK):
            response.headers["Location"] = prefix + target
        return response

    def process_view(self, request: HttpRequest, view: object, args: object, kwargs: object) -> HttpResponse | None:
        """Decide before any page runs; a page that nobody opened to strangers is closed to them."""
        if not under(request) or request.resolver_match is None:
            return None
        name = request.resolver_match.url_name
        if request.user.is_authenticated and _over(request.session):
            logout(request)
        me = request.user
        if not isinstance(me, Staff):
            return None if name in OPEN else to_sign_in(request)
        if not roll.enrolled(me):
            if not request.session.get(INVITED):
                logout(request)
                return to_sign_in(request)
            return None if name in ENROLLING else HttpResponseRedirect(reverse("mfa_index"))
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer calmly where the log or the books do not take what must be recorded: then nothing is given."""
        if not under(request) or not isinstance(exception, SekishoError):
            return None
        told: dict[str, Any] = {"prefix": getattr(request, "prefix", ""), "language": translation.get_language()}
        if look.is_local(request):
            told |= {"says": str(exception), "remedy": exception.help, "place": exception.place}
        return render(request, "sekisho/away.html", told, status=503)


def under(request: HttpRequest) -> bool:
    """Say whether a page is one of the desk's."""
    return request.path_info.startswith(DESK)


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """Return the way to the sign-in, and from there back."""
    back = f"?{urlencode({'next': request.path_info})}" if request.method == "GET" else ""
    return HttpResponseRedirect(f"{reverse('account_login')}{back}")


def _over(session: Any) -> bool:
    """Say whether a session has lasted long enough, and otherwise remember that it is in use."""
    now, began, seen = time.time(), session.get(BEGAN, 0.0), session.get(SEEN, 0.0)
    if now - began > LONGEST or now - seen > IDLE:
        return True
    if now - seen > MINUTE:
        session[SEEN] = now
    return False
