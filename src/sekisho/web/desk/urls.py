"""Addresses of the desk; the sign-in library finds its own pages by the names that begin with `account` and `mfa`."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as keys
from csp.decorators import csp_update
from django.urls import path

from sekisho.web.desk import pages

fetching = csp_update({"connect-src": ["'self'"]})
"""The one page whose script asks our server for something: the challenge of a passkey."""

urlpatterns = [
    path("", pages.start, name="desk"),
    path("stores", pages.stores, name="desk-stores"),
    path("evidence", pages.evidence, name="desk-evidence"),
    path("staff", pages.staff, name="desk-staff"),
    path("invitation/<slug:secret>", pages.invitation, name="desk-invitation"),
    path("sign-in", fetching(account.login), name="account_login"),
    path("sign-in/factor", factors.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey", pages.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("sign-out", account.logout, name="account_logout"),
    path("confirm", account.reauthenticate, name="account_reauthenticate"),
    path("confirm/factor", factors.reauthenticate, name="mfa_reauthenticate"),
    path("confirm/passkey", keys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("password", account.password_change, name="account_change_password"),
    path("factors", factors.index, name="mfa_index"),
    path("factors/app", app.activate_totp, name="mfa_activate_totp"),
    path("factors/app/remove", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("factors/codes", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("factors/codes/new", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("factors/keys", keys.list_webauthn, name="mfa_list_webauthn"),
    path("factors/keys/add", keys.add_webauthn, name="mfa_add_webauthn"),
    path("factors/keys/<int:pk>/remove", pages.remove_key, name="mfa_remove_webauthn"),
]
