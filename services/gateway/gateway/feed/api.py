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
from gateway.http.problems import Kind, Problem, to_problem
from kit.contracts import rules
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Denied, EldercareError, Malformed
from kit.db.store import Store
from kit.security.access import ORGANISATION_ROLES, Caller, organisation_of
from kit.security.identity import Identity

FOR_ORGANISATIONS = Phrase(
    "the feed is for organisations: roles provider, worker, home",
    "订阅源只供机构使用：角色 provider、worker、home",
)
CURSOR_EXPIRED = Kind(
    410,
    "CURSOR_EXPIRED",
    Phrase(
        "events behind this cursor are older than what is kept; go on from the earliest cursor "
        "and read the gap from its owners",
        "该游标之后的事件已超过保存期；请从最早的游标继续，缺失部分向数据所有者读取",
    ),
)
FEED_RESTORED = Kind(
    410,
    "CURSOR_EXPIRED",
    Phrase(
        "the feed was restored from a backup, and the last {lost} positions this cursor "
        "has passed are no longer true: go on from `resume_cursor`, which lies at the end of what "
        "is; states with a higher sequence replace what you have",
        "订阅源已从备份恢复，该游标最后经过的 {lost} 个位点不再有效：请从 `resume_cursor` 继续，"
        "它位于现有内容的末尾；序号更高的状态替换您已有的状态",
    ),
)
NOT_OLDER = Phrase("is not older than what is kept", "不得早于保存期", key="NOT_OLDER")
THIS_EPOCH = Phrase("is of this epoch of the feed", "应属于订阅源的当前纪元", key="THIS_EPOCH")
PARAMETERS = ("cursor", "limit", "wait")
MOST = 500
USUAL = 100
LONGEST_S = 30
_DIGITS_MOST = 9
MONITOR = "monitor"  # sees that the feed goes on, and of nobody's events what they tell
NOBODY = str(UUID(int=0))
READERS = ORGANISATION_ROLES | {MONITOR}
PAUSE_S = 0.2  # between two reads of a waiting reader: one indexed row each


def routes(store: Store, identity: Identity, cursors: Cursors) -> list[Route]:
    """The route of the feed."""

    async def poll(request: Request) -> Response:
        try:
            caller = (await caller_of(identity, request)).acting_as(READERS)
            if not caller.roles or not (caller.organisation_id or MONITOR in caller.roles):
                raise Denied(FOR_ORGANISATIONS)
            return await _poll(store, cursors, caller, request)
        except EldercareError as error:
            return to_problem(error)

    return [Route("/v1/feed", poll)]


async def _poll(store: Store, cursors: Cursors, caller: Caller, request: Request) -> Response:
    organisation = UUID(organisation_of(caller) or NOBODY)
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
    return Problem(
        CURSOR_EXPIRED,
        errors=[("cursor", NOT_OLDER)],
        facts={"earliest_cursor": cursors.seal(earliest, organisation)},
    )


def _restored(restored: FeedRestored, cursors: Cursors, organisation: UUID) -> Response:
    earliest = Cursor(restored.epoch, restored.earliest)
    resume = Cursor(restored.epoch, restored.resume)
    return Problem(
        FEED_RESTORED.of(lost=restored.lost),
        errors=[("cursor", THIS_EPOCH)],
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
            raise Malformed(shown(name), rules.ONE_OF.of(names=", ".join(PARAMETERS)))
        if name in given:
            raise Malformed(name, rules.GIVEN_ONCE)
        given[name] = text
    return given


def _number(given: Mapping[str, str], name: str, usual: int, least: int, most: int) -> int:
    text = given.get(name)
    if text is None:
        return usual
    fits = text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MOST
    if not fits or not least <= int(text) <= most:
        raise Malformed(name, rules.WHOLE.of(least=least, most=most))
    return int(text)
