"""Whether calls should come here: the database answers, its schema is ours, a broker listens. It
never migrates.
"""

import asyncio
import time
from functools import cached_property

import asyncpg

from kit.contracts.refusals import EldercareError
from kit.db import migrations
from kit.messaging.consumers import Consumers
from kit.messaging.failures import STOPPED
from kit.observability import names
from kit.observability.logs import log
from kit.rpc.server import Server
from kit.runtime.brokers import Brokers
from kit.runtime.loops import Loops
from kit.runtime.parts import Parts
from kit.runtime.settings import Settings

EVERY_S = 2.0
SOON_S = 0.1  # while not ready
ANSWER_S = 2.0
_SILENT = (EldercareError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


class Health:
    """What was found at the last look. reason: why not ready; schema: the revision the database is
    at.
    """

    def __init__(self, settings: Settings, parts: Parts, package: str, loops: Loops) -> None:
        self._parts = parts
        self._package = package
        self._loops = loops
        self._brokers = Brokers(settings.bootstrap)
        self.server: Server | None = None
        self.consumers: Consumers | None = None
        self.started = False
        self.schema: str | None = None
        self._reason = "starting"
        self._found_at = time.monotonic()
        self._leaving = False

    @property
    def reason(self) -> str:
        """Why calls should not come here; empty where they should."""
        if self.consumers is not None and self.consumers.alarm is not None:
            return f"{STOPPED}: {self.consumers.alarm}"
        if self._leaving:
            return "draining"
        stale_s = time.monotonic() - self._found_at
        return self._reason or (f"last look {stale_s:.0f} s ago" if stale_s > 5 * EVERY_S else "")

    @property
    def stuck(self) -> list[str]:
        """Loops without progress; where there are any the process should be started anew."""
        return self._loops.stuck()

    @property
    def ready(self) -> bool:
        """Whether calls should come here."""
        return not self.reason

    async def watch(self) -> None:
        """Looks again and again, and tells the gRPC health service when the answer changes."""
        announced: bool | None = None
        while True:
            reason = await self._found()
            if reason != self._reason:
                log.info("readiness changed", ready=not reason, reason=reason)
            self._reason = reason
            self._found_at = time.monotonic()
            if self.server is not None and announced != self.ready:
                announced = self.ready
                await self.server.ready(announced)
            await asyncio.sleep(EVERY_S if self.ready else SOON_S)

    async def leave(self) -> None:
        """Not ready from now on."""
        self._leaving = True
        if self.server is not None:
            await self.server.ready(False)

    async def schema_at_head(self) -> None:
        """Waits for the schema that this program needs; a newer one will do, since migrations of a
        release keep the one before running.
        """
        # nobody tells us, we have to ask
        while self._behind(await self._revision()):  # noqa: ASYNC110
            await asyncio.sleep(SOON_S)

    async def _found(self) -> str:
        revision = await self._revision()
        behind = self._behind(revision)
        if revision is not None:
            names.SCHEMA_BEHIND.set(int(bool(behind)))
        if behind:
            return behind
        if reason := await self._brokers.reason():
            return reason
        if self.stuck:
            return f"no progress: {', '.join(self.stuck)}"
        if self.consumers is not None and self.consumers.topics and not self.consumers.ready:
            return "the consumer has not reached its group"
        return "" if self.started else "starting"

    async def _revision(self) -> str | None:
        try:
            async with asyncio.timeout(ANSWER_S), self._parts.store.reading() as session:
                driver = await session.driver()
                exists = await driver.fetchval("select to_regclass('alembic_version') is not null")
                revision: str | None = (
                    await driver.fetchval("select version_num from alembic_version")
                    if exists
                    else ""
                )
        except _SILENT as error:
            self._error = type(error).__name__
            return None
        if revision != self.schema:
            self.schema = revision
            names.SCHEMA.only(1, revision=revision or "")
        return revision

    _error = ""

    def _behind(self, revision: str | None) -> str:
        if revision is None:
            return f"the database does not answer: {self._error}"
        if revision == self._head or (revision and revision not in self._known):
            return ""
        return (
            f"the schema is at {revision or 'nothing'}, not at {self._head}: run the migration "
            f"of {self._package}"
        )

    @cached_property
    def _head(self) -> str | None:
        return migrations.head(self._package)

    @cached_property
    def _known(self) -> frozenset[str]:
        return migrations.known(self._package)
