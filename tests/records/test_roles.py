"""The table of roles: closed, least, and said in words."""

from __future__ import annotations

import pytest

from sekisho.adapters.records.roles import ROLES, SAYS, Permission, Role, role
from sekisho.ground.errors import BadInput
from sekisho.web.desk import words

pytestmark = pytest.mark.unit


def test_every_role_has_its_row_and_its_word() -> None:
    assert set(ROLES) == set(Role) == set(words.ROLES)
    assert words.PERMISSIONS == SAYS
    assert set(SAYS) == set(Permission)


def test_only_an_officer_sees_who_works_here_and_only_two_roles_read_evidence() -> None:
    assert {r for r in Role if Permission.STAFF in ROLES[r]} == {Role.OFFICER}
    assert {r for r in Role if Permission.EVIDENCE in ROLES[r]} == {Role.OFFICER, Role.AUDITOR}
    assert ROLES[Role.CLERK] == frozenset()


def test_a_word_that_is_no_role_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadInput) as caught:
        role("admin")
    assert caught.value.help == "use one of: officer, clerk, engineer, auditor"
