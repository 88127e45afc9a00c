"""The words of the desk: roles, permissions, factors and changes, named so that catalogues can translate them."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_noop

from sekisho.adapters.records.roles import Permission, Role

ROLES: Mapping[Role, str] = {
    Role.OFFICER: gettext_noop("officer"),
    Role.CLERK: gettext_noop("clerk"),
    Role.ENGINEER: gettext_noop("engineer"),
    Role.AUDITOR: gettext_noop("auditor"),
}
"""Role → label."""

PERMISSIONS: Mapping[Permission, str] = {
    Permission.STORES: gettext_noop("see the stores, their last checks and their holes"),
    Permission.EVIDENCE: gettext_noop("read the evidence with handles and the words of reasons"),
    Permission.STAFF: gettext_noop("see who works at the desk, as what"),
}
"""Permission → what it means."""

FACTORS: Mapping[str, str] = {
    "totp": gettext_noop("authenticator app"),
    "webauthn": gettext_noop("passkey"),
    "recovery_codes": gettext_noop("recovery codes"),
}
"""Factor → label."""
