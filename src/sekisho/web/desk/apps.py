"""The desk as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class DeskPages(AppConfig):
    """Pages of the desk, and what they listen to."""

    name = "sekisho.web.desk"
    label = "desk"

    def ready(self) -> None:
        """Listen to what the sign-in says, once its models exist."""
        from sekisho.web.desk.heard import listen  # noqa: PLC0415 - models exist from here on

        listen()
