"""Headers, languages and what is said when the folder cannot be shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from served import Browse

pytestmark = pytest.mark.unit


def test_every_answer_carries_the_strict_headers_and_no_cookie(client: Client) -> None:
    for address in ("/", "/ja/promises", "/evidence", "/nowhere", "/checkpoint", "/notice.json"):
        answer = client.get(address)
        policy = dict(d.strip().split(" ", 1) for d in answer.headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["img-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert "geolocation=()" in answer.headers["Permissions-Policy"]
        assert not answer.cookies


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("ja", "ja"),
        ("en-GB,en;q=0.9,ja;q=0.1", "en"),
        ("fr, ja;q=0.5", "ja"),
        ("fr", "en"),
        ("", "ja"),
        (";;,,q", "en"),
    ],
)
def test_without_a_prefix_the_browser_chooses(client: Client, asked: str, given: str) -> None:
    answer = client.get("/", headers={"accept-language": asked} if asked else {})
    assert answer.headers["Content-Language"] == given
    assert f'<html lang="{given}">' in answer.content.decode()
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_prefix_is_stronger_than_the_browser_and_stays_in_links(client: Client) -> None:
    text = client.get("/en/promises", headers={"accept-language": "ja"}).content.decode()
    assert '<html lang="en">' in text
    assert 'href="/en/evidence"' in text
    assert 'href="/ja/promises"' in text


def test_another_host_is_not_answered(client: Client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_writing_is_refused_where_there_is_nothing_to_write(client: Client) -> None:
    for address in ("/", "/promises", "/evidence", "/versions", "/checkpoint"):
        assert client.post(address, {"x": "y"}).status_code == 405


def test_a_folder_that_no_longer_compiles_is_said_calmly(browse: Browse, copy: Path) -> None:
    client = browse(copy)
    assert client.get("/").status_code == 200
    text = (copy / "policy.md").read_text(encoding="utf-8")
    (copy / "policy.md").write_text(text.replace("because: contract", "because: whim", 1), encoding="utf-8")
    answer = client.get("/en/")
    told = answer.content.decode()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "The policy is being changed" in told
    assert "<code>whim</code> is not a ground" in told
    assert "Traceback" not in told
    assert client.get("/healthz").status_code == 503
    elsewhere = client.get("/ja/", headers={"x-forwarded-for": "203.0.113.9"}).content.decode()
    assert "whim" not in elsewhere
    assert "方針を直しています" in elsewhere
    (copy / "policy.md").write_text(text, encoding="utf-8")
    assert client.get("/").status_code == 200
    assert client.get("/healthz").content == b"ok\n"


def test_no_policy_at_all_is_said_calmly(browse: Browse, tmp_path: Path) -> None:
    client = browse(tmp_path)
    assert client.get("/").status_code == 503
    assert client.get("/nowhere").status_code == 404


def test_a_fault_of_ours_shows_no_traceback(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.raise_request_exception = False
    monkeypatch.setattr("sekisho.web.pages.figures", lambda board: 1 / 0)
    answer = client.get("/en/")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.content.decode()
    assert "ZeroDivision" not in answer.content.decode()
