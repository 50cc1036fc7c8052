"""Runs a city in the foreground: alone (`up`), or with the synthetic city that acts in it (`demo`)."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from confluent_kafka import KafkaException
from rich.console import Console
from rich.live import Live

from city.backup.resay import Unfinished
from city.board import board, line, logins
from city.box import City, NotFresh, Wishes
from city.kills import kill
from city.replicas import roll
from city.simulation import simulate
from city.state import NotAState, State, StateInUse
from city.topics import PartitionsFixed
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
console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


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


def say(text: str) -> None:
    console.print(text, markup=False, soft_wrap=True)


def run(state: State, wishes: Wishes, *, fresh: bool, demo: Demo | None = None) -> int:
    """Runs a city until a signal comes, it cannot go on, or a demo that runs once is over. Returns
    the exit code.
    """
    try:
        state.open()
        if fresh:
            state.clear()
        return asyncio.run(_run(City(state, wishes, say), demo))
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
        return await _lived(city, demo)
    except Interrupted:
        return _code(city) or (
            INTERRUPTED if demo and demo.once else 0
        )  # a comparison that was not made is no success
    finally:
        say("The city ends: services first, then Kafka, then PostgreSQL.")
        await city.down()


async def _lived(city: City, demo: Demo | None) -> int:
    await _unless_over(city, city.up())
    say(
        f"The city is up at {city.gateway}; `eldercare status` shows it from another "
        "terminal, Ctrl-C ends it."
    )
    if demo:
        code: int = await _unless_over(city, _acted(city, demo))
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
    await _shown(city)
    return _code(city)


async def demo_users(gateway: str) -> list[dict[str, Any]]:
    """Who can log in, as the city's gateway lists them; nobody where it does not answer just now."""
    try:
        async with httpx.AsyncClient(base_url=gateway, trust_env=False) as http:
            answer = await http.get("/onebox/users")
            return list(answer.raise_for_status().json()["users"])
    except httpx.HTTPError:
        return []


async def _acted(city: City, demo: Demo) -> int:
    acting = asyncio.create_task(
        simulate(
            city.gateway, city.state.folder, elders=demo.elders, days=demo.days, seed=demo.seed
        )
    )
    killing = (
        asyncio.create_task(kill(city, demo.kill_s, failover=demo.failover))
        if demo.kill_s is not None
        else None
    )
    if demo.upgrade is not None:
        killing = asyncio.create_task(roll(city, demo.upgrade))
    try:
        await asyncio.wait(
            [task for task in (acting, killing) if task], return_when=asyncio.FIRST_COMPLETED
        )
        if killing and killing.done():
            killing.result()  # a part that did not come back
        code = await acting
        if killing:
            say(f"{_twice(city)} records were heard twice and applied once")
        return code
    finally:
        for task in (acting, killing):
            if task:
                task.cancel()
        await asyncio.gather(*(task for task in (acting, killing) if task), return_exceptions=True)


async def _shown(city: City) -> None:
    """A live table on a terminal, else a line now and then, until the city is over."""
    over = city.supervisor.over
    if not console.is_terminal:
        while not await _passes(over, LINE_S):
            say(line(city.facts(), _told(city)))
        return
    with Live(console=console, auto_refresh=False) as live:
        while not await _passes(over, 1.0):
            live.update(board(city.facts(), _told(city)), refresh=True)


def _twice(city: City) -> int:
    """Records that every group together heard again, as the replicas that told it last counted
    them.
    """
    told = {told["service"]: told for told in _told(city).values() if "service" in told}
    return sum(
        int(position["repeated"]) for one in told.values() for position in one.get("positions", ())
    )


def _told(city: City) -> dict[str, dict[str, Any]]:
    return {child.name: child.told for child in city.supervisor.children.values() if child.told}


def _code(city: City) -> int:
    if city.supervisor.failure:
        say(city.supervisor.failure)
        return 1
    return 0


async def _unless_over(city: City, work: Coroutine[Any, Any, Any]) -> Any:
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
