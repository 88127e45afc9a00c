"""Forms of the desk where they say more, or less, than the library's."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from django.utils.translation import gettext

from sekisho.adapters.records.names import folded


class SignIn(LoginForm):  # type: ignore[misc]  # the library has no types
    """Name and password; names are read without width and case, as the roll keeps them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = gettext("Name")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def clean_login(self) -> str:
        """Return the name as it is kept."""
        return folded(str(super().clean_login()))
