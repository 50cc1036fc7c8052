"""The feed: an organisation reads its own events by long poll, with a cursor that only we can make."""

import asyncio
import base64
import hashlib
import hmac
import struct
import time
from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.consumers import HEAD
from gateway.problems import problem, told
from gateway.routes import bearer
from gateway.tables import FeedEvent, FeedHead, FeedRestore
from kit.contracts.refusals import Denied, EldercareError, Malformed
from kit.db.store import Session, Store
from kit.security.access import ORGANISATION_ROLES, Caller, scoped
from kit.security.identity import Identity

MOST, USUAL, LONGEST_S = 500, 100, 30
PAUSE_S = 0.2  # between two looks of a waiting reader: one indexed row each
_FORM = struct.Struct(">16sQ")
_MAC_BYTES = 12


def routes(store: Store, identity: Identity, keys: Sequence[bytes]) -> list[Route]:
    """GET /v1/feed.

    keys: mark cursors; the first makes them, all know them again, so that a rotation refuses
    nobody.
    """

    async def poll(request: Request) -> Response:
        try:
            caller = await identity.verify(bearer(request))
            if not ORGANISATION_ROLES & caller.roles or not caller.organisation_id:
                raise Denied("the feed is for organisations: roles provider, worker, home")
            return await _page(store, keys, caller, request)
        except EldercareError as error:
            return told(error)

    return [Route("/v1/feed", poll)]


async def _page(store: Store, keys: Sequence[bytes], caller: Caller, request: Request) -> Response:
    limit = _number(request, "limit", USUAL, 1, MOST)
    until = time.monotonic() + _number(request, "wait", 0, 0, LONGEST_S)
    organisation = UUID(str(caller.organisation_id))
    while True:
        async with store.reading(snapshot=True) as session:
            head = await session.get(FeedHead, HEAD)
            epoch, high, gone = (
                (head.epoch, head.position, head.gone) if head else (UUID(int=0), 0, 0)
            )
            after = gone
            if text := request.query_params.get("cursor"):
                marked, after = opened(text, keys, organisation)
                earliest = sealed(epoch, gone, keys[0], organisation)
                if marked.int and marked != epoch:
                    true = max(gone, min(after, await _true_until(session, marked)))
                    return _restored(
                        earliest, sealed(epoch, true, keys[0], organisation), after - true
                    )
                if after < gone:
                    return _expired(earliest)
            rows = (
                await session.exec(
                    scoped(select(FeedEvent), caller, organisation=col(FeedEvent.organisation_id))
                    .where(col(FeedEvent.position) > after)
                    .order_by(col(FeedEvent.position))
                    .limit(limit)
                )
            ).all()
        if rows or time.monotonic() >= until or await request.is_disconnected():
            break
        await asyncio.sleep(PAUSE_S)
    last = rows[-1].position if len(rows) == limit else max(high, after)
    covered = last - after
    body = (
        f'{{"events":[{",".join(row.body for row in rows)}],"cursor":"{sealed(epoch, last, keys[0], organisation)}","first":{after + 1},'
        f'"last":{last},"withheld":{covered - len(rows)},"high_water":{high}}}'
    )
    return Response(body, media_type="application/json")


async def _true_until(session: Session, epoch: UUID) -> int:
    """The last position of a lost epoch that the feed still tells alike; 0 for an epoch that nobody
    remembers.
    """
    ended = (await session.exec(select(FeedRestore).where(FeedRestore.epoch == epoch))).first()
    if ended is None:
        return 0
    later = await session.exec(
        select(FeedRestore.position).where(col(FeedRestore.restored) >= ended.restored)
    )
    return min(later.all())


def _expired(earliest: str) -> Response:
    return problem(
        410,
        "CURSOR_EXPIRED",
        "events behind this cursor are older than what is kept; go on from the earliest "
        "cursor and read the gap "
        "from its owners",
        errors=[("cursor", "is not older than what is kept")],
        earliest_cursor=earliest,
    )


def _restored(earliest: str, cursor: str, lost: int) -> Response:
    return problem(
        410,
        "CURSOR_EXPIRED",
        f"the feed was restored from a backup, and the last {lost} positions this cursor "
        "has passed are no longer "
        "true: go on from `resume_cursor`, which lies at the end of what is; states with a "
        "higher sequence replace what you have",
        errors=[("cursor", "is of this epoch of the feed")],
        earliest_cursor=earliest,
        resume_cursor=cursor,
    )


def sealed(epoch: UUID, position: int, key: bytes, organisation: UUID) -> str:
    """The cursor behind this position, for this organisation alone."""
    plain = _FORM.pack(epoch.bytes, position)
    return base64.urlsafe_b64encode(plain + _mac(plain, key, organisation)).decode()


def opened(text: str, keys: Sequence[bytes], organisation: UUID) -> tuple[UUID, int]:
    """Epoch and position of a cursor. Raises: Malformed."""
    try:
        raw = base64.urlsafe_b64decode(text.encode())
    except ValueError:
        raw = b""
    plain, mac = raw[: _FORM.size], raw[_FORM.size :]
    if len(plain) != _FORM.size or not any(
        hmac.compare_digest(mac, _mac(plain, key, organisation)) for key in keys
    ):
        raise Malformed("cursor", "is one that this feed gave to your organisation")
    epoch, position = _FORM.unpack(plain)
    return UUID(bytes=epoch), position


def _mac(plain: bytes, key: bytes, organisation: UUID) -> bytes:
    return hmac.digest(key, plain + organisation.bytes, hashlib.sha256)[:_MAC_BYTES]


def _number(request: Request, name: str, usual: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return usual
    if not text.isdecimal() or not least <= int(text) <= most:
        raise Malformed(name, f"is a whole number from {least} to {most}")
    return int(text)
