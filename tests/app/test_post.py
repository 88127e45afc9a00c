"""The mail door of a real folder with a real server: what goes, what does not, what is remembered, whatever crashes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from mailserver import Listening, Receiver, listening
from mailshop import CHILD, NOW, Hands, mail_table, make_shop, person
from sekisho.app.post import Post, keep_mail, words_of
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.ground.errors import BadInput, NotWitnessed
from sekisho.messages.deliver import ATTEMPTS, pause
from sekisho.messages.ports import State, Verdict, Waiting
from sekisho.people.model import Place

pytestmark = pytest.mark.unit
AOI = "aoi.marker@example.jp"
ONE = Place("shop", "customer", "1")
CASE = "case-12"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_shop(tmp_path_factory.mktemp("post") / "kites", 1)


@pytest.fixture
def there() -> Iterator[Listening]:
    with listening(Receiver()) as server:
        yield server


@pytest.fixture
def folder(made: Path, there: Listening, tmp_path: Path) -> Path:
    root = Path(shutil.copytree(made, tmp_path / "kites"))
    settings = root / "sekisho.toml"
    settings.write_text(settings.read_text().replace(mail_table(1), mail_table(there.port)))
    return root


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def workspace(folder: Path, clock: Hands) -> Workspace:
    return Workspace(folder, clock)


@pytest.fixture
def post(workspace: Workspace) -> Post:
    return Post(workspace)


def entries(workspace: Workspace, kind: str) -> list[dict[str, object]]:
    found = workspace.log.entries(0, workspace.log.size)
    return [dict(r.entry.fields) for r in found if r.kind == kind and r.entry is not None]


def states(post: Post) -> list[tuple[str, str]]:
    return [(m.state.value, m.outcome) for m in post.books.queue.all()]


def test_a_code_goes_to_its_person_and_opens_its_case(post: Post, workspace: Workspace, there: Listening) -> None:
    post.write_code(person(workspace), AOI, "answer-requests", CASE)
    assert post.flush().sent == 1
    (taken,) = there.receiver.taken
    code = re.search(r"\d{4} \d{4}", taken.get_content())
    assert code is not None
    assert "to answer a request about your own data" in taken.get_content()
    assert post.books.once.use_code(CASE, "answer-requests", code[0], NOW)
    assert states(post) == [("sent", "message 250")]


def test_what_is_sent_is_witnessed_by_handle_without_an_address(
    post: Post, workspace: Workspace, there: Listening
) -> None:
    id = post.write_link(person(workspace), AOI, "support", CASE)
    post.flush()
    (entry,) = entries(workspace, "message-sent")
    handle = workspace.people.handles_of([person(workspace)])[person(workspace)]
    assert {k: entry[k] for k in ("person", "purpose", "clause", "template", "attempt")} == {
        "person": handle,
        "purpose": "support",
        "clause": "support",
        "template": "link",
        "attempt": 1,
    }
    assert there.receiver.taken[0]["Message-ID"] == f"<{id}@kites.example>"
    for file in workspace.settings.books.rglob("*"):
        assert not file.is_file() or b"marker" not in file.read_bytes()


def test_a_notice_for_an_optional_purpose_is_stopped_by_its_link(
    post: Post, workspace: Workspace, there: Listening
) -> None:
    workspace.decide(ONE, "news", Decision.GIVE)
    post.write_notice(person(workspace), AOI, "news", "versions")
    post.flush()
    (taken,) = there.receiver.taken
    stop = re.fullmatch(r"<https://privacy\.kites\.example/go/([\w-]{43})>", taken["List-Unsubscribe"])
    assert stop is not None
    assert taken["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stop[1] in taken.get_content()
    assert "https://privacy.kites.example/versions" in taken.get_content()
    assert "We write news to those who said yes." in taken.get_content()
    post.write_notice(person(workspace), AOI.upper(), "news", "versions")
    assert post.books.once.use_link(stop[1], NOW) is not None
    assert post.flush().suppressed == 1
    assert len(there.receiver.taken) == 1
    (entry,) = entries(workspace, "message-suppressed")
    assert (entry["reason"], entry["clause"]) == ("do-not-contact", "news-mail")


def test_a_withdrawal_after_writing_keeps_the_message_from_going(
    post: Post, workspace: Workspace, there: Listening
) -> None:
    workspace.decide(ONE, "news", Decision.GIVE)
    post.write_notice(person(workspace), AOI, "news", "policy")
    workspace.decide(ONE, "news", Decision.WITHDRAW)
    assert post.flush().suppressed == 1
    assert there.receiver.taken == []
    assert entries(workspace, "message-suppressed")[0]["reason"] == "not-standing"


@pytest.mark.parametrize(
    ("key", "purpose", "may"),
    [
        ("1", "support", True),
        ("1", "news", False),
        ("1", "shipping", False),
        ("1", "ask-consent", True),
        ("1", "warn-people", True),
        ("1", "migration", False),
        ("1", "gone", False),
        (CHILD, "support", False),
        (CHILD, "answer-requests", True),
    ],
)
def test_who_may_be_written_to_for_what(post: Post, workspace: Workspace, key: str, purpose: str, may: bool) -> None:
    assert post.may_write(person(workspace, key), purpose) is may


def test_a_stranger_is_never_written_to(post: Post, workspace: Workspace, there: Listening) -> None:
    assert not post.may_write("0" * 32, "support")
    workspace.people.forget(person(workspace, "2"))
    post.write_code("0" * 32, AOI, "answer-requests", CASE)
    assert post.flush().suppressed == 1
    assert there.receiver.taken == []


def test_a_store_that_is_away_says_neither_yes_nor_no(
    post: Post, workspace: Workspace, there: Listening, clock: Hands
) -> None:
    store = workspace.root / "shop.db"
    post.write_link(person(workspace), AOI, "support", CASE)
    store.rename(store.with_suffix(".away"))
    assert post.flush().waiting == 1
    assert states(post) == [("waiting", "standing-unknown")]
    store.with_suffix(".away").rename(store)
    clock.later(minutes=2)
    assert post.flush().sent == 1


def test_greylisting_is_waited_out(post: Post, workspace: Workspace, there: Listening, clock: Hands) -> None:
    there.receiver.rcpt = ["451 4.7.1 greylisted"] * 2
    id = post.write_link(person(workspace), AOI, "support", CASE)
    assert post.flush().waiting == 1
    assert entries(workspace, "message-sent") == []
    assert post.flush().sent == 0
    clock.later(seconds=61)
    assert post.flush().waiting == 1
    clock.later(seconds=61)
    assert post.flush().sent == 0
    clock.later(seconds=61)
    assert post.flush().sent == 1
    (message,) = post.books.queue.all()
    assert (message.id, message.attempts) == (id, 3)


def test_a_message_is_given_up_in_the_end_and_pauses_grow_until_then() -> None:
    pauses = [pause(n) for n in range(1, ATTEMPTS + 1)]
    assert pauses == sorted(pauses)
    assert pauses[0].total_seconds() == 60
    assert pauses[-1].total_seconds() == 4 * 3600


def test_twelve_times_later_is_never(post: Post, workspace: Workspace, there: Listening, clock: Hands) -> None:
    there.receiver.rcpt = ["451 4.7.1 later"] * ATTEMPTS
    post.write_link(person(workspace), AOI, "support", CASE)
    for _ in range(ATTEMPTS):
        post.flush()
        clock.later(hours=4)
    assert states(post) == [("given-up", "recipient 451 4.7.1")]


def test_a_refusal_is_final_and_the_next_message_goes(post: Post, workspace: Workspace, there: Listening) -> None:
    there.receiver.rcpt = ["550 5.1.1 no such mailbox"]
    post.write_link(person(workspace), AOI, "support", CASE)
    post.write_link(person(workspace, "2"), "bruno@example.de", "support", "case-13")
    tally = post.flush()
    assert (tally.given_up, tally.sent) == (1, 1)
    assert post.books.queue.all()[0].state in (State.GIVEN_UP, State.SENT)


def test_a_server_that_is_away_burns_no_attempt_and_stops_the_round(
    post: Post, workspace: Workspace, folder: Path, clock: Hands
) -> None:
    for case in ("case-1", "case-2"):
        post.write_link(person(workspace), AOI, "support", case)
    settings = folder / "sekisho.toml"
    settings.write_text(re.sub(r"port = \d+", "port = 1", settings.read_text()))
    away = Post(Workspace(folder, clock)).flush()
    assert away.waiting == 1
    assert away.trouble is not None
    assert away.trouble.verdict is Verdict.AWAY
    assert [m.attempts for m in post.books.queue.all()] == [0, 0]
    clock.later(minutes=2)
    assert post.flush().sent == 2


def test_a_code_that_is_past_is_not_sent(post: Post, workspace: Workspace, there: Listening, clock: Hands) -> None:
    post.write_code(person(workspace), AOI, "answer-requests", CASE)
    clock.later(minutes=10)
    assert post.flush().given_up == 1
    assert there.receiver.taken == []
    assert states(post) == [("given-up", "too-late")]


def test_what_cannot_be_witnessed_is_not_sent(
    post: Post, workspace: Workspace, there: Listening, clock: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.write_link(person(workspace), AOI, "support", CASE)

    def full(*given: object) -> None:
        raise NotWitnessed

    with monkeypatch.context() as broken:
        broken.setattr(workspace.log, "append", full)
        with pytest.raises(NotWitnessed):
            post.flush()
    assert there.receiver.taken == []
    assert states(post) == [("waiting", "not-witnessed")]
    clock.later(minutes=2)
    assert post.flush().sent == 1


def test_a_yes_that_was_not_heard_brings_the_same_message_again(
    post: Post, workspace: Workspace, there: Listening, clock: Hands
) -> None:
    there.receiver.data = ["take and drop"]
    post.write_link(person(workspace), AOI, "support", CASE)
    assert post.flush().waiting == 1
    clock.later(minutes=2)
    assert post.flush().sent == 1
    first, second = there.receiver.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes() == second.as_bytes()
    assert [e["attempt"] for e in entries(workspace, "message-sent")] == [1, 2]


KILLED = """
import os, signal, sys
from pathlib import Path
from datetime import UTC, datetime
from sekisho.adapters.ledgers.messages import Queue
from sekisho.adapters.outside.smtp import SmtpDoor
from sekisho.app.post import Post, keep_mail, words_of
from sekisho.app.wire import Workspace

