"""GET /v1/feed: an organisation reads its own events by long poll."""

import asyncio
import json
import time
from collections.abc import Mapping
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.contracts.json_text import shown
from gateway.feed import queries
from gateway.feed.cursors import Cursor, Cursors
from gateway.feed.errors import CursorExpired, FeedRestored
from gateway.feed.queries import Page
from gateway.http.callers import caller_of
from gateway.http.problems import problem, to_problem
from kit.contracts.refusals import Denied, EldercareError, Malformed
from kit.db.store import Store
from kit.security.access import ORGANISATION_ROLES, Caller
from kit.security.identity import Identity

PARAMETERS = ("cursor", "limit", "wait")
MOST = 500
USUAL = 100
LONGEST_S = 30
_DIGITS_MOST = 9
PAUSE_S = 0.2  # between two reads of a waiting reader: one indexed row each


def routes(store: Store, identity: Identity, cursors: Cursors) -> list[Route]:
    """The route of the feed."""

    async def poll(request: Request) -> Response:
        try:
            caller = (await caller_of(identity, request)).acting_as(ORGANISATION_ROLES)
            if not caller.roles or not caller.organisation_id:
                raise Denied("the feed is for organisations: roles provider, worker, home")
            return await _poll(store, cursors, caller, request)
        except EldercareError as error:
            return to_problem(error)

    return [Route("/v1/feed", poll)]


async def _poll(store: Store, cursors: Cursors, caller: Caller, request: Request) -> Response:
    organisation = UUID(str(caller.organisation_id))
    given = _parameters(request)
    limit = _number(given, "limit", USUAL, 1, MOST)
    wait_s = _number(given, "wait", 0, 0, LONGEST_S)
    text = given.get("cursor")
    cursor = cursors.open(text, organisation) if text else None
    until = time.monotonic() + wait_s
    try:
        while True:
            async with store.reading(snapshot=True) as session:
                page = await queries.page(session, caller, cursor, limit)
            if page.bodies or time.monotonic() >= until or await request.is_disconnected():
                return _page(page, cursors, organisation)
            await asyncio.sleep(PAUSE_S)
    except FeedRestored as restored:
        return _restored(restored, cursors, organisation)
    except CursorExpired as expired:
        return _expired(expired, cursors, organisation)


def _page(page: Page, cursors: Cursors, organisation: UUID) -> Response:
    cursor = cursors.seal(Cursor(page.epoch, page.last), organisation)
    fields = {
        "cursor": cursor,
        "first": page.first,
        "last": page.last,
        "withheld": page.withheld,
        "high_water": page.high_water,
    }
    rest = json.dumps(fields, separators=(",", ":")).removeprefix("{")
    # the bodies are JSON already
    return Response(f'{{"events":[{",".join(page.bodies)}],{rest}', media_type="application/json")


def _expired(expired: CursorExpired, cursors: Cursors, organisation: UUID) -> Response:
    earliest = Cursor(expired.epoch, expired.earliest)
    return problem(
        410,
        "CURSOR_EXPIRED",
        "events behind this cursor are older than what is kept; go on from the earliest cursor "
        "and read the gap from its owners",
        errors=[("cursor", "is not older than what is kept")],
        facts={"earliest_cursor": cursors.seal(earliest, organisation)},
    )


def _restored(restored: FeedRestored, cursors: Cursors, organisation: UUID) -> Response:
    earliest = Cursor(restored.epoch, restored.earliest)
    resume = Cursor(restored.epoch, restored.resume)
    return problem(
        410,
        "CURSOR_EXPIRED",
        f"the feed was restored from a backup, and the last {restored.lost} positions this cursor "
        "has passed are no longer true: go on from `resume_cursor`, which lies at the end of what "
        "is; states with a higher sequence replace what you have",
        errors=[("cursor", "is of this epoch of the feed")],
        facts={
            "earliest_cursor": cursors.seal(earliest, organisation),
            "resume_cursor": cursors.seal(resume, organisation),
        },
    )


def _parameters(request: Request) -> dict[str, str]:
    """Each known one once, as at every route."""
    given: dict[str, str] = {}
    for name, text in request.query_params.multi_items():
        if name not in PARAMETERS:
            raise Malformed(shown(name), f"is one of {', '.join(PARAMETERS)}")
        if name in given:
            raise Malformed(name, "is given once")
        given[name] = text
    return given


def _number(given: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return usual
    fits = text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MOST
    if not fits or not least <= int(text) <= most:
        raise Malformed(name, f"is a whole number from {least} to {most}")
    return int(text)
