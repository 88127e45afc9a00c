"""Group commit: requests that come in while one commit is under way share the next one, each with its own outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from sekisho.ground.errors import SekishoError, StoreTrouble

Asked = TypeVar("Asked")
Given = TypeVar("Given")

DELAY = 0.002
"""Seconds that a commit waits for others to join, at the most, when the one before it was larger."""
MOST = 512
"""Requests a commit."""
FULL = 8192
"""Requests that may wait; more are sent away, so that memory and patience are bounded."""


class GroupCommit(Generic[Asked, Given]):
    """Puts requests together; `take` makes them durable in a thread of its own, all or none, in their order."""

    def __init__(self, take: Callable[[Sequence[Asked]], Sequence[Given]], delay: float = DELAY) -> None:
        self._take, self._delay = take, delay
        self._waiting: list[tuple[Asked, asyncio.Future[Given]]] = []
        self._some = asyncio.Event()
        self._before, self._over = 0, False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="commit")

    async def put(self, asked: Asked) -> Given:
        """Return what became of a request once it is durable; raises StoreTrouble where too many wait."""
        if len(self._waiting) >= FULL or self._over:
            raise StoreTrouble("too many requests wait, or this is closing", help="try again in a moment")
        outcome: asyncio.Future[Given] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, outcome))
        self._some.set()
        return await outcome

    def stop(self) -> None:
        """Take nothing more; what waits is still committed, then `run` ends."""
        self._over = True
        self._some.set()

    async def run(self) -> None:
        """Commit what waits, again and again, until stopped."""
        while self._waiting or not self._over:
            await self._some.wait()
            if len(self._waiting) < self._before and not self._over:
                await asyncio.sleep(self._delay)
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if not self._waiting and not self._over:
                self._some.clear()
            self._before = len(batch)
            if batch:
                await self._commit(batch)
        self._thread.shutdown()

    async def _commit(self, batch: list[tuple[Asked, asyncio.Future[Given]]]) -> None:
        loop = asyncio.get_running_loop()
        try:
            given = await loop.run_in_executor(self._thread, self._take, [asked for asked, _ in batch])
        except SekishoError as error:
            _fail(batch, error)
        except Exception as error:  # noqa: BLE001 - one request must not spoil those that share its commit
            if len(batch) == 1:
                _fail(batch, error)
                return
            for one in batch:
                await self._commit([one])
        else:
            for (_, outcome), value in zip(batch, given, strict=True):
                if not outcome.done():
                    outcome.set_result(value)


def _fail(batch: Sequence[tuple[object, asyncio.Future[Given]]], error: Exception) -> None:
    for _, outcome in batch:
        if not outcome.done():
            outcome.set_exception(error)
