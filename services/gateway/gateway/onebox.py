"""What only a city in one box has: a clock that can be moved on, and the sight of all its parts."""

import asyncio
import time
from datetime import datetime, timedelta
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.problems import problem, told
from gateway.routes import bearer
from kit.contracts.clock import Clock, ClockMovesForward, ClockTooFar
from kit.contracts.refusals import Denied, EldercareError, Malformed
from kit.security.identity import Identity

PAUSE_S = 0.03
LONGEST_S = 50.0
BUSY = ("outbox", "lag", "due", "counts_outdated")
MOVED = ("emitted", "applied")
HAPPENED = ("pid", "epoch", "emitted", "applied")
LONGEST_STEP = timedelta(
    days=366
)  # any day can be reached, one year after the other; a year that was mistyped is refused

Happened = dict[str, tuple[Any, ...] | None]


def routes(
    clock: Clock, identity: Identity, peers: dict[str, str], http: httpx.AsyncClient
) -> list[Route]:
    """Operators only: GET /onebox/status, GET /onebox/quiet, GET, POST and DELETE /onebox/clock.

    POST moves the clock on, by a year at most and never behind the platform's last day. DELETE
    takes the last move back, once, while no part has emitted or applied anything since and none was
    started anew: then nothing bears the time in between. Only the process that moved the clock
    knows what was before.
    """
    moves: list[
        tuple[datetime, datetime, Happened]
    ] = []  # the last one: from, to, and what had happened by then
    moving = asyncio.Lock()

    async def operator(request: Request) -> None:
        if "operator" not in (await identity.verify(bearer(request))).roles:
            raise Denied("only operators of the platform")

    async def status(request: Request) -> Response:
        try:
            await operator(request)
        except EldercareError as error:
            return told(error)
        return JSONResponse({"now": clock.now().isoformat(), "services": await sight(peers, http)})

    async def quiet(request: Request) -> Response:
        """Answers when nothing is under way any more: no message, no lag, no timer that is due."""
        try:
            await operator(request)
        except EldercareError as error:
            return told(error)
        began, before = time.monotonic(), None
        while time.monotonic() - began < LONGEST_S:
            seen = await sight(peers, http)
            rests = len(seen) == len(peers) and all(_rests(part) for part in seen.values())
            counters = (
                [
                    (name, [part.get(counter) for counter in MOVED])
                    for name, part in sorted(seen.items())
                ]
                if rests
                else None
            )
            if rests and counters == before:
                return JSONResponse(
                    {"quiet": True, "took_s": round(time.monotonic() - began, 3), "services": seen}
                )
            before = counters
            await asyncio.sleep(PAUSE_S)
        return JSONResponse(
            {"quiet": False, "took_s": round(time.monotonic() - began, 3), "services": seen}, 503
        )

    async def tell(request: Request) -> Response:
        try:
            await operator(request)
        except EldercareError as error:
            return told(error)
        return JSONResponse({"now": clock.now().isoformat()})

    async def move(request: Request) -> Response:
        try:
            await operator(request)
            try:
                now = datetime.fromisoformat(str((await request.json())["now"]))
            except (
                ValueError,
                KeyError,
                TypeError,
                RecursionError,
            ):  # also what is nested too deep, or no UTF-8
                raise Malformed(
                    "now", "is an instant with its offset, 2026-03-01T08:00:00+08:00"
                ) from None
            if now.tzinfo is None:
                raise Malformed("now", "names its offset")
            async with moving:
                if now - clock.now() > LONGEST_STEP:
                    raise Malformed(
                        "now",
                        f"is at most {LONGEST_STEP.days} days after {clock.now().isoformat()}",
                    )
                happened = _happened(await sight(peers, http))
                before = clock.now()
                try:
                    after = clock.set(now)
                except ClockTooFar as error:
                    raise Malformed("now", str(error).removeprefix("now: ")) from None
                except ClockMovesForward as error:
                    return problem(
                        409,
                        "CLOCK_MOVES_FORWARD",
                        str(error),
                        errors=[("now", f"is not before {clock.now().isoformat()}")],
                    )
                if after != before:
                    moves[:] = [(before, after, happened)]
        except EldercareError as error:
            return told(error)
        return JSONResponse({"now": clock.now().isoformat()})

    async def take_back(request: Request) -> Response:
        try:
            await operator(request)
        except EldercareError as error:
            return told(error)
        async with moving:
            if not moves:
                return problem(
                    409,
                    "CLOCK_STAYS",
                    "this process has not moved the clock, or its move was taken back",
                )
            before, after, happened = moves[0]
            if _happened(await sight(peers, http)) != happened or None in happened.values():
                return problem(
                    409,
                    "CLOCK_STAYS",
                    "something has happened since the clock was moved, or a part does not answer",
                )
            if not clock.take_back(after, before):
                return problem(409, "CLOCK_STAYS", "the clock was moved again")
            if (
                _happened(await sight(peers, http)) != happened and clock.now() == before
            ):  # it began before we were done
                clock.set(after)
                return problem(
                    409, "CLOCK_STAYS", "something happened while the clock was being set back"
                )
            moves.clear()
        return JSONResponse({"now": clock.now().isoformat()})

    return [
        Route("/onebox/status", status),
        Route("/onebox/quiet", quiet),
        Route("/onebox/clock", tell),
        Route("/onebox/clock", move, methods=["POST"]),
        Route("/onebox/clock", take_back, methods=["DELETE"]),
    ]


def _happened(seen: dict[str, dict[str, Any]]) -> Happened:
    """What tells that a part has done something; None for one that does not tell."""
    return {
        name: tuple(part.get(what) for what in HAPPENED)
        if "emitted" in part and "applied" in part
        else None
        for name, part in seen.items()
    }


def _rests(part: dict[str, Any]) -> bool:
    return bool(part.get("ready")) and not any(part.get(name) for name in BUSY)


async def sight(peers: dict[str, str], http: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """What each part says of itself; a part that does not answer is not ready."""
    names = sorted(peers)
    told = await asyncio.gather(*(_look(peers[name], http) for name in names))
    return dict(zip(names, told, strict=True))


async def _look(address: str, http: httpx.AsyncClient) -> dict[str, Any]:
    try:
        part: dict[str, Any] = (await http.get(f"{address}/status")).json()
    except (httpx.HTTPError, ValueError) as error:
        return {"ready": False, "reason": type(error).__name__}
    part["applied"] = sum(position["applied"] for position in part.get("positions", ()))
    return part
