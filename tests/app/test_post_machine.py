"""Mail at random beside a plain model: whatever people decide and servers answer, nobody is written to who said no."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mailserver import Receiver, listening
from mailshop import Hands, mail_table, make_shop, person
from sekisho.app.post import Post
from sekisho.app.wire import Workspace
from sekisho.consent.facts import Decision
from sekisho.messages.ports import State
from sekisho.people.model import Place

pytestmark = pytest.mark.unit
MADE: list[Path] = []
KEYS = st.sampled_from(["1", "2"])
PURPOSES = st.sampled_from(["news", "support"])
ANSWERS = st.sampled_from(["451 4.7.1 later", "550 5.1.1 unknown"])


@pytest.fixture(scope="module", autouse=True)
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    MADE[:] = [make_shop(tmp_path_factory.mktemp("machine") / "kites", 1)]
    return MADE[0]


def address(key: str) -> str:
    return f"p{key}@example.jp"


class Mail(RuleBasedStateMachine):
    """The door, a real server, and what a careful clerk would remember."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)) / "kites"
        shutil.copytree(MADE[0], self.folder)
        self.receiver = Receiver()
        self.server = listening(self.receiver)
        table = mail_table(self.server.__enter__().port)
        file = self.folder / "sekisho.toml"
        file.write_text(file.read_text().replace(mail_table(1), table))
        self.clock = Hands()
        self.workspace = Workspace(self.folder, self.clock)
        self.post = Post(self.workspace)
        self.written: dict[str, tuple[str, str]] = {}
        self.yes: dict[tuple[str, str], bool] = {}
        self.stopped: set[tuple[str, str]] = set()
        self.sent: list[str] = []

    def teardown(self) -> None:
        self.server.__exit__(None, None, None)
        shutil.rmtree(self.folder.parent)

    def may(self, key: str, purpose: str) -> bool:
        return self.yes.get((key, purpose), purpose != "news") and (key, purpose) not in self.stopped

    @rule(key=KEYS, purpose=PURPOSES, at_once=st.booleans())
    def write(self, key: str, purpose: str, at_once: bool) -> None:
        id = self.post.write_notice(person(self.workspace, key), address(key), purpose, "versions")
        self.written[id] = (key, purpose)
        if at_once:
            self.flush([], 0)

    @rule(key=KEYS, purpose=PURPOSES, decision=st.sampled_from([Decision.GIVE, Decision.WITHDRAW, Decision.OBJECT]))
    def decide(self, key: str, purpose: str, decision: Decision) -> None:
        self.workspace.decide(Place("shop", "customer", key), purpose, decision)
        self.yes[key, purpose] = decision is Decision.GIVE

    @rule(key=KEYS, purpose=PURPOSES)
    def stop(self, key: str, purpose: str) -> None:
        assert self.post.stop(address(key).upper(), purpose) is ((key, purpose) not in self.stopped)
        self.stopped.add((key, purpose))

    @rule(key=KEYS, purpose=PURPOSES)
    def allow(self, key: str, purpose: str) -> None:
        assert self.post.allow(address(key), purpose) is ((key, purpose) in self.stopped)
        self.stopped.discard((key, purpose))

    @rule(answers=st.lists(ANSWERS, max_size=2), minutes=st.integers(0, 300))
    def deliver(self, answers: list[str], minutes: int) -> None:
        self.flush(answers, minutes)

    def flush(self, answers: list[str], minutes: int) -> None:
        self.clock.later(minutes=minutes)
        self.receiver.rcpt, before = list(answers), len(self.receiver.taken)
        self.post.flush()
        for message in self.receiver.taken[before:]:
            id = message["Message-ID"].strip("<>").split("@")[0]
            assert self.may(*self.written[id])
            self.sent.append(id)

    @invariant()
    def what_went_went_once_and_is_witnessed(self) -> None:
        assert len(self.sent) == len(set(self.sent))
        states = {m.id: m.state for m in self.post.books.queue.all()}
        assert {id for id, state in states.items() if state is State.SENT} == set(self.sent)
        suppressed = sum(state is State.SUPPRESSED for state in states.values())
        assert self.workspace.log.count_by(kind="message-sent") == len(self.sent)
        assert self.workspace.log.count_by(kind="message-suppressed") == suppressed


TestMail = Mail.TestCase
TestMail.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
