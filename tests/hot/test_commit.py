"""Group commit: many share one, each keeps its outcome, one that cannot be taken spoils nobody else's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

import pytest

from sekisho.ground.errors import StoreTrouble
from sekisho.hot import commit
from sekisho.hot.commit import GroupCommit
from sekisho.hot.wait import Positions

pytestmark = pytest.mark.unit


def run(take: Callable[[Sequence[int]], Sequence[int]], count: int) -> list[int | BaseException]:
    async def play() -> list[int | BaseException]:
        group = GroupCommit(take)
        task = asyncio.create_task(group.run())
        found = await asyncio.gather(*(group.put(n) for n in range(count)), return_exceptions=True)
        group.stop()
        await task
        return list(found)

    return asyncio.run(play())


def test_what_comes_at_once_shares_a_commit_in_its_order() -> None:
    batches: list[list[int]] = []

    def take(batch: Sequence[int]) -> list[int]:
        batches.append(list(batch))
        return [n * 2 for n in batch]

    assert run(take, 1000) == [n * 2 for n in range(1000)]
    assert [n for b in batches for n in b] == list(range(1000))
    assert len(batches) <= 4
    assert max(map(len, batches)) <= commit.MOST


def test_one_that_cannot_be_taken_spoils_nobody_elses() -> None:
    def take(batch: Sequence[int]) -> list[int]:
        if 7 in batch:
            raise ValueError
        return list(batch)

    found = run(take, 20)
    assert [n for n in found if isinstance(n, int)] == [n for n in range(20) if n != 7]
    assert isinstance(found[7], ValueError)


def test_books_that_are_away_are_told_to_everybody_once() -> None:
    calls: list[int] = []

    def take(batch: Sequence[int]) -> list[int]:
        calls.append(len(batch))
        raise StoreTrouble("away")

    assert all(isinstance(n, StoreTrouble) for n in run(take, 20))
    assert calls == [20]


def test_too_many_are_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "FULL", 10)
    found = run(list, 15)
    assert sum(isinstance(n, StoreTrouble) for n in found) == 5


def test_what_waits_at_the_end_is_taken_and_nothing_after_it() -> None:
    async def play() -> None:
        slow = threading.Event()
        group: GroupCommit[int, int] = GroupCommit(lambda batch: [n * slow.wait(5) for n in batch])
        task = asyncio.create_task(group.run())
        first = asyncio.create_task(group.put(1))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(group.put(2))
        await asyncio.sleep(0.01)
        group.stop()
        with pytest.raises(StoreTrouble):
            await group.put(3)
        slow.set()
        assert await asyncio.gather(first, second) == [1, 2]
        await task

    asyncio.run(asyncio.wait_for(play(), 20))


def test_who_waits_for_stores_is_told_which_follow_and_which_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sekisho.hot.wait.PATIENCE", 0.3)
    looks = iter([{"a": 1}, {"a": 5}])
    last = {"a": 5}

    async def play() -> None:
        positions = Positions(lambda: next(looks, last))
        task = asyncio.create_task(positions.run())
        assert await positions.reached(5, ["a"]) == (["a"], [])
        assert await positions.reached(5, ["a", "b"]) == (["a"], ["b"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(asyncio.wait_for(play(), 20))
