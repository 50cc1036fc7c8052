"""One transaction of a group: records are applied as one; where that fails they are taken apart
until the culprit stands alone.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from google.protobuf.message import Message
from sqlalchemy import event as events
from sqlmodel import SQLModel

from kit.contracts.refusals import Refusal
from kit.db.store import Session
from kit.messaging import failures, inbox, parking, positions, prefetch
from kit.messaging.outbox import Cause, cause
from kit.messaging.records import UNDECODABLE, ClusterPartition, Item, OrderingKey
from kit.messaging.subscriptions import Fact, Handler, MissingDependency, kind_of, text_of
from kit.observability.traces import handling

Archive = Callable[[Session, Sequence[Fact]], Awaitable[set[str]]]
RELEASED = (
    1000  # waiting records that one transaction takes up; the next ones follow a second later
)

APPLIED, REPEATED, FOREIGN, WAITING, PARKED, HELD = (
    "applied",
    "repeated",
    "foreign_",
    "waiting",
    "parked",
    "held",
)


class Disposition(NamedTuple):
    """What becomes of a record. why: kind and id it waits for, or reason and detail of its parking."""

    item: Item
    name: str
    why: tuple[str, str] = ("", "")
    attempts: int = 0


@dataclass(slots=True)
class Outcome:
    """What a run of records has come to, before it is certain that it stays."""

    fates: list[Disposition] = field(default_factory=list)
    waiting: dict[OrderingKey, tuple[str, str]] = field(default_factory=dict)
    barred: set[OrderingKey] = field(default_factory=set)

    def add(self, fate: Disposition) -> None:
        """Notes a fate, and that the rest of its line must queue where it did not get through."""
        self.fates.append(fate)
        line = fate.item.line
        if line is None:
            return
        if fate.name == WAITING:
            self.waiting[line] = fate.why
        elif fate.name in (PARKED, HELD):
            self.barred.add(line)

    def take(self, other: "Outcome") -> None:
        """Adds what has come after it."""
        self.fates += other.fates
        self.waiting |= other.waiting
        self.barred |= other.barred


class Batch:
    """The work of one group in one transaction.

    careful: the whole has failed before, so parts are applied, each in a savepoint.
    """

    def __init__(
        self, session: Session, group: str, *, archive: Archive | None = None, careful: bool = False
    ) -> None:
        self.session, self.group, self.archive, self.careful = session, group, archive, careful
        self.done = Outcome()
        self.tallies: dict[ClusterPartition, positions.Tally] = defaultdict(positions.Tally)
        self.locked: dict[ClusterPartition, positions.Locked] = {}
        self.culprit: Item | None = None  # at whose handler the last failure happened
        self.written: list[Disposition] = []
        self._rows: list[SQLModel] = []  # the session alone would forget them
        self._inserted: set[tuple[str, str]] = set()
        events.listen(session.sync_session, "after_flush", self._note_inserted)

    async def lock(self, places: Iterable[ClusterPartition]) -> None:
        """Locks positions, besides those locked already."""
        wanted = sorted(set(places) - self.locked.keys())
        if wanted:
            self.locked |= await positions.lock(await self.session.driver(), self.group, wanted)

    async def read(self, items: Sequence[Item], suspects: Sequence[Item] = ()) -> None:
        """Applies records that nobody has read before, and all that waited for what they bring.
        Their positions are locked.

        suspects: where the whole has failed before.
        """
        ours = [
            item
            for item in items
            if item.fact is not None
            and item.handlers is not None
            and (item.handlers or self.archive)
        ]
        new = await self._heard(ours)
        await self._find_queues(items)
        work: list[Item] = []
        rank = {id(item) for item in ours}
        for item in items:
            if item.fault is None and id(item) not in rank:
                self.done.add(Disposition(item, FOREIGN))
            elif item.fault is None and id(item) not in new:
                self.done.add(Disposition(item, REPEATED))
            else:
                work.append(item)
        await self._run(work, suspects)
        if any(position.waits for position in self.locked.values()) or self.done.waiting:
            await self.release(self._inserted)

    async def release(self, rows: set[tuple[str, str]]) -> int:
        """Takes up the records that wait for one of these rows, and those that wait for what they
        bring. Returns how many.
        """
        count = 0
        while rows and count < RELEASED:
            self._inserted = set()
            await self.write()
            found = await inbox.waiting_for(await self.session.driver(), self.group, rows, RELEASED)
            if not found:
                break
            await self.lock(prefetch.place_of(row) for row in found)
            found = await inbox.waiting_for(
                await self.session.driver(), self.group, rows, RELEASED
            )  # as it is under their locks
            items = [prefetch.stored(row, self.group, WAITING) for row in found]
            self.done.waiting.clear()
            await self._find_barred(items)
            await self._run(items)
            count += len(items)
            rows = self._inserted - rows
        return count

    async def replay(self, items: Sequence[Item]) -> bool:
        """Takes up kept records of one line, up to the first that fails again. Returns whether none
        does.
        """
        for item in items:
            await self._alone(item)
            if self.done.fates[-1].name == PARKED:
                break
        through = not any(fate.name == PARKED for fate in self.done.fates)
        await self.release(self._inserted)
        return through

    async def write(self) -> None:
        """Writes where the records lie that did not get through, and counts all in their positions'
        tallies.
        """
        fates, self.done.fates = self.done.fates, []
        driver = await self.session.driver()
        waits = [fate for fate in fates if fate.name == WAITING]
        parks = [fate for fate in fates if fate.name in (PARKED, HELD)]
        await inbox.forget(
            driver,
            self.group,
            [f.item for f in fates if f.item.stored == WAITING and f.name != WAITING],
        )
        kept = (PARKED, HELD)
        await parking.release(
            driver,
            self.group,
            [f.item for f in fates if f.item.stored in kept and f.name not in kept],
        )
        await inbox.wait(driver, self.group, [(f.item, *f.why) for f in waits])
        await parking.park(
            driver, self.group, [(f.item, f.name == HELD, *f.why, f.attempts) for f in parks]
        )
        for fate in fates:
            self._count(fate)
        self.written += fates

    async def move(self) -> None:
        """Moves the positions; the last statement before the commit."""
        await self.write()
        await positions.move(await self.session.driver(), self.group, self.tallies)

    def _count(self, fate: Disposition) -> None:
        tally = self.tallies[fate.item.place]
        setattr(tally, fate.name, getattr(tally, fate.name) + 1)
        if fate.item.stored is not None:
            setattr(tally, fate.item.stored, getattr(tally, fate.item.stored) - 1)
            return
        run = tally.run if tally.run is not None else self.locked[fate.item.place].run
        if fate.name == PARKED:
            tally.run = run + 1
        elif fate.name == APPLIED and run:
            tally.run = 0

    async def _heard(self, ours: Sequence[Item]) -> set[int]:
        """Which of these are not repetitions, by identity of the item."""
        first: dict[tuple[str, str], Item] = {}
        states = set()
        for item in ours:
            assert item.fact is not None
            if self.archive is None and all(
                handler.replica is not None for handler in item.handlers or ()
            ):
                states.add(id(item))  # their version tells
            else:
                first.setdefault((item.fact.source, item.fact.id), item)
        facts = [item.fact for item in first.values() if item.fact is not None]
        if self.archive is not None:
            kept = await self.archive(self.session, facts) if facts else set()
            return states | {
                id(item)
                for item in first.values()
                if item.fact is not None and item.fact.id in kept
            }
        new = await inbox.insert_new(await self.session.driver(), self.group, facts)
        return states | {id(item) for key, item in first.items() if key in new}

    async def _find_queues(self, items: Sequence[Item]) -> None:
        """Learns which lines of the batch queue already; free while nothing is parked and nothing
        waits in its partitions.
        """
        await self._find_barred([item for item in items if self.locked[item.place].barred])
        lines = {item.line for item in items if self.locked[item.place].waiting and item.line}
        if lines:
            self.done.waiting |= await inbox.behind(await self.session.driver(), self.group, lines)

    async def _find_barred(self, items: Sequence[Item]) -> None:
        lines = {item.line for item in items if item.line}
        if lines:
            self.done.barred |= await parking.blocked(
                await self.session.driver(), self.group, lines
            )

    async def _run(self, items: Sequence[Item], suspects: Sequence[Item] = ()) -> None:
        if not self.careful:
            self.done.take(await self._together(items))
            return
        rest = list(items)
        for suspect in suspects:
            if suspect in rest:
                place = rest.index(suspect)
                await self._apart(rest[:place])
                await self._alone(suspect)
                rest = rest[place + 1 :]
        await self._apart(rest)

    async def _apart(self, items: Sequence[Item]) -> None:
        """Applies a run in one savepoint; where that fails, what is before the culprit, the culprit
        alone, and what is behind it.
        """
        if len(items) <= 1:
            for item in items:
                await self._alone(item)
            return
        try:
            async with self.session.savepoint():
                outcome = await self._together(items)
        except Exception as error:  # every record's fate is decided by whatever its handler raises
            if failures.passing(error):
                raise
            place = items.index(self.culprit) if self.culprit in items else None
            if place is None:
                await self._apart(items[: len(items) // 2])
                await self._apart(items[len(items) // 2 :])
            else:
                await self._apart(items[:place])
                await self._alone(items[place])
                await self._apart(items[place + 1 :])
        else:
            self.done.take(outcome)

    async def _alone(self, item: Item) -> None:
        for attempt in range(1, failures.TRIES + 1):
            try:
                async with self.session.savepoint():
                    outcome = await self._together([item])
            except MissingDependency as missing:
                self.done.add(
                    Disposition(item, WAITING, (kind_of(missing.table), text_of(missing.key)))
                )
                return
            except Exception as error:
                if failures.passing(error):
                    raise
                if isinstance(error, Refusal) or attempt == failures.TRIES:
                    self.done.add(Disposition(item, PARKED, failures.describe(error), attempt))
                    return
            else:
                self.done.take(outcome)
                return

    async def _together(self, items: Sequence[Item]) -> Outcome:
        """Decides in memory and writes with one flush. Whatever raises leaves the culprit's name
        where it is known.
        """
        outcome = Outcome()
        whole: dict[Callable[..., Awaitable[None]], list[tuple[Message, Fact]]] = {}
        self.culprit = None
        facts = [item.fact for item in items if item.fact is not None]
        with handling(facts, self.group) if facts else nullcontext():
            needs = await self._load(items)
            for item in items:
                self.culprit = item
                outcome.add(
                    self._queued(item, outcome)
                    or await self._lacking(item, needs)
                    or await self._applied(item, whole)
                )
            self.culprit = None
            for function, pairs in whole.items():
                await function(pairs, self.session)
            await self.session.driver()
        return outcome

    async def _load(self, items: Sequence[Item]) -> dict[int, list[Any]]:
        needs: dict[int, list[Any]] = {}
        for item in items:
            self.culprit = item
            for handler in item.handlers or () if item.fault is None else ():
                if handler.prefetch is not None:
                    needs.setdefault(id(item), []).extend(handler.prefetch(item.event))
                if handler.replica is not None:
                    needs.setdefault(id(item), []).append(
                        prefetch.replica_of(handler.replica, item)
                    )
        self.culprit = None
        if needs:
            self._rows += await prefetch.load(
                self.session, [need for some in needs.values() for need in some]
            )
        return needs

    def _queued(self, item: Item, outcome: Outcome) -> Disposition | None:
        line = item.line
        if line is not None:
            if line in self.done.barred or line in outcome.barred:
                return Disposition(item, HELD)
            behind = outcome.waiting.get(line) or self.done.waiting.get(line)
            if behind is not None:
                return Disposition(item, WAITING, behind)
        return (
            Disposition(item, PARKED, (UNDECODABLE, item.fault), 1)
            if item.fault is not None
            else None
        )

    async def _lacking(self, item: Item, needs: dict[int, list[Any]]) -> Disposition | None:
        for need in needs.get(id(item), ()):
            if need.required and await self.session.get(need.table, need.key) is None:
                return Disposition(item, WAITING, (kind_of(need.table), text_of(need.key)))
        return None

    async def _applied(
        self, item: Item, whole: dict[Callable[..., Awaitable[None]], list[tuple[Message, Fact]]]
    ) -> Disposition:
        fact, event = item.fact, item.event
        assert fact is not None
        token = cause.set(Cause(fact.correlation_id or fact.id, fact.id, fact.traceparent))
        try:
            effects = [
                await self._call(handler, event, fact, item, whole)
                for handler in item.handlers or ()
            ]
        finally:
            cause.reset(token)
        return Disposition(item, APPLIED if any(effects) or not effects else REPEATED)

    async def _call(
        self, handler: Handler, event: Any, fact: Fact, item: Item, whole: dict[Any, list[Any]]
    ) -> bool:
        if handler.whole:
            whole.setdefault(handler.function, []).append((event, fact))
            return True
        if handler.replica is not None:
            need = prefetch.replica_of(handler.replica, item)
            row: Any = await self.session.get(need.table, need.key)
            if row is not None and row.version >= fact.sequence:
                return False
        await handler.function(event, self.session, *((fact,) if handler.takes_fact else ()))
        if handler.replica is not None:
            row = await self.session.get(need.table, need.key)
            if row is not None:
                row.version = fact.sequence
        return True

    def _note_inserted(self, session: Any, _: Any) -> None:
        for row in session.new:
            if isinstance(row, SQLModel):
                key = prefetch.key_of(row)
                self._inserted.add((kind_of(type(row)), text_of(key)))
