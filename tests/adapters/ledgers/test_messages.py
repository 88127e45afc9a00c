"""The queue and the do-not-contact list: sealed while it waits, forgotten when it is done, one attempt at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sekisho.adapters.ledgers.messages import DoNotContact, Queue, delivering
from sekisho.adapters.ledgers.messages_schema import open_messages
from sekisho.ground.errors import BadInput, StoreTrouble
from sekisho.messages.address import SENDING, read_address
from sekisho.messages.ports import Secrets, State, Waiting

pytestmark = pytest.mark.unit
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
KEY = b"k" * 32
AOI = "aoi.marker.7f3a@example.jp"
SECRETS = Secrets(read_address(AOI), code="73519264", token="T0kenMarker" * 4, stop="St0pMarker" * 4)


def message(id: str = "m1", at: datetime = NOW) -> Waiting:
    return Waiting(id, "person-1", "news", "code", "en", at, at + timedelta(hours=1))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "messages.db"


@pytest.fixture
def queue(file: Path) -> Queue:
    return Queue(open_messages(file), KEY)


def bytes_of(file: Path) -> bytes:
    return b"".join(p.read_bytes() for p in file.parent.glob("messages.db*"))


def test_what_a_message_carries_waits_sealed_and_is_gone_with_it(queue: Queue, file: Path) -> None:
    queue.put(message(), SECRETS)
    for word in ("marker", "73519264", "T0kenMarker", "St0pMarker"):
        assert word.encode() not in bytes_of(file)
    kept = queue.secrets("m1")
    assert kept is not None
    assert (kept.address.envelope.reveal(SENDING), kept.code, kept.token, kept.stop) == (
        AOI,
        SECRETS.code,
        SECRETS.token,
        SECRETS.stop,
    )
    assert AOI not in repr(kept)
    assert SECRETS.code not in repr(kept)
    queue.claim("m1", "a1", NOW)
    queue.end("m1", "a1", State.SENT, "message 250", NOW)
    assert queue.secrets("m1") is None
    assert queue.all()[0].state is State.SENT


def test_another_key_opens_nothing(queue: Queue, file: Path) -> None:
    queue.put(message(), SECRETS)
    assert Queue(open_messages(file), b"o" * 32).secrets("m1") is None


def test_a_sealed_address_does_not_open_in_another_message(queue: Queue, file: Path) -> None:
    queue.put(message("m1"), SECRETS)
    queue.put(message("m2"), SECRETS)
    engine = open_messages(file)
    with engine.begin() as db:
        db.exec_driver_sql("update message set sealed = (select sealed from message where id = 'm1') where id = 'm2'")
    assert queue.secrets("m1") is not None
    assert queue.secrets("m2") is None


def test_only_the_last_attempt_says_what_became_of_a_message(queue: Queue) -> None:
    queue.put(message(), SECRETS)
    queue.claim("m1", "first", NOW)
    queue.claim("m1", "second", NOW)
    queue.end("m1", "first", State.GIVEN_UP, "late", NOW)
    assert queue.all()[0].state is State.SENDING
    queue.end("m1", "second", State.SENT, "message 250", NOW)
    assert queue.claim("m1", "third", NOW) is None
    assert (queue.all()[0].state, queue.all()[0].attempts) == (State.SENT, 2)


def test_one_process_delivers_at_a_time(tmp_path: Path) -> None:
    with delivering(tmp_path), pytest.raises(StoreTrouble, match="already"), delivering(tmp_path):
        pass
    with delivering(tmp_path):
        pass


def test_what_became_of_messages_is_forgotten_after_a_month(queue: Queue) -> None:
    for id in ("old", "new", "open"):
        queue.put(message(id), SECRETS)
    for id, ended in (("old", NOW), ("new", NOW + timedelta(days=10))):
        queue.claim(id, "a", NOW)
        queue.end(id, "a", State.SENT, "", ended)
    assert queue.drop_old(NOW + timedelta(days=31)) == 1
    assert {m.id for m in queue.all()} == {"new", "open"}


@pytest.fixture
def stops(file: Path) -> DoNotContact:
    return DoNotContact(open_messages(file), KEY)


def test_an_address_is_stopped_for_a_purpose_and_stands_nowhere(stops: DoNotContact, file: Path) -> None:
    mark = stops.mark(read_address(AOI))
    assert stops.stop(mark, "news", "staff", NOW)
    assert not stops.stop(mark, "news", "link", NOW)
    wide = stops.mark(read_address(AOI.upper()))
    assert stops.stopped(wide, "news")
    assert not stops.stopped(wide, "support")
    assert not stops.stopped(stops.mark(read_address("bruno@example.de")), "news")
    assert b"marker" not in bytes_of(file).lower()
    assert stops.count() == {"news": 1}
    assert stops.allow(wide, "news")
    assert not stops.allow(wide, "news")
    assert not stops.stopped(mark, "news")


def test_a_lost_key_is_told_rather_than_a_list_that_seems_empty(stops: DoNotContact, file: Path) -> None:
    stops.stop(stops.mark(read_address(AOI)), "news", "staff", NOW)
    with pytest.raises(BadInput, match="not the key") as wrong:
        DoNotContact(open_messages(file), b"o" * 32)
    assert wrong.value.help
    assert wrong.value.place == "keys/contact"


class Walk(RuleBasedStateMachine):
    """The queue beside a plain dictionary, whoever takes a message and whatever becomes of it."""

    ids = st.sampled_from(["m1", "m2", "m3"])

    def __init__(self) -> None:
        super().__init__()
        self.now, self.model, self.number = NOW, {}, 0  # type: ignore[var-annotated]

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.queue = Queue(open_messages(Path(self.folder.name) / "messages.db"), KEY)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule(id=ids)
    def put(self, id: str) -> None:
        if id not in self.model:
            self.queue.put(message(id, self.now), SECRETS)
            self.model[id] = {"state": State.WAITING, "next": self.now, "attempt": "", "attempts": 0}

    @rule(minutes=st.integers(1, 600))
    def later(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(id=ids)
    def claim(self, id: str) -> None:
        self.number += 1
        kept = self.model.get(id)
        got = self.queue.claim(id, f"a{self.number}", self.now)
        open_ = kept is not None and kept["state"] in (State.WAITING, State.SENDING)
        assert (got is not None) is open_
        if kept is not None and open_:
            kept |= {"state": State.SENDING, "attempt": f"a{self.number}", "attempts": kept["attempts"] + 1}

    @rule(id=ids, back=st.integers(0, 3), counted=st.booleans())
    def release(self, id: str, back: int, counted: bool) -> None:
        attempt = f"a{self.number - back}"
        self.queue.release(id, attempt, self.now + timedelta(minutes=5), "later", counted=counted)
        kept = self.model.get(id)
        if kept is not None and kept["state"] is State.SENDING and kept["attempt"] == attempt:
            kept |= {"state": State.WAITING, "next": self.now + timedelta(minutes=5)}
            kept["attempts"] -= not counted

    @rule(id=ids, back=st.integers(0, 3), state=st.sampled_from([State.SENT, State.GIVEN_UP, State.SUPPRESSED]))
    def end(self, id: str, back: int, state: State) -> None:
        attempt = f"a{self.number - back}"
        self.queue.end(id, attempt, state, "", self.now)
        kept = self.model.get(id)
        if kept is not None and kept["state"] is State.SENDING and kept["attempt"] == attempt:
            kept["state"] = state

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "queue"):
            return
        found = {m.id: (m.state, m.attempts) for m in self.queue.all()}
        assert found == {id: (k["state"], k["attempts"]) for id, k in self.model.items()}
        due = {
            id
            for id, k in self.model.items()
            if k["state"] is State.SENDING or (k["state"] is State.WAITING and k["next"] <= self.now)
        }
        assert set(self.queue.due(self.now)) == due
        for id, kept in self.model.items():
            assert (self.queue.secrets(id) is not None) is (kept["state"] in (State.WAITING, State.SENDING))


TestWalk = Walk.TestCase
TestWalk.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
