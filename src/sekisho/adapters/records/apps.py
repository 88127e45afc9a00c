"""The records as Django knows them."""

from __future__ import annotations

from django.apps import AppConfig


class Records(AppConfig):
    """Staff members and their invitations."""

    name = "sekisho.adapters.records"
    label = "records"
    default_auto_field = "django.db.models.BigAutoField"
