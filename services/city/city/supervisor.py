"""Keeps the processes of a box alive: starts each when what it needs is there, watches it, restarts
it with back-off.
"""

import asyncio
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import psutil

from city.services import Service, management_url
from devservers.process import Missing, Process, StartFailed
from kit.messaging.failures import STOPPED

LOOK_S = 2.0  # between two looks at a child that is ready; a look costs a service four statements
STARTING_LOOK_S = 0.1
FIRST_REST_S, MOST_REST_S = 0.5, 15.0
# looks in a row without an answer until a child counts as not ready: on a busy machine one is
# nothing
MISSED = 3
MISCONFIGURED = 2  # exit code of a service that trying again will not help
STEADY_S = 60.0  # a child that lived so long begins its back-off anew
LIVE_S = 10.0  # between two questions whether a ready service lives
DEAD_LOOPS_S = (
    60.0  # a service that says for so long that its loops make no progress is killed and comes back
)


class Phase(StrEnum):
    """Where a child stands in its life."""

    WAITING = "waiting"
    PREPARING = "preparing"
    STARTING = "starting"
    READY = "ready"
    UNREADY = "not ready"
    RESTING = "resting"
    ENDED = "ended"


@dataclass
class Child:
    """A process and what is known of it. volatile: its death ends the city, since what it held is
    lost.
    """

    process: Process
    volatile: bool = False
    phase: Phase = Phase.WAITING
    restarts: int = 0
    reason: str = ""
    told: dict[str, Any] = field(default_factory=dict)  # a service's last /status
    cpu_s: float = 0.0  # of this life
    past_cpu_s: float = 0.0  # of the lives before
    cpu_share: float = 0.0  # of one core, since the last look
    rss_mb: float = 0.0
    stuck_since: float | None = None
    asked_live: float = 0.0

    @property
    def name(self) -> str:
        return self.process.name

    def measure(self, passed_s: float, offspring: dict[int, list[int]]) -> None:
        """Reads CPU and memory of the process with its living and its ended children. offspring:
        pids by their parent's pid.
        """
        if self.process.pid is None:
            self.cpu_share = self.rss_mb = 0.0
            return
        cpu_s = rss = 0.0
        family = [self.process.pid]
        while family:
            pid = family.pop()
            family += offspring.get(pid, ())
            try:
                member = psutil.Process(pid)
                times, memory = member.cpu_times(), member.memory_info()
            except psutil.NoSuchProcess:
                continue
            cpu_s += times.user + times.system + times.children_user + times.children_system
            rss += memory.rss - memory.shared
        self.cpu_share = max(0.0, cpu_s - self.cpu_s) / passed_s if passed_s > 0 else 0.0
        self.cpu_s = max(cpu_s, self.cpu_s)
        self.rss_mb = rss / 2**20


