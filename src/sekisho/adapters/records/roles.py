"""Roles of staff members and what each may do: one closed table, nothing else grants anything.

A permission stands for a page that exists; it is added with its page.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sekisho.ground.errors import BadInput


class Role(StrEnum):
    """What somebody works as."""

    OFFICER = "officer"
    CLERK = "clerk"
    ENGINEER = "engineer"
    AUDITOR = "auditor"


class Permission(StrEnum):
    """What somebody may do at the desk."""

    STORES = "see-stores"
    EVIDENCE = "see-evidence"
    STAFF = "see-staff"


ROLES: Mapping[Role, frozenset[Permission]] = {
    Role.OFFICER: frozenset((Permission.STORES, Permission.EVIDENCE, Permission.STAFF)),
    Role.CLERK: frozenset(),
    Role.ENGINEER: frozenset((Permission.STORES,)),
    Role.AUDITOR: frozenset((Permission.STORES, Permission.EVIDENCE)),
}
"""Role → what it may. Everybody sees the start page and looks after their own password and factors."""


SAYS: Mapping[Permission, str] = {
    Permission.STORES: "see the stores, their last checks and their holes",
    Permission.EVIDENCE: "read the evidence with handles and the words of reasons",
    Permission.STAFF: "see who works at the desk, as what",
}
"""Permission → what it means; the site's words are these, so that they can be translated."""


def role(word: str) -> Role:
    """Return the role of that name; raises BadInput where there is none."""
    try:
        return Role(word)
    except ValueError as error:
        raise BadInput(f"`{word[:60]}` is not a role", help=f"use one of: {', '.join(Role)}") from error
