"""Documents for machines say what pages say."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from hostile import HOSTILE
from sekisho.app.wire import Workspace
from sekisho.evidence import note as notes
from served import Browse

pytestmark = pytest.mark.unit


def test_the_notice_is_json_and_markdown_in_both_languages(client: Client, studio: Path) -> None:
    english = json.loads(client.get("/en/notice.json").content)
    assert english["version"] == Workspace(studio).policy.version.isoformat()
    assert {c["id"]: c for c in english["clauses"]}["news"]["evidence"] > 0
    assert (
        "お送りします"
        in {c["id"]: c for c in json.loads(client.get("/ja/notice.json").content)["clauses"]}["news"]["text"]
    )
    assert client.get("/en/notice.md").content.decode().startswith("# Privacy policy")


def test_the_newest_checkpoint_is_signed_by_the_key_that_is_shown(client: Client, studio: Path) -> None:
    key = notes.Key.parse(client.get("/evidence/key").content.decode())
    note = client.get("/checkpoint").content.decode()
    assert notes.verify(note, key) is not None
    assert notes.Checkpoint.parse(note).size == Workspace(studio).log.size


def test_security_txt_has_what_the_standard_demands_and_is_true(client: Client) -> None:
    lines = client.get("/.well-known/security.txt").content.decode().splitlines()
    fields = dict(line.split(": ", 1) for line in lines)
    assert fields["Contact"] == "mailto:privacy@hoshizora.example"
    assert datetime.fromisoformat(fields["Expires"]) > datetime.now(UTC)


def test_what_is_not_there_is_not_claimed(browse: Browse, tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_text(HOSTILE.replace('email: "x@example.com"\n', ""), encoding="utf-8")
    client = browse(tmp_path)
    assert client.get("/.well-known/security.txt").status_code == 404
    assert client.get("/checkpoint").status_code == 404
