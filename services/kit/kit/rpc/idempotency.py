"""A command has one effect and one answer, however often it arrives.

A caller makes an idempotency key; it is scoped by (client and organisation, method, key) and
kept with a hash of the request and the sealed answer. The normal path costs nothing extra: the flow
runs, and its answer is inserted in the statement that also inserts its messages. When the key
is there already, the transaction is rolled back and the kept answer is given, and likewise when the
flow was refused, because the first arrival may be what forbids the second. Two that arrive at once
meet at the key's unique index.

A **hot** flow (order, check-in, check-out) is one that must pass 900 times a second per process. It
takes a `RawSession` where others take a `Session`; what it reads is not locked, and all that it
writes leaves in one statement, which is the whole transaction:

    @commands.hot
    async def check_in(request: CheckIn, session: RawSession, call: Call) -> Visit:
        row = await session.fetchrow("select state, version from visit where visit_id = $1",
        UUID(request.visit_id))
        ...decide...
        session.write(
            "update visit set state = $1, version = $2 where visit_id = $3 and version = $4",
            State.OPEN, row["version"] + 1, visit_id,
            row["version"],
        )
        outbox.emit(session, CheckedIn(...), sequence=row["version"] + 1)
        return Visit(...)

Each `write` is an insert, update or delete that must touch exactly one row; when one does not
(somebody was faster), nothing is written and the flow runs again on what is there now, three times
at most. So a hot flow costs two round trips and no ORM; `synchronous_commit` stays on.
"""

import asyncio
import hashlib
import random
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

import asyncpg
from google.protobuf.message import Message
from sqlalchemy.exc import IntegrityError

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal
from kit.db.final_write import Answer, Repeated
from kit.db.raw_session import RawSession
from kit.db.store import Cipher, Contended, Session, Store
from kit.observability import names
from kit.rpc import keys

Reply = TypeVar("Reply", bound=Message)
F = TypeVar("F", bound=Callable[..., Awaitable[Message]])

Open = Callable[[], AbstractAsyncContextManager[Session | RawSession]]

TRIES = 3
_KIND = "answer"
# a key of the release before was the client's, whatever the organisation: its digest tells whose
_KEPT = """
select digest, answer from command
where client in ($1, $4) and method = $2 and key = $3 and (client = $1 or digest = $5)
order by client = $1 desc limit 1"""


class KeyReused(Conflict):
    """The idempotency key belongs to another request of the same client and method."""

    text = Phrase(
        "this idempotency key was used for a request with another body",
        "该幂等键已用于内容不同的请求",
    )
    field = keys.FIELD

    def __init__(self, method: str) -> None:
        super().__init__(method=method)


def raw(flow: F) -> F:
    """Marks a flow, or a servicer's method, that takes a RawSession."""
    flow.hot = True  # type: ignore[attr-defined]
    return flow


def is_raw(flow: object) -> bool:
    """True for what `hot` marked."""
    return bool(getattr(flow, "hot", False))


async def run(
    store: Store,
    scope: str,
    method: str,
    key: str,
    request_bytes: bytes,
    work: Callable[..., Awaitable[Reply]],
    reply_class: type[Reply],
    *,
    vault: Cipher | None = None,
    raw: bool = False,
    former_scope: str | None = None,
    on_replay: Callable[[], None] | None = None,
) -> Reply:
    """Runs a command once, in a transaction of its own, and returns its answer, or the one it was
    given before.

    scope: whose key it is. work: may run again after a contention, so it keeps nothing but what the
    session gives it.
    vault: by default the store's. raw: `work` takes a RawSession, not a Session.
    former_scope: whose key it was in the release before, where that differs; keys are kept for 30
    days. on_replay: is called where the answer was given before.
    Raises: KeyReused; whatever `work` raises; Contended where it was in others' way three times;
    Unavailable, after which the same request with the same key tells whether it took place.
    """
    vault = vault or store.vault
    if vault is None:
        raise LookupError("no key to seal the answers of commands with: give the store a vault")
    digest = hashlib.blake2b(request_bytes, digest_size=16).digest()
    opened: Open = store.raw if raw else store.transaction
    for attempt in range(TRIES):
        try:
            async with opened() as session:
                reply = await work(session)
                sealed = vault.seal(reply.SerializeToString().decode("latin-1"), _KIND)
                session.answer = Answer(
                    scope, method, key, digest, sealed, store.clock.real(), former_scope or scope
                )
        except (
            Repeated,
            Refusal,
            IntegrityError,
            asyncpg.IntegrityConstraintViolationError,
        ) as error:
            kept = await _kept(store, scope, method, key, former_scope or scope, digest)
            if kept is None and isinstance(error, Repeated):
                continue  # it left between the two statements: retention took it
            if kept is None:
                names.COMMANDS.add(1, method=method, outcome="refused")
                raise
            if kept[0] != digest:
                raise KeyReused(method) from None
            names.COMMANDS.add(1, method=method, outcome="repeated")
            if on_replay:
                on_replay()
            return reply_class.FromString(vault.open(kept[1], _KIND).encode("latin-1"))
        except Contended:
            if attempt == TRIES - 1:
                raise
            await asyncio.sleep(random.uniform(0, 0.02))
        else:
            names.COMMANDS.add(1, method=method, outcome="done")
            return reply
    raise Contended("database", retry_after_s=0.1)


async def _kept(
    store: Store, scope: str, method: str, key: str, former_scope: str, digest: bytes
) -> tuple[bytes, bytes] | None:
    async with store.raw() as session:
        row = await session.fetchrow(_KEPT, scope, method, key, former_scope, digest)
    return (row["digest"], row["answer"]) if row else None
