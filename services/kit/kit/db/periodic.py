"""Work on the database that is done again and again, for as long as the service runs."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from kit.db.errors import FAILED
from kit.observability.logs import log


class Periodic:
    """A loop (kit.runtime.loops.Loop) that does its work and rests; what fails of the database is
    tried again after the rest.

    name: in the log. progress: `time.monotonic()` of the last round that ended.
    """

    def __init__(self, name: str, work: Callable[[], Awaitable[object]], pause_s: float) -> None:
        self.name, self.pause_s = name, pause_s
        self.progress = time.monotonic()
        self._work = work
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Works until `stop()`. Raises: whatever is no fault of the database."""
        while not self._stopping.is_set():
            try:
                await self._work()
            except FAILED as error:
                log.warning("a loop rests", loop=self.name, error=type(error).__name__)
            self.progress = time.monotonic()
            try:
                async with asyncio.timeout(self.pause_s):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    def stop(self) -> None:
        """Lets the work under way end."""
        self._stopping.set()
