"""Applies a run of records as one: their rows loaded together, decided in memory, written with one
flush.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from typing import cast

from google.protobuf.message import Message
from sqlalchemy import event as events
from sqlalchemy.orm import Session as SyncSession
from sqlalchemy.orm import UOWTransaction
from sqlmodel import SQLModel

from kit.db.loading import Identity, identity_of_row
from kit.db.store import Session
from kit.messaging import prefetch
from kit.messaging.disposition import (
    APPLIED,
    HELD,
    PARKED,
    REPEATED,
    WAITING,
    Disposition,
    Outcome,
)
from kit.messaging.outbox import Cause, Versioned, cause
from kit.messaging.records import UNDECODABLE, Item
from kit.messaging.subscriptions import Fact, Handler, Prefetch, kind_of, text_of
from kit.observability.traces import handling

SET = 8  # rows of a table that are written with one statement of their own

BatchFunction = Callable[..., Awaitable[None]]
Together = dict[BatchFunction, list[tuple[Message, Fact]]]
Required = dict[int, list[Prefetch]]  # by identity of the item


class Applier:
    """Calls the handlers of a group inside one transaction.

    done: what earlier records of the transaction have come to. culprit: the record at whose
    handler the last failure happened.
    """

    def __init__(self, session: Session, group: str) -> None:
        self.session, self.group = session, group
        self.done = Outcome()
        self.culprit: Item | None = None
        self._made: list[Identity] = []
        self._rows: list[SQLModel] = []  # the session alone would forget them
        events.listen(session.sync_session, "after_flush", self._note_inserted)

    async def apply(self, items: Sequence[Item]) -> Outcome:
        """What the records have come to, written but not committed.

        Raises: whatever a handler raises; `culprit` names the record where it is known.
        """
        outcome = Outcome()
        together: Together = {}
        self.culprit = None
        facts = [item.fact for item in items if item.fact is not None]
        with handling(facts, self.group) if facts else nullcontext():
            required = await self._load(items)
            for item in items:
                self.culprit = item
                outcome.add(await self._dispose(item, outcome, required, together))
            self.culprit = None
            for function, pairs in together.items():
                await function(pairs, self.session)
            self._made += map(identity_of_row, await self.session.write_sets(SET))
            await self.session.driver()
        return outcome

    def take_made(self) -> set[tuple[str, str]]:
        """Kind and id of the rows that handlers have made since it was asked last."""
        made, self._made = self._made, []
        return {(kind_of(table), text_of(key)) for table, key, _ in made}

    async def _load(self, items: Sequence[Item]) -> Required:
        """Loads what the handlers will ask for. Returns the rows without which a record waits."""
        wanted: list[Prefetch] = []
        required: Required = {}
        for item in items:
            self.culprit = item
            if item.fault is not None:
                continue
            first = len(wanted)
            for handler in item.handlers or ():
                if handler.prefetch is not None:
                    wanted += handler.prefetch(item.event)
                if handler.replica is not None:
                    wanted.append(prefetch.replica_of(handler.replica, item))
            if needed := [one for one in wanted[first:] if one.required]:
                required[id(item)] = needed
        self.culprit = None
        if wanted:
            self._rows += await prefetch.load(self.session, wanted)
        return required

    async def _dispose(
        self, item: Item, outcome: Outcome, required: Required, together: Together
    ) -> Disposition:
        settled = self._queued(item, outcome)
        if settled is None and id(item) in required:
            settled = await self._lacking(item, required[id(item)])
        return settled or await self._applied(item, together)

    def _queued(self, item: Item, outcome: Outcome) -> Disposition | None:
        """Behind earlier records of its key, or parked because it cannot be decoded."""
        key = item.ordering_key
        if key is not None:
            if key in self.done.blocked or key in outcome.blocked:
                return Disposition(item, HELD)
            behind = outcome.waiting.get(key) or self.done.waiting.get(key)
            if behind is not None:
                return Disposition(item, WAITING, behind)
        if item.fault is not None:
            return Disposition(item, PARKED, (UNDECODABLE, item.fault), 1)
        return None

    async def _lacking(self, item: Item, required: Sequence[Prefetch]) -> Disposition | None:
        for one in required:
            if await self.session.get(one.table, one.key) is None:
                return Disposition(item, WAITING, (kind_of(one.table), text_of(one.key)))
        return None

    async def _applied(self, item: Item, together: Together) -> Disposition:
        fact = item.fact
        assert fact is not None
        token = cause.set(Cause(fact.correlation_id or fact.id, fact.id, fact.traceparent))
        try:
            effects = [
                await self._call(handler, item, fact, together) for handler in item.handlers or ()
            ]
        finally:
            cause.reset(token)
        return Disposition(item, APPLIED if any(effects) or not effects else REPEATED)

    async def _call(self, handler: Handler, item: Item, fact: Fact, together: Together) -> bool:
        """Whether it had an effect: a replica that knows this state already has none."""
        event = item.decoded_event
        if handler.whole:
            together.setdefault(handler.function, []).append((event, fact))
            return True
        if handler.replica is not None:
            return await self._keep_replica(handler, handler.replica, item, fact)
        await self._handle(handler, event, fact)
        return True

    async def _keep_replica(
        self, handler: Handler, table: type[SQLModel], item: Item, fact: Fact
    ) -> bool:
        wanted = prefetch.replica_of(table, item)
        known = await self._versioned(wanted)
        if known is not None and known.version >= fact.sequence:
            return False
        await self._handle(handler, item.decoded_event, fact)
        kept = await self._versioned(wanted)
        if kept is not None:
            kept.version = fact.sequence
        return True

    async def _versioned(self, wanted: Prefetch) -> Versioned | None:
        return cast(Versioned | None, await self.session.get(wanted.table, wanted.key))

    async def _handle(self, handler: Handler, event: Message, fact: Fact) -> None:
        if handler.takes_fact:
            await handler.function(event, self.session, fact)
        else:
            await handler.function(event, self.session)

    def _note_inserted(self, session: SyncSession, _: UOWTransaction) -> None:
        self._made += map(identity_of_row, session.new)
