"""How the sign-in library does what it does here: nobody signs up, a factor is needed, and each step is witnessed."""

from __future__ import annotations

import os
import re
import time
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import qrcode
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sekisho.adapters.records import roll
from sekisho.adapters.records.models import Staff
from sekisho.app.desk import NOBODY, Desk

INVITED = "invited"
"""In a session: it was begun by an invitation, so a first factor may be chosen in it."""
INSIDE = re.compile(r"(?:/(?:ja|en))?/desk/[A-Za-z0-9/_-]*(?:\?[A-Za-z0-9=&%._-]*)?")
"""Where a sign-in may lead."""
BEGAN, SEEN = "began", "seen"
"""In a session: when it began, and when it was last used, in seconds."""


@cache
def _desk(folder: str) -> Desk:
    return Desk(Path(folder))


def desk() -> Desk:
    """Return the desk of the folder that this process serves."""
    return _desk(os.environ.get("SEKISHO_FOLDER", "."))


class Account(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """The account side: sign-in, sign-out, refusals."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: who works here was invited."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Say whether a sign-in may lead there: to a page of the desk, plainly written, and nowhere else."""
        return bool(INSIDE.fullmatch(url or ""))

    def pre_login(self, request: HttpRequest, user: Staff, **more: Any) -> HttpResponse | None:
        """Refuse a password alone: somebody without a factor comes in by an invitation only."""
        if not roll.enrolled(user) and not getattr(request, INVITED, False):
            desk().record("staff-refused", actor=user.handle, code="no-factor")
            raise ImmediateHttpResponse(render(request, "desk/no_factor.html", status=403))
        found: HttpResponse | None = super().pre_login(request, user, **more)
        return found

    def login(self, request: HttpRequest, user: Staff) -> None:
        """Begin a session once the log has taken it."""
        method = INVITED if getattr(request, INVITED, False) else _method(request, user)
        desk().record("staff-signed-in", actor=user.handle, role=user.role, method=method)
        super().login(request, user)
        request.session[BEGAN] = request.session[SEEN] = time.time()
        if method == INVITED:
            request.session[INVITED] = True

    def logout(self, request: HttpRequest) -> None:
        """End a session, and say so: the end does not wait for the log."""
        user = request.user
        super().logout(request)
        if isinstance(user, Staff):
            desk().record("staff-signed-out", actor=user.handle, role=user.role)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Witness a wrong name or password; the same work is done for both."""
        known = Staff.objects.filter(name=str(credentials.get("username", ""))).values_list("handle", flat=True).first()
        desk().record("staff-refused", actor=known or NOBODY, code="password")


def _method(request: HttpRequest, user: Staff) -> str:
    """Return by what somebody signed in: the factor, or a passkey alone."""
    found = [r for r in get_authentication_records(request, user) if r.get("method") == "mfa"]
    if not found:
        return "password"
    return "passkey" if found[-1].get("passwordless") else str(found[-1].get("type"))


class Factors(DefaultMFAAdapter):  # type: ignore[misc]  # the library has no types
    """The side of the factors: sealed where they lie, never the last one taken away, drawn without a style."""

    def encrypt(self, text: str) -> str:
        """Seal a secret before it reaches the database."""
        return desk().seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open what was sealed."""
        return desk().unseal(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Say whether another factor is left."""
        return not roll.is_last_factor(authenticator)

    def build_totp_svg(self, url: str) -> str:
        """Return the picture for an authenticator app as one path, which the page's policy on styles allows."""
        code = qrcode.QRCode(border=4)
        code.add_data(url)
        rows = code.get_matrix()
        drawn = StringIO()
        for y, row in enumerate(rows):
            for x, dark in enumerate(row):
                if dark:
                    drawn.write(f"M{x} {y}h1v1h-1z")
        side = len(rows)
        return (
            f'<svg class="qr" viewBox="0 0 {side} {side}" aria-hidden="true" focusable="false">'
            f'<path class="paper" d="M0 0h{side}v{side}H0z"/><path class="dark" d="{drawn.getvalue()}"/></svg>'
        )
