"""The settings that the desk adds to those of the public pages: its database, its sessions, how people sign in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sekisho.app.desk import Desk

IDLE = 30 * 60
"""Seconds without a page after which a session is over."""
LONGEST = 12 * 3600
"""Seconds after which a session is over, however busy."""


def beside(base: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return what the desk of a folder needs beside the settings of the public pages."""
    desk, sealed = Desk(folder), bool(base["PUBLIC_HOSTS"])
    middleware = list(base["MIDDLEWARE"])
    place = middleware.index("django.middleware.csrf.CsrfViewMiddleware")
    middleware[place + 1 : place + 1] = [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "allauth.account.middleware.AccountMiddleware",
        "sekisho.web.desk.door.Door",
    ]
    templates = [{**engine, "OPTIONS": {**engine["OPTIONS"]}} for engine in base["TEMPLATES"]]
    templates[0]["OPTIONS"]["context_processors"] = [
        "django.template.context_processors.request",
        "sekisho.web.desk.context.desk",
    ]
    return {
        "SECRET_KEY": desk.secret.hex(),
        "INSTALLED_APPS": [
            "sekisho.web.desk.apps.DeskPages",
            *base["INSTALLED_APPS"],
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "sekisho.adapters.records.apps.Records",
            "allauth",
            "allauth.account",
            "allauth.mfa",
        ],
        "MIDDLEWARE": middleware,
        "TEMPLATES": templates,
        "ROOT_URLCONF": "sekisho.web.desk.site",
        "DATABASES": {
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": str(desk.database),
                "OPTIONS": {
                    "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
                    "transaction_mode": "IMMEDIATE",
                    "timeout": 10,
                },
            }
        },
        # in the database, so that a restart forgives nobody
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "throttle"}},
        "AUTH_USER_MODEL": "records.Staff",
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "AUTH_PASSWORD_VALIDATORS": [
            {
                "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
                "OPTIONS": {"min_length": 12},
            },
            {
                "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
                "OPTIONS": {"user_attributes": ("name",)},
            },
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
            {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
        ],
        **_sessions(sealed),
        **_sign_in(sealed),
    }


def _sessions(sealed: bool) -> dict[str, Any]:
    """Return how sessions are kept: on our side, for so long, in a cookie that no script and no other site sends."""
    return {
        "SESSION_ENGINE": "django.contrib.sessions.backends.db",
        "SESSION_COOKIE_NAME": "__Host-desk" if sealed else "desk",
        "SESSION_COOKIE_SECURE": sealed,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_AGE": LONGEST,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_COOKIE_NAME": "__Host-desk-form" if sealed else "desk-form",
        "CSRF_COOKIE_SECURE": sealed,
        "CSRF_COOKIE_AGE": None,
        "CSRF_FAILURE_VIEW": "sekisho.web.desk.pages.forged",
    }


def _sign_in(sealed: bool) -> dict[str, Any]:
    """Return how people sign in: a name and a password with a second factor, or a passkey; nobody signs up."""
    return {
        "LOGIN_URL": "account_login",
        "LOGIN_REDIRECT_URL": "/desk/",
        "ACCOUNT_ADAPTER": "sekisho.web.desk.adapter.Account",
        "ACCOUNT_FORMS": {"login": "sekisho.web.desk.forms.SignIn"},
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": "name",
        "ACCOUNT_USER_MODEL_EMAIL_FIELD": None,
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*", "password2*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_LOGOUT_REDIRECT_URL": "account_login",
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": 300,
        "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": False,
        "ACCOUNT_RATE_LIMITS": {
            "login": "30/m/ip",
            "login_failed": "10/m/ip,5/5m/key",
            "reauthenticate": "10/m/user",
            "change_password": "5/m/user",
        },
        "ALLAUTH_TRUSTED_PROXY_COUNT": 1 if sealed else 0,
        "MFA_ADAPTER": "sekisho.web.desk.adapter.Factors",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_RECOVERY_CODES_SHOW_ONCE": True,
        "MFA_RECOVERY_CODE_DIGITS": 12,
        "MFA_TOTP_ISSUER": "Sekisho",
    }
