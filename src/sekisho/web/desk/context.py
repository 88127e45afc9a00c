"""What every page of the desk knows: who looks at it, what they may, and the language of the address."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from sekisho.adapters.records.models import Staff
from sekisho.adapters.records.roles import Permission
from sekisho.web.desk.adapter import INVITED
from sekisho.web.desk.door import under


def desk(request: HttpRequest) -> dict[str, Any]:
    """Return it for the desk's pages, and nothing for the public ones, which know no session."""
    if not under(request):
        return {}
    language = get_language() or settings.LANGUAGE_CODE
    me = request.user if isinstance(request.user, Staff) else None
    # whoever has no factor yet is led to none of the pages that ask for one
    known = me if me is not None and not request.session.get(INVITED) else None
    # a link to another language leads to a page that can be opened, never back into a form that was sent
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return {
        "me": me,
        "may": {p.name.lower(): known is not None and known.may(p) for p in Permission},
        "language": language,
        "prefix": getattr(request, "prefix", ""),
        "here": f"{request.path_info}{query}",
        "languages": [(code, label) for code, label in settings.LANGUAGES if code != language],
        "tab": request.resolver_match.url_name if request.resolver_match is not None else "",
    }
