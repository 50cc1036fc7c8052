"""Keeps the processes of a city alive: starts each when what it needs is there, watches it,
restarts it with back-off.
"""

import asyncio
import json
import time
from collections.abc import Callable

import psutil

from city.box.child import Child, Phase
from city.box.services import Service, management_url
from city.operations.status import ServiceStatus, get_json, status_of
from devservers.process import Missing, Process, StartFailed
from kit.messaging.failures import STOPPED

LOOK_S = 2.0  # between two looks at a child that is ready; a look costs a service four statements
STARTING_LOOK_S = 0.1
FIRST_REST_S = 0.5
MOST_REST_S = 15.0
# Looks in a row without an answer until a child counts as not ready: one means nothing on a busy
# machine.
MISSED = 3
MISCONFIGURED = 2  # exit code of a service that trying again will not help
STEADY_S = 60.0  # a child that lived so long begins its back-off anew
LIVE_S = 10.0  # between two questions whether a ready service lives
# A service that says for so long that its loops make no progress is killed and comes back.
DEAD_LOOPS_S = 60.0


class Supervisor:
    """Owns the children. Must live in the main thread: the kernel ends a child with the thread that
    spawned it.

    say: receives one line for each thing a person should know. failure: why the city cannot go on;
    empty while it can.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.children: dict[str, Child] = {}
        self.say = say
        self.failure = ""
        self.over = asyncio.Event()
        self._stopping = False
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._measured = time.monotonic()

    def add(self, process: Process, *, volatile: bool = False) -> Child:
        """Takes a process into its care and starts it."""
        child = Child(process, volatile)
        self.children[process.name] = child
        keeper = asyncio.create_task(self._keep(child), name=process.name)
        self._keepers[process.name] = keeper
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
        children = [self.children[name] for name in names]
        while late := [child for child in children if child.phase != Phase.READY]:
            if self.failure:
                raise StartFailed(self.failure)
            if time.monotonic() > deadline:
                first = late[0]
                raise StartFailed(
                    f"{first.name} is not ready after {timeout:.0f} s "
                    f"({first.phase}: {first.reason})\n{first.process.last_lines()}"
                )
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
        grouped = {name for group in groups for name in group}
        rest = [name for name in self.children if name not in grouped]
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
        # one look at the machine, not one for each child
        for process in psutil.process_iter(["ppid"]):
            offspring.setdefault(process.info["ppid"], []).append(process.pid)
        for child in list(self.children.values()):
            child.measure(now - self._measured, offspring)
        self._measured = now

    async def _keep(self, child: Child) -> None:
        rest_s = FIRST_REST_S
        while not self._stopping:
            began = time.monotonic()
            try:
                await self._live(child)
            except (Missing, StartFailed, OSError) as error:
                child.reason = str(error).splitlines()[0]
                if not child.restarts:
                    return self.fail(str(error))
            if self._stopping:
                return
            if reason := self._ended(child):
                return self.fail(reason)
            steady = time.monotonic() - began > STEADY_S
            rest_s = FIRST_REST_S if steady else min(2 * rest_s, MOST_REST_S)
            await self._rest(child, rest_s)

    async def _live(self, child: Child) -> None:
        """Returns when the child has ended, or the city ends."""
        child.phase = Phase.PREPARING
        await asyncio.to_thread(child.process.prepare)
        if self._stopping:
            return
        child.process.spawn()
        child.phase = Phase.STARTING
        await self._watch(child)

    @staticmethod
    def _ended(child: Child) -> str:
        """Notes how a child ended; returns why the city has to end with it, empty where it need
        not.
        """
        child.forget()
        code = child.process.exit_code
        child.reason = f"ended with {code}" if code is not None else child.reason
        if stopped := _stopped(child.process.last_lines(100)):
            child.reason += f", {stopped}"
        if code == MISCONFIGURED:
            return f"{child.name} cannot run:\n{child.process.last_lines(3)}"
        if child.volatile:
            return (
                f"{child.name} {child.reason}; what it held is lost, so the city ends. "
                "It needs a fresh state folder."
            )
        return ""

    async def _rest(self, child: Child, rest_s: float) -> None:
        """The pause before a child is started again."""
        child.phase = Phase.RESTING
        child.restarts += 1
        self.say(f"{child.name} {child.reason}; again in {rest_s:.1f} s")
        try:
            if then := await asyncio.to_thread(child.process.lost):
                self.say(then)
        except StartFailed as error:  # its heir tries again by itself
            self.say(str(error))
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
                child.phase = Phase.READY
                child.reason = ""
            elif before == Phase.READY and (missed == MISSED or child.status.get("ready") is False):
                child.phase = Phase.UNREADY
            if child.phase != before and child.phase in (Phase.READY, Phase.UNREADY):
                reason = f": {child.reason}" if child.reason else ""
                self.say(f"{child.name} {child.phase}{reason}")
            await asyncio.sleep(STARTING_LOOK_S if child.phase == Phase.STARTING else LOOK_S)

    def _look(self, child: Child) -> bool:
        if not isinstance(child.process, Service):
            return child.process.answers()
        management = management_url(child.process.state, child.name)
        status = status_of(management)
        if status is not None and status.get("pid") != child.process.pid:
            stranger = f"another process answers at its port: {status.get('pid')}"
            status = ServiceStatus(reason=stranger)
        child.status = status or child.status
        child.reason = str((status.get("reason") if status else "") or "")
        self._kill_if_stuck(child, management)
        return bool(status and status.get("ready"))

    def _kill_if_stuck(self, child: Child, management: str) -> None:
        """Only what a service says itself counts: one that is slow to answer is busy, not dead."""
        if child.stuck_since is None and time.monotonic() - child.asked_live < LIVE_S:
            return
        child.asked_live = time.monotonic()
        stuck = get_json(f"{management}/live", 2.0)
        if stuck is None or stuck.get("live", True):
            child.stuck_since = None
        elif child.stuck_since is None:
            child.stuck_since = time.monotonic()
        elif time.monotonic() - child.stuck_since > DEAD_LOOPS_S:
            self.say(f"{child.name} makes no progress: {stuck.get('reason')}; it is killed")
            child.process.kill()


def _stopped(log: str) -> str:
    """Why a service's group stopped itself in the life that the log ends with; empty where it did
    not.
    """
    why = ""
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if not isinstance(entry, dict):
            continue
        if entry.get("event") == "started":
            why = ""
        elif entry.get("event") == STOPPED:
            why = f"{STOPPED}: {entry.get('text')}"
    return why
