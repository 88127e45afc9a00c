"""Published versions: the list, each text, what changed between two, and a feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_safe

from sekisho.app.board import Board
from sekisho.app.releases import Published
from sekisho.ground.errors import SekishoError
from sekisho.policy.diff import Difference, diff
from sekisho.policy.model import Policy
from sekisho.web import look, pages, text, words
from sekisho.web.difference import difference


@dataclass(frozen=True, slots=True)
class Shown:
    """A version as the list shows it; one that cannot be read has no day and leads nowhere."""

    version: str
    day: date | None
    effective: date | None
    signatory: str
    digest: str
    sound: bool
    before: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the published versions, newest first."""
    board = look.board()
    made = [_shown(p, q) for p, q in zip_longest(board.versions, board.versions[1:]) if p is not None]
    present = next((v for v in made if v.digest == board.digest), None)
    return pages.show(request, "versions.html", board, versions=made, present=present)


def _shown(one: Published, before: Published | None) -> Shown:
    document = one.document
    by = document.get("signed-by")
    signed = [str(v) for v in (by.get("title"), by.get("name")) if v] if isinstance(by, dict) else []
    return Shown(
        one.version,
        _date(one.version),
        _date(document.get("effective")),
        " ".join(signed),
        one.digest,
        one.sound,
        before.version if before is not None and before.document else "",
    )


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def _find(board: Board, version: str) -> Published:
    found = next((p for p in board.versions if p.version == version), None)
    if found is None:
        raise Http404(version)
    return found


@lru_cache(maxsize=32)
def _policy(version: str, folder: Path, digest: str, sound: bool) -> Policy:
    """Compile a version once for each content hash and verdict; raises Tampered where its texts no longer compile."""
    return Published(version, folder, {}, digest, sound).policy


def _text(one: Published) -> Policy:
    try:
        return _policy(one.version, one.folder, one.digest, one.sound)
    except SekishoError as error:
        raise Http404(one.version) from error


@require_safe
def one(request: HttpRequest, version: str) -> HttpResponse:
    """Show the text of a version as it was published."""
    board = look.board()
    published = _find(board, version)
    policy = _text(published)
    language = text.language_of(policy, get_language() or "")
    older = [p.version for p in board.versions if p.document and p.version < version]
    return pages.show(
        request,
        "version.html",
        board,
        version=_shown(published, None),
        before=max(older, default=""),
        parts=[{"part": p, "kept": None} for p in text.parts(policy, (), language)],
        heading=text.title(policy, language),
        text_language=language,
    )


@require_safe
def compare(request: HttpRequest, old: str, new: str) -> HttpResponse:
    """Show what changed from one version to another, clause by clause."""
    board = look.board()
    before, after = _text(_find(board, old)), _text(_find(board, new))
    language = text.language_of(after, get_language() or "")
    changes = [_change(d, before, after, language) for d in diff(before, after)]
    return pages.show(request, "compare.html", board, old=old, new=new, changes=changes, text_language=language)


def _change(one: Difference, before: Policy, after: Policy, language: str) -> dict[str, object]:
    prose = ["", ""]
    for number, policy in enumerate((before, after)):
        clause = policy.clause(one.clause)
        prose[number] = clause.prose.get(language, clause.prose.get(policy.original, "")) if clause else ""
    return {
        **words.change(one.change),
        "clause": one.clause,
        "reasons": [words.sentence(r, after, language) for r in one.reasons],
        "affects": words.listed([words.subject(after, a, language) for a in one.affects]),
        "approval": one.approval,
        "runs": list(difference(*prose)),
    }


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Return the versions as an Atom feed (RFC 4287)."""
    board = look.board()
    base = f"{request.scheme}://{request.get_host()}{getattr(request, 'prefix', '')}"
    made = Atom1Feed(
        title=board.policy.name,
        link=f"{base}/versions",
        description="",
        language=get_language(),
        feed_url=f"{base}/versions/feed",
        author_name=board.policy.controller.get("name", board.policy.name),
        feed_guid=f"{base}/versions",
    )
    for shown in (_shown(p, None) for p in board.versions if p.sound):
        if shown.day is None or shown.effective is None:
            continue
        made.add_item(
            title=gettext("Version %(version)s") % {"version": shown.version},
            link=f"{base}/versions/{shown.version}",
            description=gettext("In force from %(day)s. Content hash %(digest)s.")
            % {"day": words.day(shown.effective), "digest": shown.digest},
            unique_id=f"{base}/versions/{shown.version}#{shown.digest}",
            updateddate=datetime(shown.day.year, shown.day.month, shown.day.day, tzinfo=UTC),
        )
    return HttpResponse(made.writeString("utf-8"), content_type=f"{Atom1Feed.content_type}")
