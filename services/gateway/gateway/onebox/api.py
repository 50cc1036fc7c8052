"""Operators only: the state of all parts, whether all are at rest, and the clock."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.contracts import json_text
from gateway.http.callers import require_operator
from gateway.http.problems import Kind, Problem, to_problem
from gateway.onebox.clock import MovableClock
from gateway.onebox.errors import ClockStays, MovesForward
from gateway.onebox.parts import Parts, State, at_rest, counters, unapplied
from kit.contracts import rules
from kit.contracts.clock import Clock
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import EldercareError, Malformed
from kit.security.identity import Identity

CLOCK_MOVES_FORWARD = Kind(
    409, "CLOCK_MOVES_FORWARD", Phrase("the clock only moves forward", "时钟只能向前")
)
NOT_BEFORE = Phrase("is not before {now}", "不得早于 {now}", key="NOT_BEFORE")
CLOCK_STAYS = Kind(409, "CLOCK_STAYS", Phrase("the clock stays: {why}", "时钟不变：{why}"))
# Between two looks at parts at work, ever longer: a look costs each of them some ten statements and
# a question to Kafka, in the time that it needs for its work.
PAUSE_S, LONGER, LONGEST_PAUSE_S = 0.03, 1.3, 0.25
LONGEST_S = 50.0

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(clock: Clock, identity: Identity, parts: Parts) -> list[Route]:
    """GET /onebox/status, GET /onebox/quiet, GET, POST and DELETE /onebox/clock."""
    movable = MovableClock(clock, parts)

    def operators_only(endpoint: Endpoint) -> Endpoint:
        async def checked(request: Request) -> Response:
            try:
                await require_operator(identity, request)
                return await endpoint(request)
            except EldercareError as error:
                return to_problem(error)

        return checked

    def now() -> Response:
        return JSONResponse({"now": movable.now().isoformat()})

    async def status(_: Request) -> Response:
        states = await parts.states()
        now_text = movable.now().isoformat()
        return JSONResponse({"now": now_text, **unapplied(states), "services": states})

    async def quiet(_: Request) -> Response:
        return await _quiet(parts)

    async def read(_: Request) -> Response:
        return now()

    async def move(request: Request) -> Response:
        to = await _instant(request)
        try:
            await movable.move(to)
        except MovesForward as error:
            rule = NOT_BEFORE.of(now=error.now.isoformat())
            return Problem(CLOCK_MOVES_FORWARD, errors=[("now", rule)])
        return now()

    async def take_back(_: Request) -> Response:
        try:
            await movable.take_back()
        except ClockStays as error:
            return Problem(CLOCK_STAYS.of(why=error.why))
        return now()

    return [
        Route("/onebox/status", operators_only(status)),
        Route("/onebox/quiet", operators_only(quiet)),
        Route("/onebox/clock", operators_only(read)),
        Route("/onebox/clock", operators_only(move), methods=["POST"]),
        Route("/onebox/clock", operators_only(take_back), methods=["DELETE"]),
    ]


async def _quiet(parts: Parts) -> Response:
    """Answers when nothing is under way any more: no message, no lag, no timer that is due.
    A record that is parked moves nothing, so it is told beside.

    While some are at work only these are asked, since an answer costs a part some statements; the
    last word have two looks at all.
    """
    began = time.monotonic()
    before = None
    while True:
        states = await parts.states()
        rests = all(at_rest(state) for state in states.values())
        done = counters(states) if rests else None
        took_s = time.monotonic() - began
        quiet = rests and done == before
        if quiet or took_s >= LONGEST_S:
            answer = {"quiet": quiet, "took_s": round(took_s, 3), **unapplied(states)}
            body = {**answer, "services": states}
            return JSONResponse(body, 200 if quiet else 503)
        before = done
        await _at_rest(parts, states, until=began + LONGEST_S)


async def _at_rest(parts: Parts, states: dict[str, State], until: float) -> None:
    """Waits a moment, and then for those who are at work by these states."""
    pause_s = PAUSE_S
    while True:
        await asyncio.sleep(pause_s)
        pause_s = min(LONGER * pause_s, LONGEST_PAUSE_S)
        busy = [name for name, state in states.items() if not at_rest(state)]
        if not busy or time.monotonic() >= until:
            return
        states = await parts.states(busy)


async def _instant(request: Request) -> datetime:
    given = json_text.document(await request.body())
    try:
        now = datetime.fromisoformat(str(given["now"]))
    except (ValueError, KeyError):
        raise Malformed("now", rules.INSTANT) from None
    if now.tzinfo is None:
        raise Malformed("now", rules.INSTANT)
    return now
