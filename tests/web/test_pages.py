"""The public pages: what they show, in which language, and what hostile text does to them."""

from __future__ import annotations

import re
import sqlite3
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client

from hostile import HOSTILE
from sekisho.app.wire import Workspace
from sekisho.evidence import note as notes
from sekisho.policy.coverage import State, figures
from served import Browse

pytestmark = pytest.mark.unit

PAGES = ("/", "/promises", "/data-map", "/evidence", "/evidence/0", "/versions", "/verify")
VOID = {"meta", "link", "br", "input", "path", "rect", "img", "hr"}


class Shape(HTMLParser):
    """Counts what a page is made of, and notes tags that are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def html(client: Client, address: str, status: int = 200, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_is_whole_and_says_its_language(client: Client, page: str, language: str) -> None:
    text = html(client, f"/{language}{page}")
    shape = Shape(text)
    assert (shape.wrong, shape.open) == ([], [])
    assert shape.tags[0] == ("html", {"lang": language})
    assert [t for t, _ in shape.tags].count("h1") == 1
    ids = [a["id"] for _, a in shape.tags if "id" in a]
    assert len(ids) == len(set(ids))
    assert not [t for t, a in shape.tags if t == "script" or "style" in a or any(n.startswith("on") for n in a)]
    alternates = {a["hreflang"]: a["href"] for t, a in shape.tags if t == "link" and "hreflang" in a}
    assert set(alternates) == {"ja", "en", "x-default"}
    assert alternates["ja"] == f"http://127.0.0.1/ja{page}"


@pytest.mark.parametrize("page", PAGES)
def test_every_link_of_a_page_leads_somewhere(client: Client, page: str) -> None:
    shape = Shape(html(client, f"/en{page}"))
    targets = {a["href"] or "" for t, a in shape.tags if t in ("a", "link") and "href" in a}
    inside = {t.split("#")[0].removeprefix("http://127.0.0.1") for t in targets}
    for target in sorted(i for i in inside if i.startswith("/")):
        answer = client.get(target)
        answer.close()
        assert answer.status_code == 200, target


def test_the_policy_shows_each_clause_with_how_it_is_kept(client: Client, studio: Path) -> None:
    text = html(client, "/en/")
    workspace = Workspace(studio)
    kept = workspace.kept()[0]
    for clause in workspace.policy.clauses:
        assert f'id="{clause.id}"' in text
    assert text.count("<details") == sum(k.state is not State.PROSE for k in kept)
    section = text[text.index('id="news"') :]
    section = section[: section.index("</section>")]
    count = next(k.count for k in kept if k.clause == "news")
    assert "kept by the database" in section
    assert f"{count:,} entries of evidence" in section
    assert '<a href="/en/evidence?clause=news">' in section
    assert "sees e-mail address, name of Customers who said yes" in section


def test_the_policy_in_japanese_says_rules_in_japanese(client: Client) -> None:
    text = html(client, "/ja/")
    assert "データベースが守る" in text
    assert "目的 news は、お客さまのうち「はい」と言った方のメールアドレス、氏名を見ます" in text
    assert "purpose news sees" not in text


def test_figures_are_those_of_coverage_and_prose_is_apart(client: Client, studio: Path) -> None:
    found = figures(Workspace(studio).kept()[0])
    text = html(client, "/en/promises")
    shown = re.findall(r"<b>(\d+)</b><span><span[^>]*></span>([^<]+)</span>", text)
    assert {label: int(n) for n, label in shown} == {
        "kept by the database": found.by_state[State.ENFORCED],
        "kept by people": found.by_state[State.BY_PEOPLE],
        "compiled, not applied": found.by_state[State.NOT_APPLIED],
        "no keeper yet": found.by_state[State.NO_KEEPER],
        "broken": found.by_state[State.BROKEN],
        "prose": found.by_state[State.PROSE],
    }
    assert f"{found.kept} of {found.promising} clauses that promise something are kept." in text


def test_the_page_says_what_a_thief_of_the_file_could_read(client: Client) -> None:
    text = html(client, "/en/")
    assert "whoever can open or steal the file reads all of it" in text
    assert "date of birth" in text
    assert "盗んだ者は、すべてを読めます" in html(client, "/ja/")


def test_the_contact_desk_comes_from_the_policy(client: Client) -> None:
    text = html(client, "/en/")
    assert 'href="mailto:privacy@hoshizora.example"' in text
    assert "050-0000-0000" in text


def test_no_cosigner_is_said_plainly(client: Client) -> None:
    assert "not cosigned outside" in html(client, "/en/promises")


def test_a_cosigner_is_named_with_what_it_signed(browse: Browse, copy: Path) -> None:
    workspace = Workspace(copy)
    text = workspace.log.checkpoint(workspace.signer)
    auditor = notes.Signer("auditor.example", bytes(range(32)), notes.COSIGNATURE)
    point = notes.Checkpoint.parse(text)
    now = workspace.clock()
    signed = text + auditor.sign(point.text, int(now.timestamp()))
    workspace.log.cosigned(signed, workspace.signer.key, auditor.key, now)
    page = html(browse(copy), "/en/promises")
    assert f"auditor.example signed the log at {point.size:,} entries" in page
    assert "not cosigned outside" not in page


def test_why_a_store_differs_is_told_to_nobody_elsewhere(browse: Browse, copy: Path) -> None:
    with sqlite3.connect(copy / "shop.db") as db:
        db.execute("alter table customers add column shoe_size text")
    db.close()
    client = browse(copy)
    assert "shoe_size" in html(client, "/en/promises")
    assert "shoe_size" not in html(client, "/en/promises", **{"x-forwarded-for": "203.0.113.9"})


def test_a_store_that_was_changed_shows_as_broken(browse: Browse, copy: Path) -> None:
    Workspace(copy).remove("shop")
    text = html(browse(copy), "/en/promises")
    assert "not applied" in text
    assert "kept by the database</span></td>" not in text.split('id="all"')[0].split('id="stores"')[1]


def test_the_map_is_a_picture_and_a_table(client: Client) -> None:
    text = html(client, "/en/data-map")
    assert '<svg viewBox="0 0 910' in text
    assert '<title id="flow-title">' in text
    rows = re.findall(r"<tr><td><code>shop</code></td><td>([^<]+)</td><td><code>([^<]+)</code>", text)
    assert ("e-mail address", "news") in rows
    assert ("date of birth", "support") not in rows
    assert text.count('class="band') == 2 * len(rows)


def test_there_is_no_such_page(client: Client) -> None:
    assert "There is no such page" in html(client, "/en/nowhere", 404)
    assert "そのページはありません" in html(client, "/ja/nowhere", 404)
    html(client, "/ja/evidence/99999999", 404)
    html(client, "/evidence/-1", 404)
    html(client, "/fr/", 404)


def test_hostile_text_stays_text(browse: Browse, tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_text(HOSTILE, encoding="utf-8")
    client = browse(tmp_path)
    for page in ("/", "/promises", "/data-map", "/versions", "/evidence", "/verify"):
        for language in ("ja", "en"):
            shape = Shape(html(client, f"/{language}{page}"))
            tags = {t for t, _ in shape.tags}
            assert not tags & {"script", "iframe", "b"} - ({"b"} if page in ("/", "/promises") else set()), page
            assert not [a for _, a in shape.tags if any(n.startswith("on") for n in a)]
            assert not [a for _, a in shape.tags if (a.get("href") or "").startswith(("javascript:", "data:"))]


def test_an_empty_folder_says_what_to_do_next(browse: Browse, tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_text(HOSTILE, encoding="utf-8")
    client = browse(tmp_path)
    assert "sekisho policy publish" in html(client, "/en/versions")
    assert "sekisho gate apply" in html(client, "/en/evidence")
    assert "No store is set up" in html(client, "/en/promises")
    assert "Nothing is mapped yet" in html(client, "/en/data-map")


def test_a_language_without_a_text_shows_the_original_and_says_so(browse: Browse, tmp_path: Path) -> None:
    (tmp_path / "policy.md").write_text(HOSTILE.replace("---\n\n# <", "original: en\n---\n\n# <", 1), encoding="utf-8")
    text = html(browse(tmp_path), "/ja/")
    assert "これは原文です" in text
    assert '<div class="prose" lang="en">' in text
