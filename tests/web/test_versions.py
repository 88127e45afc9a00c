"""Versions on pages: the list, each text, what changed, the feed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from django.test import Client

from sekisho.app import releases
from sekisho.app.wire import Workspace
from served import Browse

pytestmark = pytest.mark.unit

ATOM = "{http://www.w3.org/2005/Atom}"


def first(studio: Path) -> str:
    return releases.published(Workspace(studio))[-1].version


def test_a_version_is_listed_with_signatory_hash_and_signature(client: Client, studio: Path) -> None:
    (published,) = releases.published(Workspace(studio))
    text = client.get("/en/versions").content.decode()
    assert published.digest in text
    assert "代表取締役 星野 あかり" in text
    assert ">holds<" in text
    assert "is not published" not in text


def test_an_unpublished_change_is_said(browse: Browse, copy: Path) -> None:
    text = (copy / "policy.md").read_text(encoding="utf-8")
    (copy / "policy.md").write_text(
        text.replace("お礼", "感謝").replace("小さなスタジオ", "小さな工房", 1), encoding="utf-8"
    )
    assert "is not published as it stands" in browse(copy).get("/en/versions").content.decode()


def test_a_text_that_was_changed_after_signing_shows(browse: Browse, copy: Path) -> None:
    version = first(copy)
    file = copy / "books" / "releases" / version / "policy.md"
    file.chmod(0o600)
    file.write_text(file.read_text(encoding="utf-8").replace("スタジオです", "会社です", 1), encoding="utf-8")
    client = browse(copy)
    assert ">broken<" in client.get("/en/versions").content.decode()
    assert "the text is not what was signed" in client.get(f"/en/versions/{version}").content.decode()


def test_a_version_that_cannot_be_read_hides_no_other(browse: Browse, copy: Path) -> None:
    shelf = copy / "books" / "releases"
    for name, text in (("2026-10-01", "{"), ("2026-10-02", '{"document": {"effective": 5}, "signature": "00"}')):
        (shelf / name).mkdir()
        (shelf / name / "release.json").write_text(text, encoding="utf-8")
    (shelf / "odd").mkdir()
    client = browse(copy)
    text = client.get("/en/versions").content.decode()
    assert text.count(">broken<") == 3
    assert text.count(">holds<") == 1
    assert client.get("/en/versions/2026-10-01").status_code == 404
    assert client.get("/en/versions/feed").content.decode().count("<entry>") == 1


def test_each_text_stays_reachable_in_both_languages(client: Client, studio: Path) -> None:
    version = first(studio)
    assert "わたしたちは、プログラミング" in client.get(f"/ja/versions/{version}").content.decode()
    assert "We are a small studio" in client.get(f"/en/versions/{version}").content.decode()
    assert client.get("/en/versions/1999-01-01").status_code == 404
    assert client.get("/en/versions/../../etc").status_code == 404


def test_what_was_widened_names_whose_approval_it_needs(browse: Browse, two_versions: Path) -> None:
    old, new = first(two_versions), "2026-12-01"
    client = browse(two_versions)
    assert f'href="/en/versions/{old}/{new}"' in client.get("/en/versions").content.decode()
    text = client.get(f"/en/versions/{old}/{new}").content.decode()
    assert ">widened<" in text
    assert "shipping may now use contact details" in text
    assert "Needs the approval of Customers" in text
    back = client.get(f"/ja/versions/{new}/{old}").content.decode()
    assert ">狭めた<" in back
    assert "承認が必要" not in back
    assert "Nothing differs" in client.get(f"/en/versions/{new}/{new}").content.decode()


def test_the_feed_names_every_version(browse: Browse, two_versions: Path) -> None:
    answer = browse(two_versions).get("/en/versions/feed")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.content)
    assert [e.findtext(f"{ATOM}title") for e in root.iter(f"{ATOM}entry")] == [
        "Version 2026-12-01",
        f"Version {first(two_versions)}",
    ]
    ids = [e.findtext(f"{ATOM}id") for e in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == 2
