"""Sentences that remember how they were made, so that a page can say them in another language.

A sentence is its English text, with the template and the values it was filled with beside it. The template is the
message's name in a catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping

Value = str | tuple[str, ...]


class Sentence(str):
    """An English sentence; `template` and `values` say how it was made. Lists of names are joined with commas.

    >>> Sentence("%(who)s sees %(what)s", who="news", what=("name", "age.band"))
    'news sees name, age.band'
    """

    __slots__ = ("template", "values")

    template: str
    values: Mapping[str, Value]

    def __new__(cls, template: str, **values: Value) -> Sentence:
        """Fill the template."""
        shown = {name: value if isinstance(value, str) else ", ".join(value) for name, value in values.items()}
        made = super().__new__(cls, template % shown)
        made.template, made.values = template, values
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Value]]:
        """Copy and pickle by template and values."""
        return (self.template,), dict(self.values)