class Supervisor:
    """Owns the children. Must live in the main thread: the kernel ends a child with the thread that
    spawned it.

    said: receives one line for each thing a person should know. ended: the reason why the city
    cannot go on; empty while it can.
    """

    def __init__(self, said: Callable[[str], None]) -> None:
        self.children: dict[str, Child] = {}
        self.said = said
        self.failure = ""
        self.over = asyncio.Event()
        self._stopping = False
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._measured = time.monotonic()

    def add(self, process: Process, *, volatile: bool = False) -> Child:
        """Takes a process into its care and starts it."""
        child = Child(process, volatile)
        self.children[process.name] = child
        keeper = self._keepers[process.name] = asyncio.create_task(
            self._keep(child), name=process.name
        )
        keeper.add_done_callback(self._left)
        return child

    def _left(self, keeper: asyncio.Task[None]) -> None:
        """A child that nobody keeps would be waited for in vain."""
        if not keeper.cancelled() and (error := keeper.exception()) is not None:
            self.fail(f"{keeper.get_name()} is kept no more: {type(error).__name__}: {error}")

    async def until_ready(self, names: list[str], timeout: float) -> None:
        """Returns when all these children are ready. Raises: StartFailed, naming the first that is
        not.
        """
        deadline = time.monotonic() + timeout
        while late := [
            child for name in names if (child := self.children[name]).phase != Phase.READY
        ]:
            if self.failure:
                raise StartFailed(self.failure)
            if time.monotonic() > deadline:
                first = late[0]
                told = (
                    f"{first.name} is not ready after {timeout:.0f} s ({first.phase}: "
                    f"{first.reason})"
                )
                raise StartFailed(f"{told}\n{first.process.last_lines()}")
            await asyncio.sleep(STARTING_LOOK_S)

    def fail(self, reason: str) -> None:
        """Ends the city: `over` is set, and whoever waits for it ends the children."""
        self.failure = self.failure or reason
        self.over.set()

    async def stop(self, *groups: list[str], timeout: float = 30) -> None:
        """Ends the children, one group after the other, those of one group together; what is in no
        group goes last.
        """
        self._stopping = True
        rest = [name for name in self.children if not any(name in group for group in groups)]
        for group in (*groups, rest):
            present = [self.children[name] for name in group if name in self.children]
            await asyncio.gather(
                *(asyncio.to_thread(child.process.stop, timeout) for child in present)
            )
            for child in present:
                child.phase = Phase.ENDED
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)

    def measure(self) -> None:
        """Takes CPU and memory of every child."""
        now = time.monotonic()
        offspring: dict[int, list[int]] = {}
        for process in psutil.process_iter(
            ["ppid"]
        ):  # one look at the machine, not one for each child
            offspring.setdefault(process.info["ppid"], []).append(process.pid)
        for child in list(self.children.values()):
            child.measure(now - self._measured, offspring)
        self._measured = now

    async def _keep(self, child: Child) -> None:
        rest_s = FIRST_REST_S
        while not self._stopping:
            began = time.monotonic()
            try:
                child.phase = Phase.PREPARING
                await asyncio.to_thread(child.process.prepare)
                if self._stopping:
                    return
                child.process.spawn()
                child.phase = Phase.STARTING
                await self._watch(child)
            except (Missing, StartFailed, OSError) as error:
                child.reason = str(error).splitlines()[0]
                if not child.restarts:
                    return self.fail(str(error))
            if self._stopping:
                return
            child.past_cpu_s += child.cpu_s
            child.cpu_s, child.stuck_since = 0.0, None
            child.told = (
                {"parked": child.told["parked"]} if "parked" in child.told else {}
            )  # it lies in the database, whoever is away
            code = child.process.exit_code
            child.reason = f"ended with {code}" if code is not None else child.reason
            if stopped := _stopped(child.process.last_lines(100)):
                child.reason += f", {stopped}"
            if code == MISCONFIGURED:
                return self.fail(f"{child.name} cannot run:\n{child.process.last_lines(3)}")
            if child.volatile:
                return self.fail(
                    f"{child.name} {child.reason}; what it held is lost, so the city ends. "
                    "It needs a fresh state folder."
                )
            rest_s = (
                FIRST_REST_S
                if time.monotonic() - began > STEADY_S
                else min(2 * rest_s, MOST_REST_S)
            )
            child.phase = Phase.RESTING
            child.restarts += 1
            self.said(f"{child.name} {child.reason}; again in {rest_s:.1f} s")
            try:
                if then := await asyncio.to_thread(child.process.lost):
                    self.said(then)
            except StartFailed as error:  # its heir tries again by itself
                self.said(str(error))
            child.process.stop(0)  # nothing of it may linger in its process group
            await asyncio.sleep(rest_s)

    async def _watch(self, child: Child) -> None:
        """Returns when the child has ended."""
        missed = 0
        while child.process.pid is not None and not self._stopping:
            before = child.phase
            ready = await asyncio.to_thread(self._look, child)
            missed = 0 if ready else missed + 1
            if ready:
                child.phase, child.reason = Phase.READY, ""
            elif before == Phase.READY and (missed == MISSED or child.told.get("ready") is False):
                child.phase = Phase.UNREADY
            if child.phase != before and child.phase in (Phase.READY, Phase.UNREADY):
                self.said(
                    f"{child.name} {child.phase}{': ' + child.reason if child.reason else ''}"
                )
            await asyncio.sleep(STARTING_LOOK_S if child.phase == Phase.STARTING else LOOK_S)

    def _look(self, child: Child) -> bool:
        if not isinstance(child.process, Service):
            return child.process.answers()
        told = status_of(management_url(child.process.state, child.name))
        if told is not None and told.get("pid") != child.process.pid:
            told = {"reason": f"another process answers at its port: {told.get('pid')}"}
        child.told = told or child.told
        child.reason = str((told or {}).get("reason") or "")
        self._kill_if_stuck(child, management_url(child.process.state, child.name))
        return bool(told and told.get("ready"))

    def _kill_if_stuck(self, child: Child, management: str) -> None:
        """Only what a service says itself counts: one that is slow to answer is busy, not dead."""
        if child.stuck_since is None and time.monotonic() - child.asked_live < LIVE_S:
            return
        child.asked_live = time.monotonic()
        stuck = _get(f"{management}/live", 2.0)
        if stuck is None or stuck.get("live", True):
            child.stuck_since = None
        elif child.stuck_since is None:
            child.stuck_since = time.monotonic()
        elif time.monotonic() - child.stuck_since > DEAD_LOOPS_S:
            self.said(f"{child.name} makes no progress: {stuck.get('reason')}; it is killed")
            child.process.kill()


def _stopped(log: str) -> str:
    """Why a service's group stopped itself in the life that the log ends with; empty where it did
    not.
    """
    why = ""
    for line in log.splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        if isinstance(told, dict) and told.get("event") == "started":
            why = ""
        elif isinstance(told, dict) and told.get("event") == STOPPED:
            why = f"{STOPPED}: {told.get('text')}"
    return why


def status_of(management: str, timeout: float = 2.0) -> dict[str, Any] | None:
    """What a service tells of itself; None while it does not answer. Blocks."""
    return _get(f"{management}/status", timeout)


def _get(url: str, timeout: float) -> dict[str, Any] | None:
    """The JSON object at this address, whatever its status."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refused:
        try:
            return dict(json.load(refused))
        except ValueError:
            return None
    except (
        OSError,
        ValueError,
        http.client.HTTPException,
    ):  # the last: whoever answers there does not speak HTTP
        return None