where = {"claim": Queue, "end": Queue, "_data": SmtpDoor, "sent": Post, "may_write": Post}[sys.argv[2]]
kept = getattr(where, sys.argv[2])


def die(*given, **more):
    if sys.argv[3] == "after":
        kept(*given, **more)
    os.kill(os.getpid(), signal.SIGKILL)


setattr(where, sys.argv[2], die)
Post(Workspace(Path(sys.argv[1]), lambda: datetime(2026, 12, 1, 9, tzinfo=UTC))).flush()
"""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["claim", "may_write", "sent", "_data", "end"])
def test_killed_at_any_step_the_message_goes_and_is_the_same_message(
    step: str, when: str, post: Post, workspace: Workspace, there: Listening, folder: Path
) -> None:
    id = post.write_link(person(workspace), AOI, "support", CASE)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), step, when], env=dict(os.environ), check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    over = (step, when) == ("end", "after")
    assert post.flush().sent == (0 if over else 1)
    taken = [m["Message-ID"] for m in there.receiver.taken]
    twice = (step, when) in (("_data", "after"), ("end", "before"))
    assert taken == [f"<{id}@kites.example>"] * (2 if twice else 1)
    assert states(post) == [("sent", "message 250")]
    # what went out was witnessed each time, before it went
    assert len(entries(workspace, "message-sent")) >= len(taken)


def test_a_test_message_says_each_step_and_is_witnessed(post: Post, workspace: Workspace, there: Listening) -> None:
    steps: list[str] = []
    handed = post.test("owner@kites.example", lambda step, says: steps.append(step), "ja")
    assert handed.verdict is Verdict.TAKEN
    assert steps == ["connect", "sender", "recipient", "message"]
    assert "試しのメール" in there.receiver.taken[0]["Subject"]
    assert entries(workspace, "message-sent")[0]["template"] == "test"


def test_the_words_of_a_clause_are_plain_in_a_message(post: Post, workspace: Workspace, there: Listening) -> None:
    post.write_link(person(workspace), AOI, "support", CASE, "ja")
    post.flush()
    assert "お買い上げ" not in there.receiver.taken[0].get_content()
    assert words_of(workspace.policy, "shipping", "en") == "We send what you bought."


@pytest.mark.parametrize("purpose", ["comply-with-law", "warn-people", "migration"])
def test_a_duty_is_not_stopped(post: Post, purpose: str) -> None:
    with pytest.raises(BadInput, match="cannot be stopped"):
        post.stop(AOI, purpose)


def test_what_makes_no_message_is_bad_input_and_queues_nothing(post: Post, workspace: Workspace) -> None:
    who = person(workspace)
    for call, says in (
        (lambda: post.write_code(who, AOI, "nothing", CASE), "`nothing` is not a purpose"),
        (lambda: post.write_code(who, "nobody", "support", CASE), "not an e-mail address"),
        (lambda: post.write_code(who, AOI, "support", "for Aoi Tanabe"), "does not name a case"),
        (lambda: post.write_notice(who, AOI, "support", "https://evil.example"), "not a page"),
    ):
        with pytest.raises(BadInput, match=says):
            call()
    assert post.books.queue.all() == []


def test_without_a_mail_table_nothing_is_written(folder: Path) -> None:
    settings = folder / "sekisho.toml"
    settings.write_text(settings.read_text().split("[mail]")[0])
    workspace = Workspace(folder)
    with pytest.raises(BadInput, match="no mail server") as wrong:
        Post(workspace).write_code(person(workspace), AOI, "support", CASE)
    assert wrong.value.help


def test_the_keeper_is_told_only_what_keeps_mail_from_going(
    post: Post, workspace: Workspace, there: Listening, folder: Path, clock: Hands
) -> None:
    assert keep_mail(workspace) == ""
    assert not post.books.begun
    there.receiver.rcpt = ["451 4.7.1 greylisted"]
    post.write_link(person(workspace), AOI, "support", CASE)
    assert keep_mail(workspace) == ""
    clock.later(minutes=2)
    settings = folder / "sekisho.toml"
    settings.write_text(re.sub(r"port = \d+", "port = 1", settings.read_text()))
    assert "nothing listens" in keep_mail(Workspace(folder, clock))
    clock.later(minutes=2)
    assert keep_mail(workspace) == ""
    assert len(there.receiver.taken) == 1


def test_a_round_begins_no_message_after_its_patience(
    post: Post, workspace: Workspace, there: Listening, clock: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    for case in ("case-1", "case-2", "case-3"):
        post.write_link(person(workspace), AOI, "support", case)
    witnessed = post.sent

    def slowly(message: Waiting) -> None:
        witnessed(message)
        clock.later(seconds=15)

    monkeypatch.setattr(post, "sent", slowly)
    assert post.flush(timedelta(seconds=20)).sent == 2
    assert post.flush(timedelta(seconds=20)).sent == 1


def test_a_sender_that_no_server_takes_is_told_with_its_place(folder: Path) -> None:
    settings = folder / "sekisho.toml"
    settings.write_text(settings.read_text().replace("desk@kites.example", "desk@-kites.example"))
    with pytest.raises(BadInput, match="`from` or `reply-to`") as wrong:
        Post(Workspace(folder)).test("owner@kites.example", lambda step, says: None)
    assert wrong.value.place == "sekisho.toml [mail]"
