"""What templates of the site can say: links in the reader's language, times, labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import template
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sekisho.web import words

register = template.Library()
TICKED = re.compile(r"`([^`]+)`")
register.filter("day", words.day)
register.filter("kind", words.kind)
register.filter("category", words.category)


@register.simple_tag(takes_context=True)
def page(context: dict[str, Any], name: str, *args: object) -> str:
    """Return the address of a page in the language that the reader chose."""
    return f"{context.get('prefix', '')}{reverse(name, args=args)}"


@register.simple_tag(takes_context=True)
def when(context: dict[str, Any], instant: datetime | date | None) -> SafeString | str:
    """Return an instant as a `time` element where the policy's clocks run."""
    if instant is None:
        return ""
    if not isinstance(instant, datetime):
        return format_html('<time datetime="{}">{}</time>', instant.isoformat(), words.day(instant))
    shown = words.instant(instant, context["board"].policy.timezone)
    return format_html('<time datetime="{}">{}</time>', instant.isoformat(timespec="seconds"), shown)


@register.filter
def categories(names: Iterable[str]) -> str:
    """Return the labels of categories in a row."""
    return words.listed([words.category(name) for name in names])


@register.filter
def ticks(text: str) -> SafeString:
    """Return a text with what stands between backticks as code."""
    parts = [format_html("<code>{}</code>" if n % 2 else "{}", p) for n, p in enumerate(TICKED.split(str(text)))]
    return format_html_join("", "{}", ((p,) for p in parts))


@register.filter
def number(value: int) -> str:
    """Return a whole number with its thousands apart."""
    return f"{value:,}"


@register.simple_tag
def query(**fields: object) -> str:
    """Return a query of the fields that hold something."""
    made = QueryDict(mutable=True)
    made.update({name: str(value) for name, value in fields.items() if value not in ("", None)})
    return f"?{made.urlencode()}" if made else ""
