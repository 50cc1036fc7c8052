"""What an operator, and the supervisor of one box, read of a service: how far it is and what it
still has to do.
"""

import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psutil

from kit.contracts.refusals import EldercareError
from kit.messaging import measuring, relay
from kit.messaging.consumers import Consumers
from kit.messaging.status import NOTHING_READ, GroupStatus
from kit.messaging.status import status as group_status
from kit.observability import names
from kit.runtime import timers
from kit.runtime.health import Health
from kit.runtime.parts import Parts
from kit.runtime.settings import Settings

_MEASURED_EVERY_S = 5.0
_UNSEALED = "select count(*) from audit_record where position is null"


class Status:
    """Answers `GET /status`."""

    def __init__(
        self,
        settings: Settings,
        parts: Parts,
        health: Health,
        more: Callable[[Parts], Awaitable[dict[str, object]]] | None,
    ) -> None:
        self._settings = settings
        self._parts = parts
        self._health = health
        self._more = more
        self._process = psutil.Process()
        self._epoch = f"{os.getpid()}-{int(self._process.create_time() * 1000)}"
        self._measured_at = float("-inf")
        self.grpc_port = 0
        self.consumers: Consumers | None = None

    async def now(self) -> dict[str, object]:
        """The whole of it; what needs the database is absent where it does not answer."""
        found, _ = await self._look()
        return found

    async def _look(self) -> tuple[dict[str, object], GroupStatus | None]:
        """The whole of it, and beside it how far the group is, where there is one and its database
        answers.
        """
        group: GroupStatus | None = None
        times = self._process.cpu_times()
        found: dict[str, object] = {
            "service": self._settings.service,
            "live": not self._health.stuck,
            "ready": self._health.ready,
            "reason": self._health.reason,
            "schema": self._health.schema,
            "epoch": self._epoch,
            "emitted": self._parts.store.emitted,
            "grpc_port": self.grpc_port,
            "pid": os.getpid(),
            "cpu_s": round(times.user + times.system, 2),
            "rss_mb": round(self._process.memory_info().rss / 1e6, 1),
        }
        if self._health.schema and not self._health.reason.startswith("the schema"):
            try:
                group = await self._group_now()
                found |= await self._remembered(group or NOTHING_READ)
            except (EldercareError, OSError) as error:
                found["reason"] = (
                    found["reason"] or f"the database does not answer: {type(error).__name__}"
                )
                group = None
        return found, group

    async def measure(self) -> None:
        """Sets the gauges that come from the database, at most every five seconds however many
        scrape.
        """
        if time.monotonic() - self._measured_at < _MEASURED_EVERY_S:
            return
        self._measured_at = time.monotonic()
        times = self._process.cpu_times()
        names.CPU.reach(times.user + times.system)
        names.MEMORY.set(self._process.memory_info().rss)
        names.STARTED.set(self._process.create_time())
        _, group = await self._look()
        if self.consumers is not None and group is not None:
            names.WAITING_NOW.set(group["waiting"], group=self.consumers.group)
            names.HELD_NOW.set(group["held"], group=self.consumers.group)
            measuring.measure_positions(self.consumers, group["positions"])
            with suppress(EldercareError, OSError):
                await measuring.measure_parked(self.consumers)

    async def _group_now(self) -> GroupStatus | None:
        if self.consumers is None or not self.consumers.topics:
            return None
        return await group_status(self.consumers)

    async def _remembered(self, group: GroupStatus) -> dict[str, object]:
        store = self._parts.store
        messages, oldest_s = await relay.depth(store)
        due, failing = await timers.due_now(store)
        async with store.reading() as session:
            unsealed = await (await session.driver()).fetchval(_UNSEALED)
        names.UNSEALED.set(unsealed)
        more = await self._more(self._parts) if self._more is not None else {}
        own = {
            "outbox": messages,
            "oldest_s": round(oldest_s, 3),
            "due": due,
            "due_failing": failing,
            "unsealed": unsealed,
        }
        return {**own, **group, **more}
