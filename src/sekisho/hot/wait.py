"""Waiting until stores obey: one look at their positions serves everybody who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

from sekisho.ground.errors import SekishoError

PAUSE = 0.02
"""Seconds between two looks while somebody waits."""
PATIENCE = 5.0
"""Seconds that one waits at the most."""


class Positions:
    """How far stores have followed, looked up only while somebody waits for it."""

    def __init__(self, positions: Callable[[], Mapping[str, int]]) -> None:
        self._look, self._found = positions, dict[str, int]()
        self._asked, self._fresh = asyncio.Event(), asyncio.Condition()
        self._waiting = 0

    async def run(self) -> None:
        """Look while somebody waits, until cancelled."""
        while True:
            await self._asked.wait()
            try:
                self._found = dict(await asyncio.to_thread(self._look))
            except SekishoError:
                # who waits is told by the end of their patience
                await asyncio.sleep(PAUSE)
            async with self._fresh:
                self._fresh.notify_all()
            if not self._waiting:
                self._asked.clear()
            await asyncio.sleep(PAUSE)

    async def reached(self, position: int, stores: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return which stores have followed to a position, and which not when patience ended."""
        self._waiting += 1
        self._asked.set()
        try:
            async with asyncio.timeout(PATIENCE), self._fresh:
                await self._fresh.wait_for(lambda: all(self._found.get(s, -1) >= position for s in stores))
        except TimeoutError:
            # what has not followed by now is named as waiting
            pass
        finally:
            self._waiting -= 1
        obeyed = [s for s in stores if self._found.get(s, -1) >= position]
        return obeyed, [s for s in stores if s not in obeyed]
