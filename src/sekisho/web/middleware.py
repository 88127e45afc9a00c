"""Around every page: headers, the language of the address, and calm words where the folder cannot be shown."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from sekisho.ground.errors import SekishoError
from sekisho.web import look

Next = Callable[[HttpRequest], HttpResponse]
SPOKEN = tuple(code for code, _ in settings.LANGUAGES)


class Headers:
    """Sets what the framework's own middleware leaves out."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers."""
        response = self._next(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
        )
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path_info.startswith(settings.STATIC_URL):
            response.headers.setdefault("Cache-Control", "no-cache")
        return response


class Language:
    """Takes the language from the address (`/ja/…`, `/en/…`), else from what the reader's browser asks for."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Strip the prefix, speak the language, say so."""
        first, slash, rest = request.path_info[1:].partition("/")
        prefix = f"/{first}" if first in SPOKEN and slash else ""
        if prefix:
            request.path_info = f"/{rest}"
        language = first if prefix else self._asked(request)
        request.prefix = prefix  # type: ignore[attr-defined]  # ours, for links
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self._next(request)
        response.headers.setdefault("Content-Language", language)
        if not prefix:
            response.headers["Vary"] = ", ".join(filter(None, (response.headers.get("Vary"), "Accept-Language")))
        return response

    @staticmethod
    def _asked(request: HttpRequest) -> str:
        if request.headers.get("Accept-Language"):
            return str(translation.get_language_from_request(request))
        try:
            original = look.board().policy.original
        except look.Away:
            return str(settings.LANGUAGE_CODE)
        return original if original in SPOKEN else str(settings.LANGUAGE_CODE)


class Calm:
    """Shows a page with status 503 where the folder does not compile, never a traceback."""

    def __init__(self, get_response: Next) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self._next(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for a folder that cannot be shown; the reason only to whoever sits at this machine."""
        if not isinstance(exception, look.Away):
            return None
        cause = exception.__cause__
        told: dict[str, str | None] = {"prefix": getattr(request, "prefix", ""), "language": translation.get_language()}
        if look.is_local(request) and isinstance(cause, SekishoError):
            told |= {"says": str(cause), "remedy": cause.help, "place": cause.place}
        response = render(request, "sekisho/away.html", told, status=503)
        response.headers["Retry-After"] = "60"
        response.headers["Cache-Control"] = "no-store"
        return response
