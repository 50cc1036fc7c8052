"""One service as a process: starts its parts in order, tells whether it lives and is ready, and
drains.
"""

import asyncio
import inspect
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

import uvloop

from kit.db import retention
from kit.db.retention import Retention
from kit.messaging.consumers import Consumers
from kit.messaging.relay import Relay
from kit.observability import metrics, names, setup
from kit.observability.logs import log
from kit.observability.setup import FLUSH_S
from kit.rpc.server import Server
from kit.runtime import collector
from kit.runtime.exits import DRAINED, FAILED, HALTED, MISCONFIGURED, NOT_DRAINED
from kit.runtime.health import Health
from kit.runtime.loops import Endless, Loop, Loops, Reading
from kit.runtime.management import Answer, Management, accepted, json_answer
from kit.runtime.parts import Parts
from kit.runtime.settings import Settings
from kit.runtime.status import Status
from kit.runtime.timers import Timers
from kit.security.audit import AuditChain

NOTICE_S = 3.0  # balancers need this long to hear that we are not ready; one box has none
FINISH_S = 15.0  # for work in progress of a kind
DRAIN_S = 40.0  # for everything that is under way
CLOSE_S = 5.0  # for connections
LONGEST_S = (
    DRAIN_S + CLOSE_S + FLUSH_S
)  # from the signal to the end at worst; a pod's grace period has to be longer
MEASURE_S = 15.0  # between two looks where metrics are pushed


