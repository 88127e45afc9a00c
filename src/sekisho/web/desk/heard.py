"""What the sign-in library says when something changed: sessions of before end, and the log hears of it."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import password_changed
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from sekisho.adapters.records import roll
from sekisho.adapters.records.models import Staff
from sekisho.web.desk.adapter import INVITED, desk


def listen() -> None:
    """Connect."""
    signals.authenticator_added.connect(_added, dispatch_uid="desk-added")
    signals.authenticator_removed.connect(_removed, dispatch_uid="desk-removed")
    signals.authenticator_reset.connect(_reset, dispatch_uid="desk-reset")
    signals.authentication_failed.connect(_failed, dispatch_uid="desk-failed")
    password_changed.connect(_password, dispatch_uid="desk-password")


def _added(request: HttpRequest, user: Staff, authenticator: Authenticator, **more: Any) -> None:
    if authenticator.type in roll.FACTORS:
        request.session.pop(INVITED, None)
    _changed(request, user, f"added-{authenticator.type}")


def _removed(request: HttpRequest, user: Staff, authenticator: Authenticator, **more: Any) -> None:
    _changed(request, user, f"removed-{authenticator.type}")


def _reset(request: HttpRequest, user: Staff, authenticator: Authenticator, **more: Any) -> None:
    _changed(request, user, f"renewed-{authenticator.type}")


def _changed(request: HttpRequest, user: Staff, change: str) -> None:
    """End every session but this one."""
    roll.bump(user)
    update_session_auth_hash(request, user)
    _told(user, change)


def _password(request: HttpRequest, user: Staff, **more: Any) -> None:
    _told(user, "password")


def _told(user: Staff, change: str) -> None:
    desk().record("staff-changed", actor=user.handle, member=user.handle, role=user.role, change=change)


def _failed(user: Staff, authenticator: Authenticator, **more: Any) -> None:
    desk().record("staff-refused", actor=user.handle, code="factor")
