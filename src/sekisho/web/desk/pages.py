"""Pages of the desk: the start, the stores, the evidence with its reasons, the staff, and the way in by invitation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.models import Login
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import LoginWebAuthnView, remove_webauthn
from django.contrib.auth.forms import SetPasswordForm
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_safe

from sekisho.adapters.records import roll
from sekisho.adapters.records.models import Staff
from sekisho.adapters.records.roles import ROLES, Permission, Role
from sekisho.app.desk import NOBODY
from sekisho.evidence.log import Recorded
from sekisho.web import look
from sekisho.web import words as public_words
from sekisho.web.desk import words
from sekisho.web.desk.adapter import INVITED, desk

PAGE = 50
View = Callable[..., HttpResponse]


def needs(permission: Permission) -> Callable[[View], View]:
    """Show a page to roles that hold a permission; to others it is as one that does not exist."""

    def closed(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not isinstance(request.user, Staff) or not request.user.may(permission):
                raise Http404(request.path_info)
            return view(request, *args, **kwargs)

        return checked

    return closed


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Show who is signed in, as what, and what that role may."""
    me = request.user
    assert isinstance(me, Staff)  # the door lets nobody else through
    held = ROLES[Role(me.role)]
    return render(
        request,
        "desk/start.html",
        {
            "role": gettext(words.ROLES[Role(me.role)]),
            "permissions": [gettext(says) for p, says in words.PERMISSIONS.items() if p in held],
            "factors": [gettext(words.FACTORS[f]) for f in roll.line(me).factors],
        },
    )


@require_safe
@needs(Permission.STORES)
def stores(request: HttpRequest) -> HttpResponse:
    """Show the stores with their last checks and their holes."""
    return render(request, "desk/stores.html", {"board": look.board()})


@require_safe
@needs(Permission.EVIDENCE)
def evidence(request: HttpRequest) -> HttpResponse:
    """List the entries, newest first, with handles and with the words of reasons."""
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    found = look.log().latest(PAGE + 1, before)
    reasons, names = desk().reasons(found[:PAGE]), _names(request.user)
    _witnessed(request.user, found[:PAGE], reasons)
    rows = [_row(e, reasons, names) for e in found[:PAGE]]
    more = found[PAGE - 1].seq if len(found) > PAGE else None
    return render(request, "desk/evidence.html", {"board": look.board(), "rows": rows, "more": more, "before": before})


def _witnessed(user: object, found: Sequence[Recorded], reasons: Mapping[str, str]) -> None:
    """Record whose words are about to be read, and by whom: they may speak of people."""
    shown = [e.seq for e in found if e.entry is not None and e.entry.fields.get("reason") in reasons]
    if shown and isinstance(user, Staff):
        desk().record("reasons-read", actor=user.handle, role=user.role, entries=sorted(shown))


def _names(user: object) -> dict[str, str]:
    """Return handle → name of staff, for whoever may see who works here."""
    if not isinstance(user, Staff) or not user.may(Permission.STAFF):
        return {}
    return {line.handle: line.name for line in roll.lines()}


def _row(recorded: Recorded, reasons: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    fields = recorded.entry.fields if recorded.entry is not None else {}
    who = str(fields.get("actor") or fields.get("person") or "")
    digest = str(fields.get("reason", ""))
    return {
        "seq": recorded.seq,
        "at": recorded.entry.at if recorded.entry is not None else None,
        "kind": public_words.kind(recorded.kind),
        "stop": recorded.kind in ("refusal", "staff-refused"),
        "what": str(fields.get("purpose") or fields.get("change") or fields.get("code") or fields.get("method") or ""),
        "store": fields.get("store", ""),
        "who": names.get(who) or ("" if who == NOBODY else who[:8]),
        "reason": reasons.get(digest, ""),
        "gone": bool(digest) and digest not in reasons,
    }


@require_safe
@needs(Permission.STAFF)
def staff(request: HttpRequest) -> HttpResponse:
    """List who works here."""
    rows = [
        {
            "line": line,
            "role": gettext(words.ROLES[Role(line.role)]),
            "factors": public_words.listed([gettext(words.FACTORS[f]) for f in line.factors]),
        }
        for line in roll.lines()
    ]
    return render(request, "desk/staff.html", {"board": look.board(), "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Show an invitation, and use it only when a password is sent: a mail scanner's look changes nothing."""
    member = roll.invited(secret, desk().clock())
    if member is None:
        return render(request, "desk/invitation_over.html", status=404)
    form = SetPasswordForm(member, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return render(request, "desk/invitation.html", {"form": form, "name": member.name})
    if request.user.is_authenticated:
        # whoever sits here meanwhile is somebody else
        request.session.flush()
    with transaction.atomic():
        # what the log does not take leaves the invitation as it was
        joined = roll.accept(secret, form.cleaned_data["new_password1"], desk().clock())
        if joined is None:
            return render(request, "desk/invitation_over.html", status=404)
        setattr(request, INVITED, True)
        response: HttpResponse = perform_login(request, Login(user=joined, redirect_url=reverse("mfa_index")))
        reauthenticate_by_password(request)
    return response


class PasskeySignIn(LoginWebAuthnView):  # type: ignore[misc]  # the library has no types
    """Signs in by a passkey alone; one that is refused is witnessed and said."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say no without saying more."""
        desk().record("staff-refused", actor=NOBODY, code="passkey")
        return HttpResponseRedirect(f"{reverse('account_login')}?refused=passkey")


def remove_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a passkey away, unless a password alone would be left."""
    key = get_object_or_404(Authenticator, pk=pk, user=request.user, type=Authenticator.Type.WEBAUTHN)
    if roll.is_last_factor(key):
        return render(request, "desk/last_factor.html", status=409)
    answer: HttpResponse = remove_webauthn(request, pk=pk)
    return answer


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that was not sent from a page of ours, or from one that is too old."""
    return render(request, "desk/forged.html", status=403)
