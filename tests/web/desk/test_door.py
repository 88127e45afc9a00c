"""Who gets in, how far, and for how long."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from sekisho.adapters.records.roles import ROLES, Permission, Role
from sekisho.app.desk import NOBODY, Desk
from sekisho.ground import stamp
from staffroom import PASSWORD, Member, code, form_of, send, sign_in

Enrol = Callable[..., Member]
PAGES = {"stores": Permission.STORES, "evidence": Permission.EVIDENCE, "staff": Permission.STAFF}
TOKEN = re.compile(rb'(csrfmiddlewaretoken" value=")\w+')


def another() -> Client:
    return Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)


def again(member: Member) -> Client:
    """Return another browser in which the member is signed in too; a code works once, so this one is forgotten."""
    cache.clear()
    made = another()
    sign_in(made, member)
    return made


def is_in(client: Client) -> bool:
    return client.get("/desk/").status_code == 200


def told(folder: Path, kind: str) -> list[dict[str, Any]]:
    log = Desk(folder).log
    return [dict(r.entry.fields) for r in log.entries(0, log.size) if r.kind == kind and r.entry is not None]


# -- the public pages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/promises", "/evidence", "/verify", "/healthz", "/nowhere"])
def test_a_public_page_sets_no_cookie_and_opens_no_database(visitor: Client, enrol: Enrol, path: str) -> None:
    sign_in(visitor, enrol())
    for client in (another(), visitor):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        assert not answer.cookies
        assert len(asked) == 0
        assert "connect-src" not in answer.headers["Content-Security-Policy"]


# -- who may see what ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_its_pages_and_the_others_are_as_if_they_were_not(
    visitor: Client, enrol: Enrol, role: Role
) -> None:
    sign_in(visitor, enrol(role=role.value))
    nothing = visitor.get("/desk/nothing")
    assert nothing.status_code == 404
    start = visitor.get("/desk/").content.decode()
    for page, permission in PAGES.items():
        answer = visitor.get(f"/desk/{page}")
        if permission in ROLES[role]:
            assert answer.status_code == 200
            assert f'href="/desk/{page}"' in start
        else:
            assert answer.status_code == 404
            assert answer.content.replace(f"/desk/{page}".encode(), b"/desk/nothing") == nothing.content
            assert f'href="/desk/{page}"' not in start


def test_a_stranger_is_led_to_the_sign_in_from_every_page(visitor: Client) -> None:
    from sekisho.web.desk.door import OPEN
    from sekisho.web.desk.urls import urlpatterns

    closed = [p.name for p in urlpatterns if p.name not in OPEN]
    assert len(closed) > 10
    for name in closed:
        path = reverse(name, args=[1] if name == "mfa_remove_webauthn" else [])
        for ask in (visitor.get, visitor.post):
            answer = ask(path)
            refused = answer.status_code == 403 and ask == visitor.post
            assert refused or answer.headers["Location"].startswith("/desk/sign-in"), path
    assert not visitor.cookies


def test_a_password_alone_opens_nothing(visitor: Client, enrol: Enrol) -> None:
    member = enrol()
    send(visitor, "/desk/sign-in", login=member.name, password=PASSWORD)
    assert not is_in(visitor)
    answer = send(visitor, "/desk/sign-in/factor", code="000000")
    assert answer.status_code == 200
    assert not is_in(visitor)
    send(visitor, "/desk/sign-in/factor", code=code(member.secret))
    assert is_in(visitor)


def test_who_has_no_factor_is_refused(visitor: Client, enrol: Enrol, desk: Path) -> None:
    from allauth.mfa.models import Authenticator

    member = enrol()
    Authenticator.objects.all().delete()
    answer = send(visitor, "/desk/sign-in", login=member.name, password=PASSWORD)
    assert answer.status_code == 403
    assert not is_in(visitor)
    assert told(desk, "staff-refused") == [{"actor": member.handle, "code": "no-factor"}]


def test_a_code_works_once(visitor: Client, enrol: Enrol) -> None:
    member = enrol()
    sign_in(visitor, member)
    other = another()
    send(other, "/desk/sign-in", login=member.name, password=PASSWORD)
    send(other, "/desk/sign-in/factor", code=code(member.secret))
    assert not is_in(other)


# -- for how long -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mark", "seconds"), [("seen", 31 * 60), ("began", 12 * 3600 + 1)])
def test_a_session_ends_by_itself(visitor: Client, enrol: Enrol, mark: str, seconds: int) -> None:
    sign_in(visitor, enrol())
    session = visitor.session
    session[mark] = time.time() - seconds
    session.save()
    assert not is_in(visitor)
    assert not is_in(visitor)


def test_sessions_end_when_role_factors_or_the_member_change(visitor: Client, enrol: Enrol) -> None:
    from sekisho.adapters.records import roll

    enrol("boss")
    member = enrol("anna", "engineer")
    for change in (
        lambda: roll.assign(roll.member("anna"), Role.AUDITOR),
        lambda: roll.bump(roll.member("anna")),
        lambda: recovered(member),
        lambda: roll.remove(roll.member("anna")),
    ):
        client = again(member)
        assert is_in(client)
        change()
        assert not is_in(client)


def recovered(member: Member) -> None:
    """Let somebody be invited anew, and give them what they had before, as if they had chosen it again."""
    from allauth.mfa.totp.internal.auth import TOTP

    from sekisho.adapters.records import roll

    of = roll.member(member.name)
    before = of.password
    roll.recover(of, stamp.now())
    assert not is_in(Client(SERVER_NAME="127.0.0.1"))
    type(of).objects.filter(pk=of.pk).update(password=before)
    TOTP.activate(of, member.secret)


def test_another_password_ends_the_other_sessions(visitor: Client, enrol: Enrol, desk: Path) -> None:
    member = enrol()
    sign_in(visitor, member)
    other = again(member)
    fresh = "nine kites above the bay"
    answer = send(visitor, "/desk/password", oldpassword=PASSWORD, password1=fresh, password2=fresh)
    assert answer.status_code == 302, answer.content.decode()
    assert is_in(visitor)
    assert not is_in(other)
    assert [f["change"] for f in told(desk, "staff-changed")] == ["password"]


def test_other_factors_end_the_other_sessions_and_the_last_one_stays(visitor: Client, enrol: Enrol, desk: Path) -> None:
    member = enrol()
    sign_in(visitor, member)
    other = again(member)
    # what changes how one signs in asks for the password again
    asked = visitor.get("/desk/factors/codes/new")
    assert asked.headers["Location"].startswith("/desk/confirm?")
    send(visitor, asked.headers["Location"], password=PASSWORD, next="/desk/factors/codes/new")
    answer = send(visitor, "/desk/factors/codes/new")
    assert answer.status_code == 302
    shown = visitor.get("/desk/factors/codes").content.decode()
    codes = re.findall(r"<li><code>(\d+)</code>", shown)
    assert len(codes) == 10
    assert not re.search(r"<li><code>\d+", visitor.get("/desk/factors/codes").content.decode())
    assert is_in(visitor)
    assert not is_in(other)
    send(visitor, "/desk/factors/app/remove")
    assert visitor.get("/desk/factors/app/remove").status_code == 200
    for left, client in ((True, another()), (False, another())):
        send(client, "/desk/sign-in", login=member.name, password=PASSWORD)
        send(client, "/desk/sign-in/factor", code=codes[0])
        assert is_in(client) is left
    assert [f["change"] for f in told(desk, "staff-changed")] == ["renewed-recovery_codes"]


def test_signing_out_ends_it_by_a_form_alone(visitor: Client, enrol: Enrol, desk: Path) -> None:
    member = enrol()
    sign_in(visitor, member)
    visitor.get("/desk/sign-out")
    assert is_in(visitor)
    kept = visitor.cookies["desk"].value
    send(visitor, "/desk/sign-out")
    visitor.cookies["desk"] = kept
    assert not is_in(visitor)
    assert told(desk, "staff-signed-out") == [{"actor": member.handle, "role": "officer"}]


# -- attacks ------------------------------------------------------------------------------------------------------


def test_a_form_from_elsewhere_is_refused(visitor: Client, enrol: Enrol) -> None:
    member = enrol()
    answer = visitor.post("/desk/sign-in", {"login": member.name, "password": PASSWORD})
    assert answer.status_code == 403
    sign_in(visitor, member)
    assert visitor.post("/desk/sign-out").status_code == 403
    assert is_in(visitor)


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/",
        "//elsewhere.example/",
        "/\\elsewhere.example/",
        "/..\\",
        "/desk/..\\..\\\\elsewhere.example",
        "/desk/..//elsewhere.example",
        "/desk/\t/elsewhere.example",
        "javascript:alert(1)",
        "/",
        "/ja/verify",
    ],
)
def test_a_sign_in_leads_nowhere_else(visitor: Client, enrol: Enrol, target: str) -> None:
    member = enrol()
    token = form_of(visitor.get("/desk/sign-in", {"next": target}))
    fields = {"csrfmiddlewaretoken": token, "login": member.name, "password": PASSWORD, "next": target}
    visitor.post("/desk/sign-in", fields)
    answer = send(visitor, "/desk/sign-in/factor", code=code(member.secret))
    assert answer.headers["Location"] == "/desk/"
    assert visitor.get("/desk/sign-in", {"next": target}).headers["Location"] == "/desk/"


def test_a_sign_in_leads_back_to_the_page_in_its_language(visitor: Client, enrol: Enrol) -> None:
    member = enrol()
    wanted = visitor.get("/ja/desk/stores").headers["Location"]
    assert wanted == "/ja/desk/sign-in?next=%2Fdesk%2Fstores"
    token = form_of(visitor.get(wanted))
    fields = {"csrfmiddlewaretoken": token, "login": member.name, "password": PASSWORD, "next": "/desk/stores"}
    assert visitor.post("/ja/desk/sign-in", fields).headers["Location"] == "/ja/desk/sign-in/factor"
    answer = send(visitor, "/ja/desk/sign-in/factor", code=code(member.secret))
    assert answer.headers["Location"] == "/ja/desk/stores"


def test_pages_are_neither_framed_nor_stored(visitor: Client, enrol: Enrol) -> None:
    sign_in(visitor, enrol())
    for path in ("/desk/", "/desk/sign-out", "/desk/factors", "/desk/nothing"):
        headers = visitor.get(path).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"


def test_a_known_and_an_unknown_name_get_the_same_answer(visitor: Client, enrol: Enrol, desk: Path) -> None:
    member = enrol("anna")
    answers = []
    for name in ("anna", "nobo"):
        cache.clear()  # the limit of the address they share
        client = another()
        said = [send(client, "/desk/sign-in", login=name, password="wrong, wrong, wrong") for _ in range(7)]
        answers.append([TOKEN.sub(b"", a.content).replace(name.encode(), b"NAME") for a in said])
        assert {a.status_code for a in said} == {200}
    assert answers[0] == answers[1]
    refused = told(desk, "staff-refused")
    assert {f["actor"] for f in refused} == {member.handle, NOBODY}
    assert {f["code"] for f in refused} == {"password"}


def test_after_five_wrong_passwords_the_right_one_waits_too(visitor: Client, enrol: Enrol, desk: Path) -> None:
    member = enrol()
    for _ in range(5):
        send(visitor, "/desk/sign-in", login=member.name, password="wrong, wrong, wrong")
    answer = send(another(), "/desk/sign-in", login=member.name.upper(), password=PASSWORD)
    assert answer.status_code == 200
    assert len(told(desk, "staff-refused")) == 5


def test_after_five_wrong_codes_the_right_one_waits_too(visitor: Client, enrol: Enrol, desk: Path) -> None:
    member = enrol()
    send(visitor, "/desk/sign-in", login=member.name, password=PASSWORD)
    for _ in range(5):
        send(visitor, "/desk/sign-in/factor", code="000000")
    send(visitor, "/desk/sign-in/factor", code=code(member.secret))
    assert not is_in(visitor)
    assert {f["code"] for f in told(desk, "staff-refused")} == {"factor"}


# -- what is kept -------------------------------------------------------------------------------------------------


def test_a_sign_in_is_recorded_by_handle_and_never_by_name(visitor: Client, enrol: Enrol, desk: Path) -> None:
    member = enrol("annamaria")
    sign_in(visitor, member)
    assert told(desk, "staff-signed-in") == [{"actor": member.handle, "role": "officer", "method": "totp"}]
    for file in (desk / "books").glob("evidence.db*"):
        assert b"annamaria" not in file.read_bytes()


def test_what_cannot_be_recorded_opens_nothing(visitor: Client, enrol: Enrol, desk: Path) -> None:
    member = enrol()
    send(visitor, "/desk/sign-in", login=member.name, password=PASSWORD)
    token = form_of(visitor.get("/desk/sign-in/factor"))
    for file in (desk / "books").glob("evidence.db*"):
        file.unlink()
    (desk / "books" / "evidence.db").write_bytes(b"this is no ledger" * 100)
    fields = {"csrfmiddlewaretoken": token, "code": code(member.secret)}
    assert visitor.post("/desk/sign-in/factor", fields).status_code == 503
    assert not is_in(visitor)


def test_factors_lie_sealed(enrol: Enrol, desk: Path) -> None:
    member = enrol()
    for file in (desk / "books").glob("desk.db*"):
        assert member.secret.encode() not in file.read_bytes()


def test_the_evidence_is_read_with_the_words_of_its_reasons(visitor: Client, enrol: Enrol) -> None:
    sign_in(visitor, enrol(role="auditor"))
    page = visitor.get("/desk/evidence").content.decode()
    assert "ticket 4711" in page
    assert "ticket 4711" not in another().get("/evidence").content.decode()


def test_whoever_reads_reasons_is_recorded_before(visitor: Client, enrol: Enrol, desk: Path) -> None:
    from sekisho.web.desk import adapter

    member = enrol(role="auditor")
    sign_in(visitor, member)
    visitor.get("/desk/evidence")
    (read,) = told(desk, "reasons-read")
    assert (read["actor"], read["role"]) == (member.handle, "auditor")
    log = Desk(desk).log
    assert all(r.kind == "permit-issued" for seq in read["entries"] for r in log.entries(seq, seq + 1))
    for file in (desk / "books").glob("evidence.db*"):
        file.unlink()
    (desk / "books" / "evidence.db").write_bytes(b"this is no ledger" * 100)
    adapter._desk.cache_clear()  # as another process would find it
    refused = visitor.get("/desk/evidence")
    assert refused.status_code == 503
    assert b"ticket 4711" not in refused.content
