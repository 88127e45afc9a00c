"""The way in: an invitation is looked at as often as one likes, and used once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from sekisho.app.desk import Desk
from sekisho.ground import stamp
from staffroom import PASSWORD, code, form_of, send, sign_in


@pytest.fixture
def link(desk: Path) -> str:
    from sekisho.adapters.records import roll
    from sekisho.adapters.records.models import Staff

    made = Staff(name="mika", role="officer", handle="a" * 32)
    return f"/desk/invitation/{roll.add(made, stamp.now())}"


def accept(client: Client, link: str, password: str = PASSWORD) -> int:
    return int(send(client, link, new_password1=password, new_password2=password).status_code)


def test_looking_at_an_invitation_never_uses_it(visitor: Client, link: str) -> None:
    for _ in range(3):
        assert visitor.get(link).status_code == 200
        assert visitor.head(link).status_code == 200
    assert accept(visitor, link, "short") == 200
    assert accept(visitor, link) == 302


def test_an_invitation_is_used_once(visitor: Client, link: str) -> None:
    late = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    token = form_of(late.get(link))
    assert accept(visitor, link) == 302
    fields = {"csrfmiddlewaretoken": token, "new_password1": "x" * 20 + "y", "new_password2": "x" * 20 + "y"}
    assert late.post(link, fields).status_code == 404
    assert late.get(link).status_code == 404


def test_of_many_who_take_an_invitation_at_once_one_comes_in(link: str) -> None:
    from django.db import connection

    from sekisho.adapters.records import roll

    def take(number: int) -> bool:
        try:
            return roll.accept(link.rsplit("/", 1)[1], f"{PASSWORD} {number}", stamp.now()) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(8))) == [False] * 7 + [True]


def test_an_invitation_is_over_after_three_days_or_when_another_is_made(visitor: Client, link: str) -> None:
    from sekisho.adapters.records import roll
    from sekisho.adapters.records.models import Invitation

    renewed = f"/desk/invitation/{roll.invite(roll.member('mika'), stamp.now())}"
    assert visitor.get(link).status_code == 404
    assert visitor.get(renewed).status_code == 200
    Invitation.objects.update(until=stamp.now() - timedelta(seconds=1))
    assert visitor.get(renewed).status_code == 404


def test_a_made_up_invitation_is_as_one_that_is_over(visitor: Client, link: str) -> None:
    assert accept(visitor, link) == 302
    stranger = Client(SERVER_NAME="127.0.0.1")
    assert stranger.get(link).content.count(b"<h1>") == 1
    made_up = stranger.get("/desk/invitation/" + "0" * 64)
    assert made_up.content.replace(b"0" * 64, link.rsplit("/", 1)[1].encode()) == stranger.get(link).content


def test_who_was_invited_sets_up_a_factor_before_anything_else(visitor: Client, link: str, desk: Path) -> None:
    accept(visitor, link)
    for page in ("", "stores", "evidence", "staff", "password"):
        assert visitor.get(f"/desk/{page}").headers["Location"] == "/desk/factors"
    shown = visitor.get("/desk/factors/app")
    secret = re.findall(r'id="secret">(\w+)<', shown.content.decode())[0]
    answer = visitor.post("/desk/factors/app", {"csrfmiddlewaretoken": form_of(shown), "code": code(secret)})
    assert answer.headers["Location"] == "/desk/factors/codes"
    assert visitor.get("/desk/").status_code == 200
    log = Desk(desk).log
    told = [r.entry.fields for r in log.entries(0, log.size) if r.entry is not None and r.kind.startswith("staff-")]
    changes = [f.get("change") or f.get("method") for f in told]
    assert changes == ["invited", "added-totp", "added-recovery_codes"]


def test_who_leaves_before_setting_up_a_factor_stays_outside(visitor: Client, link: str) -> None:
    accept(visitor, link)
    later = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    answer = send(later, "/desk/sign-in", login="mika", password=PASSWORD)
    assert answer.status_code == 403
    assert later.get("/desk/").status_code == 302


def test_an_invitation_that_cannot_be_recorded_is_not_used(visitor: Client, link: str, desk: Path) -> None:
    token = form_of(visitor.get(link))
    for file in (desk / "books").glob("evidence.db*"):
        file.unlink()
    (desk / "books" / "evidence.db").write_bytes(b"this is no ledger" * 100)
    fields = {"csrfmiddlewaretoken": token, "new_password1": PASSWORD, "new_password2": PASSWORD}
    assert visitor.post(link, fields).status_code == 503
    assert visitor.get(link).status_code == 200


def test_somebody_elses_session_ends_when_an_invitation_is_taken(visitor: Client, link: str, enrol: object) -> None:
    sign_in(visitor, enrol("boss"))  # type: ignore[operator]  # a fixture
    accept(visitor, link)
    assert visitor.get("/desk/").headers["Location"] == "/desk/factors"
