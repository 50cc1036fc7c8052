"""Runs a city in the foreground: alone (`up`), or with a synthetic one that acts in it (`demo`)."""

import asyncio
import signal
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import httpx
from confluent_kafka import KafkaException
from rich.live import Live

from city.box.board import DemoUser, board, line, logins
from city.box.city import City, NotFresh
from city.box.kills import kill
from city.box.options import CityOptions
from city.box.republishing import Unfinished
from city.box.simulation import simulate
from city.box.state import NotAState, State, StateInUse
from city.box.upgrade import upgrade
from city.operations.status import ServiceStatus
from city.operations.topics import PartitionsFixed
from city.terminal import console, say
from devservers.process import Missing, StartFailed

LINE_S = 30.0
INTERRUPTED = 130
LOOKS = 32  # threads that look at children; one look may last two seconds
EXPECTED = (
    Missing,
    StartFailed,
    NotFresh,
    Unfinished,
    NotAState,
    StateInUse,
    PartitionsFixed,
    KafkaException,
)
Result = TypeVar("Result")


class Interrupted(Exception):
    """The city was asked to end, or cannot go on, before the work was done."""


@dataclass(frozen=True)
class Demo:
    """What the synthetic city does.

    once: end afterwards instead of staying up. kill_s: a part of the city dies so often; None:
    never. failover: what dies is a broker and the primary of PostgreSQL, at the same moment.
    upgrade: the folder of the release to which the services are brought meanwhile.
    """

    elders: int
    days: int
    seed: int
    once: bool
    kill_s: float | None = None
    failover: bool = False
    upgrade: Path | None = None


def run(state: State, options: CityOptions, *, fresh: bool, demo: Demo | None = None) -> int:
    """Runs a city until a signal comes, it cannot go on, or a demo that runs once is over. Returns
    the exit code.
    """
    try:
        state.open()
        if fresh:
            state.clear()
        return asyncio.run(_run(City(state, options, say), demo))
    except EXPECTED as error:
        say(str(error))
        return 1
    finally:
        state.close()


async def _run(city: City, demo: Demo | None) -> int:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(LOOKS))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, city.supervisor.over.set)
    try:
        return await _live(city, demo)
    except Interrupted:
        # a comparison that was not made is no success
        return _code(city) or (INTERRUPTED if demo and demo.once else 0)
    finally:
        say("The city ends: services first, then Kafka, then PostgreSQL.")
        await city.down()


async def _live(city: City, demo: Demo | None) -> int:
    await _unless_over(city, city.up())
    say(
        f"The city is up at {city.gateway}; `eldercare status` shows it from another "
        "terminal, Ctrl-C ends it."
    )
    if demo:
        code = await _unless_over(city, _act(city, demo))
        if demo.once:
            return code
        say(
            "Every indicator equals the truth."
            if code == 0
            else f"The board and the truth differ (exit code {code})."
        )
        say(
            f"The city stays up: board {city.gateway}/, interface "
            f"{city.gateway}/openapi.json; Ctrl-C ends it."
        )
        console.print(logins(await demo_users(city.gateway)))
    await _show(city)
    return _code(city)


async def demo_users(gateway: str) -> list[DemoUser]:
    """Who can log in; nobody where the gateway does not answer just now."""
    try:
        async with httpx.AsyncClient(base_url=gateway, trust_env=False) as http:
            answer = await http.get("/onebox/users")
            return cast("list[DemoUser]", answer.raise_for_status().json()["users"])
    except httpx.HTTPError:
        return []


async def _act(city: City, demo: Demo) -> int:
    acting = asyncio.create_task(_simulate(city, demo))
    disturbing: asyncio.Task[None] | None = None
    if demo.upgrade is not None:
        disturbing = asyncio.create_task(upgrade(city, demo.upgrade))
    elif demo.kill_s is not None:
        disturbing = asyncio.create_task(kill(city, demo.kill_s, failover=demo.failover))
    tasks = [acting, disturbing] if disturbing else [acting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if disturbing and disturbing.done():
            disturbing.result()  # a part that did not come back
        code = await acting
        if disturbing:
            say(f"{_repeated(city)} records were consumed twice and applied once")
        return code
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _simulate(city: City, demo: Demo) -> int:
    return await simulate(
        city.gateway, city.state.folder, elders=demo.elders, days=demo.days, seed=demo.seed
    )


async def _show(city: City) -> None:
    """A live table on a terminal, else a line now and then, until the city is over."""
    over = city.supervisor.over
    if not console.is_terminal:
        while not await _passes(over, LINE_S):
            say(line(city.facts(), _statuses(city)))
        return
    with Live(console=console, auto_refresh=False) as live:
        while not await _passes(over, 1.0):
            live.update(board(city.facts(), _statuses(city)), refresh=True)


def _repeated(city: City) -> int:
    """Records that all groups together consumed again, by the last status of each service."""
    statuses = _statuses(city).values()
    by_service = {status["service"]: status for status in statuses if "service" in status}
    positions = [each for status in by_service.values() for each in status.get("positions", ())]
    return sum(int(position["repeated"]) for position in positions)


def _statuses(city: City) -> Mapping[str, ServiceStatus]:
    return {child.name: child.status for child in city.supervisor.children.values() if child.status}


def _code(city: City) -> int:
    if city.supervisor.failure:
        say(city.supervisor.failure)
        return 1
    return 0


async def _unless_over(city: City, work: Coroutine[object, object, Result]) -> Result:
    """The work's result. Raises: Interrupted when the city is over first."""
    doing = asyncio.create_task(work)
    waiting = asyncio.create_task(city.supervisor.over.wait())
    try:
        await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise Interrupted
    finally:
        for task in (doing, waiting):
            task.cancel()
        await asyncio.gather(doing, waiting, return_exceptions=True)


async def _passes(over: asyncio.Event, seconds: float) -> bool:
    """Waits; True when the city was over before the time had passed."""
    try:
        await asyncio.wait_for(over.wait(), seconds)
    except TimeoutError:
        return False
    return True
