"""Django's settings for the public pages: no database, no session, no cookie, nothing from other hosts.

`SEKISHO_FOLDER` names the folder that is shown. `SEKISHO_HOSTS` lists the public names under which a proxy serves it
(`privacy.example.com,…`); without it only this machine is answered. `SEKISHO_SECRET` is needed by several processes
that share forms; one process makes its own.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sekisho.app.journal import logging_of

HERE = Path(__file__).resolve().parent

DEBUG = False
SECRET_KEY = os.environ.get("SEKISHO_SECRET") or secrets.token_urlsafe(48)
LOCAL_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
PUBLIC_HOSTS = [h.strip() for h in os.environ.get("SEKISHO_HOSTS", "").split(",") if h.strip() and h.strip() != "*"]
ALLOWED_HOSTS = [*LOCAL_HOSTS, *PUBLIC_HOSTS]

INSTALLED_APPS = ["django.contrib.staticfiles", "sekisho.web"]
DATABASES: dict[str, dict[str, str]] = {}
ROOT_URLCONF = "sekisho.web.urls"
WSGI_APPLICATION = "sekisho.web.wsgi.application"
APPEND_SLASH = False
MIDDLEWARE = [
    "sekisho.web.metrics.Measured",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "sekisho.web.middleware.Headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "sekisho.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "sekisho.web.middleware.Calm",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"string_if_invalid": ""},
    }
]

LANGUAGE_CODE = "en"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LOCALE_PATHS = [HERE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if PUBLIC_HOSTS:
    # the server listens on this machine only, so this header is the proxy's word, and the proxy holds the certificate
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]  # a receipt never touches the disk

LOGGING = logging_of(os.environ.get("SEKISHO_LOG", "text"), "django", "django.request", "django.security")
