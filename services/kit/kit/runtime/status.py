"""What an operator, and the supervisor of one box, read of a service: how far it is and what it
still has to do.
"""

import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import psutil

from kit.contracts.refusals import EldercareError
from kit.messaging import measuring, relay
from kit.messaging.consumers import Consumers
from kit.messaging.status import status as events_status
from kit.observability import names
from kit.runtime import timers
from kit.runtime.health import Health
from kit.runtime.parts import Parts
from kit.runtime.settings import Settings

_MEASURED_EVERY_S = 5.0


class Status:
    """Answers `GET /status`."""

    def __init__(
        self,
        settings: Settings,
        parts: Parts,
        health: Health,
        more: Callable[[Parts], Awaitable[dict[str, Any]]] | None,
    ) -> None:
        self._settings, self._parts, self._health, self._more = settings, parts, health, more
        self._process = psutil.Process()
        self._epoch = f"{os.getpid()}-{int(self._process.create_time() * 1000)}"
        self._measured_at = float("-inf")
        self.grpc_port = 0
        self.consumers: Consumers | None = None

    async def now(self) -> dict[str, Any]:
        """The whole of it; what needs the database is absent where it does not answer."""
        times = self._process.cpu_times()
        told: dict[str, Any] = {
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
                told |= await self._remembered()
            except (EldercareError, OSError) as error:
                told["reason"] = (
                    told["reason"] or f"the database does not answer: {type(error).__name__}"
                )
        return told

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
        told = await self.now()
        if self.consumers is not None and self.consumers.topics and "positions" in told:
            names.WAITING_NOW.set(told["waiting"], group=self.consumers.group)
            names.HELD_NOW.set(told["held"], group=self.consumers.group)
            measuring.measure_positions(self.consumers, told["positions"])
            with suppress(EldercareError, OSError):
                await measuring.measure_parked(self.consumers)

    async def _remembered(self) -> dict[str, Any]:
        store = self._parts.store
        messages, oldest_s = await relay.depth(store)
        due, failing = await timers.due_now(store)
        async with store.reading() as session:
            unsealed = await (await session.driver()).fetchval(
                "select count(*) from audit_record where position is null"
            )
        names.UNSEALED.set(unsealed)
        heard: dict[str, Any] = {"positions": [], "lag": 0, "waiting": 0, "parked": 0, "held": 0}
        if self.consumers is not None and self.consumers.topics:
            heard = await events_status(self.consumers)
        more = await self._more(self._parts) if self._more is not None else {}
        own = {
            "outbox": messages,
            "oldest_s": round(oldest_s, 3),
            "due": due,
            "due_failing": failing,
            "unsealed": unsealed,
        }
        return own | heard | more