class Process:
    """See kit.runtime.entry.run."""

    def __init__(
        self,
        settings: Settings,
        *,
        servicers: Callable[[Parts], Sequence[object]] | None,
        consumers: Callable[[Parts], Consumers] | None,
        package: str,
        also: Sequence[Callable[[Parts], Awaitable[object] | Loop]],
        status: Callable[[Parts], Awaitable[dict[str, object]]] | None,
    ) -> None:
        self.settings = settings
        self.package = package
        self._servicers = servicers
        self._consumers = consumers
        self._also = also
        self._more = status

    def main(self) -> int:
        """Runs on uvloop until a signal or a failure; returns the exit code."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._main())

    async def _main(self) -> int:
        self._wanted = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        setup.install(
            self.settings.service,
            level=self.settings.log_level,
            otlp_endpoint=self.settings.otlp_endpoint,
            version=_version(),
        )
        self.loops = Loops()
        try:
            self.parts = Parts(self.settings)
        except ValueError as error:
            log.critical("a setting is wrong", text=str(error))
            return MISCONFIGURED
        self.health = Health(self.settings, self.parts, self.package, self.loops)
        self.status = Status(self.settings, self.parts, self.health, self._more)
        self.server: Server | None = None
        management = Management(
            self.settings.management,
            {
                "/live": self._live,
                "/ready": self._ready,
                "/status": self._status_page,
                "/metrics": self._metrics,
            },
        )
        code = FAILED
        try:
            await management.start()
            log.info(
                "started",
                service=self.settings.service,
                management_port=management.port,
                pid=os.getpid(),
            )
            code = await self._lived()
        except Exception as error:  # noqa: BLE001 – the last one who can tell
            log.critical("the service failed", exc_info=error)
        finally:
            drained = await self._drained()
            await self._closed(management)
            log.info("ended", code=code if drained else NOT_DRAINED)
            await setup.flush()
        return code if drained else NOT_DRAINED

    async def _lived(self) -> int:
        watching = asyncio.create_task(self._watched(), name="health")
        wanted = asyncio.create_task(self._wanted.wait(), name="signal")
        failed = asyncio.create_task(self.loops.failed.wait(), name="failure")
        starting = asyncio.create_task(self._started(), name="start")
        try:
            await asyncio.wait(
                (wanted, failed, starting, watching), return_when=asyncio.FIRST_COMPLETED
            )
            if starting.done():
                starting.result()
                await asyncio.wait((wanted, failed, watching), return_when=asyncio.FIRST_COMPLETED)
            if watching.done():
                # it never returns: a service that nobody looks at must not look well
                watching.result()
            return FAILED if failed.done() else DRAINED
        finally:
            for task in (watching, wanted, failed, starting):
                task.cancel()
            await asyncio.gather(watching, wanted, failed, starting, return_exceptions=True)

    async def _watched(self) -> None:
        """Looks at itself again and again; never returns."""
        async with asyncio.TaskGroup() as looks:
            looks.create_task(self.health.watch())
            if self.settings.otlp_endpoint:
                looks.create_task(self._measuring())

    async def _measuring(self) -> None:
        """Where metrics are pushed it may be that nobody scrapes, so that nobody else asks for a
        look.
        """
        while True:
            await self._measure()
            await asyncio.sleep(MEASURE_S)

    async def _started(self) -> None:
        """Nothing touches the database before its schema is ours; waiting for that is alive, but
        not ready.
        """
        await self.health.schema_at_head()
        if self._servicers is not None:
            self.server = Server(
                self._servicers(self.parts),
                store=self.parts.store,
                identity=self.parts.identity,
                listen=self.settings.grpc,
                reflection_on=self.settings.one_box,
            )
            self.status.grpc_port = await self.server.start()
            self.health.server = self.server
        for part in range(self.settings.parts):
            self.loops.add(
                f"relay {part}", Relay(self.parts.store, self.settings.bootstrap, part=part)
            )
        if self._consumers is not None:
            self.health.consumers = self.status.consumers = consumers = self._consumers(self.parts)
            self.loops.add(
                "consumer", Reading(consumers, self.parts.store, self.settings.bootstrap)
            )
        timers = Timers(self.parts.store, self.settings.service)
        if timers.fires:
            self.loops.add("timers", timers)
        self.loops.add("sealer", AuditChain(self.parts.store))
        self.loops.add("retention", Retention(self.parts.store), patience_s=3 * retention.PAUSE_S)
        for work in self._also:
            made = work(self.parts)
            self.loops.add(
                f"also {getattr(work, '__name__', 'work')}",
                Endless(made) if inspect.isawaitable(made) else made,
            )
        collector.settle()
        self.health.started = True
        log.info("running", service=self.settings.service, grpc_port=self.status.grpc_port)

    async def _drained(self) -> bool:
        """Not ready; stop fetching and firing; finish calls; say what is left to say."""
        began = time.monotonic()
        try:
            async with asyncio.timeout(DRAIN_S):
                await self.health.leave()
                if (
                    not self.settings.one_box
                    and self.health.started
                    and (self.server is not None or self._also)
                ):
                    await asyncio.sleep(NOTICE_S)
                fine = [
                    await self.loops.stop("consumer", FINISH_S),
                    await self.loops.stop("timer", FINISH_S),
                ]
                if self.server is not None:
                    await self.server.drain(grace_s=FINISH_S)
                fine += [
                    await self.loops.stop("also", FINISH_S),
                    await self.loops.stop("", FINISH_S),
                ]
                return all(fine)
        except TimeoutError:
            log.error("not drained in time", after_s=round(time.monotonic() - began, 1))
            return False

    async def _closed(self, management: Management) -> None:
        """Ends what is left open; whoever does not let go in time is left to the end of the
        process.
        """
        try:
            async with asyncio.timeout(CLOSE_S):
                await management.stop()
                await self.parts.close()
        except TimeoutError:
            log.error("connections were not closed in time", after_s=CLOSE_S)

    def _signalled(self, number: int) -> None:
        if self._wanted.is_set():
            os._exit(HALTED + number)  # asked twice: whoever asks does not want to wait
        log.info("draining", signal=signal.Signals(number).name)
        self._wanted.set()

    async def _live(self) -> Answer:
        stuck = self.health.stuck
        return json_answer(
            503 if stuck else 200,
            {"live": not stuck, "reason": f"no progress: {', '.join(stuck)}" if stuck else ""},
        )

    async def _ready(self) -> Answer:
        return json_answer(
            200 if self.health.ready else 503,
            {"ready": self.health.ready, "reason": self.health.reason},
        )

    async def _status_page(self) -> Answer:
        return json_answer(200, await self.status.now())

    async def _measure(self) -> None:
        """Sets the gauges that are measured only when somebody looks."""
        self.loops.stuck()
        names.READY.set(int(self.health.ready))
        names.RPC_OPEN.set(self.server.open if self.server else 0)
        await self.status.measure()

    async def _metrics(self) -> Answer:
        await self._measure()
        if "application/openmetrics-text" in accepted.get():
            return (
                200,
                "application/openmetrics-text; version=1.0.0; charset=utf-8",
                metrics.openmetrics(),
            )
        return 200, "text/plain; version=0.0.4; charset=utf-8", metrics.prometheus()


def _version() -> str:
    try:
        return version("city-eldercare")
    except PackageNotFoundError:
        return "0"
