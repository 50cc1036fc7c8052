"""One transaction of a group: records are applied as one; where that fails they are taken apart
until the culprit stands alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from kit.contracts.refusals import Refusal
from kit.db.store import Session
from kit.messaging import failures, inbox, parked, positions, prefetch
from kit.messaging.applying import Applier
from kit.messaging.disposition import (
    APPLIED,
    HELD,
    IGNORED,
    PARKED,
    REPEATED,
    WAITING,
    Disposition,
    Outcome,
)
from kit.messaging.records import ClusterPartition, Item
from kit.messaging.subscriptions import Archive, MissingDependency, kind_of, text_of

# waiting records that one transaction takes up; the next ones follow a second later
RELEASED = 1000


class Batch:
    """The work of one group in one transaction.

    careful: the whole has failed before, so parts are applied, each in a savepoint. written: what
    has become of the records, as far as it is written.
    """

    def __init__(
        self, session: Session, group: str, *, archive: Archive | None = None, careful: bool = False
    ) -> None:
        self.session, self.group, self.archive, self.careful = session, group, archive, careful
        self.tallies: dict[ClusterPartition, positions.Tally] = defaultdict(positions.Tally)
        self.locked: dict[ClusterPartition, positions.Locked] = {}
        self.written: list[Disposition] = []
        self._applier = Applier(session, group)

    @property
    def done(self) -> Outcome:
        """What the records of this transaction have come to, and is not written yet."""
        return self._applier.done

    @property
    def culprit(self) -> Item | None:
        """At whose handler the last failure happened."""
        return self._applier.culprit

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
        ours = [item for item in items if self._is_ours(item)]
        new = await self._find_new(ours)
        await self._find_queues(items)
        work: list[Item] = []
        wanted = {id(item) for item in ours}
        for item in items:
            if item.fault is None and id(item) not in wanted:
                self.done.add(Disposition(item, IGNORED))
            elif item.fault is None and id(item) not in new:
                self.done.add(Disposition(item, REPEATED))
            else:
                work.append(item)
        await self._run(work, suspects)
        if self.done.waiting or any(position.waits for position in self.locked.values()):
            await self.release(self._applier.take_made())

    async def release(self, rows: set[tuple[str, str]]) -> int:
        """Takes up the records that wait for one of these rows, and those that wait for what they
        bring. Returns how many.
        """
        count = 0
        while rows and count < RELEASED:
            await self.write()
            driver = await self.session.driver()
            found = await inbox.waiting_for(driver, self.group, rows, RELEASED)
            if not found:
                break
            await self.lock(prefetch.place_of(row) for row in found)
            # as it is under their locks
            found = await inbox.waiting_for(driver, self.group, rows, RELEASED)
            items = [prefetch.stored(row, self.group, WAITING) for row in found]
            self.done.waiting.clear()
            await self._find_blocked(items)
            await self._run(items)
            count += len(items)
            rows = self._applier.take_made() - rows
        return count

    async def replay(self, items: Sequence[Item]) -> bool:
        """Takes up kept records of one key, up to the first that fails again. Returns whether none
        does.
        """
        for item in items:
            await self._alone(item)
            if self.done.dispositions[-1].name == PARKED:
                break
        through = not any(one.name == PARKED for one in self.done.dispositions)
        await self.release(self._applier.take_made())
        return through

    async def write(self) -> None:
        """Writes where the records lie that did not get through, and counts all in their positions'
        tallies.
        """
        decided, self.done.dispositions = self.done.dispositions, []
        driver = await self.session.driver()
        kept = (PARKED, HELD)
        came = [one.item for one in decided if one.item.stored == WAITING and one.name != WAITING]
        freed = [one.item for one in decided if one.item.stored in kept and one.name not in kept]
        waits = [(one.item, *one.why) for one in decided if one.name == WAITING]
        parks = [
            (one.item, one.name == HELD, *one.why, one.attempts)
            for one in decided
            if one.name in kept
        ]
        await inbox.forget(driver, self.group, came)
        await parked.release(driver, self.group, freed)
        await inbox.wait(driver, self.group, waits)
        await parked.park(driver, self.group, parks)
        for one in decided:
            self._count(one)
        self.written += decided

    async def move(self) -> None:
        """Moves the positions; the last statement before the commit."""
        await self.write()
        await positions.move(await self.session.driver(), self.group, self.tallies)

    def _is_ours(self, item: Item) -> bool:
        if item.fact is None or item.handlers is None:
            return False
        return bool(item.handlers) or self.archive is not None

    def _count(self, disposition: Disposition) -> None:
        item, name = disposition.item, disposition.name
        tally = self.tallies[item.place]
        tally.add(name, 1)
        if item.stored is not None:
            tally.add(item.stored, -1)
            return
        run = tally.run if tally.run is not None else self.locked[item.place].run
        if name == PARKED:
            tally.run = run + 1
        elif name == APPLIED and run:
            tally.run = 0

    async def _find_new(self, ours: Sequence[Item]) -> set[int]:
        """Which of these are not repetitions, by identity of the item."""
        first: dict[tuple[str, str], Item] = {}
        states = set()
        for item in ours:
            handlers = item.handlers or ()
            if self.archive is None and all(handler.replica is not None for handler in handlers):
                states.add(id(item))  # their version tells
            else:
                first.setdefault((item.known_fact.source, item.known_fact.id), item)
        facts = [item.known_fact for item in first.values()]
        if self.archive is None:
            new = await inbox.insert_new(await self.session.driver(), self.group, facts)
            return states | {id(item) for key, item in first.items() if key in new}
        kept = await self.archive(self.session, facts) if facts else set()
        return states | {id(item) for item in first.values() if item.known_fact.id in kept}

    async def _find_queues(self, items: Sequence[Item]) -> None:
        """Learns which keys of the batch queue already; free while nothing is parked and nothing
        waits in its partitions.
        """
        await self._find_blocked([item for item in items if self.locked[item.place].blocked])
        keys = {
            item.ordering_key
            for item in items
            if self.locked[item.place].waiting and item.ordering_key
        }
        if keys:
            driver = await self.session.driver()
            self.done.waiting |= await inbox.behind(driver, self.group, keys)

    async def _find_blocked(self, items: Sequence[Item]) -> None:
        keys = {item.ordering_key for item in items if item.ordering_key}
        if keys:
            driver = await self.session.driver()
            self.done.blocked |= await parked.blocked(driver, self.group, keys)

    async def _run(self, items: Sequence[Item], suspects: Sequence[Item] = ()) -> None:
        if not self.careful:
            self.done.take(await self._applier.apply(items))
            return
        rest = list(items)
        for suspect in suspects:
            if suspect in rest:
                position = rest.index(suspect)
                await self._apart(rest[:position])
                await self._alone(suspect)
                rest = rest[position + 1 :]
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
                outcome = await self._applier.apply(items)
        except Exception as error:  # what becomes of a record is decided by what its handler raises
            if failures.passing(error):
                raise
            await self._split(items)
        else:
            self.done.take(outcome)

    async def _split(self, items: Sequence[Item]) -> None:
        if self.culprit not in items:
            middle = len(items) // 2
            await self._apart(items[:middle])
            await self._apart(items[middle:])
            return
        position = items.index(self.culprit)
        await self._apart(items[:position])
        await self._alone(items[position])
        await self._apart(items[position + 1 :])

    async def _alone(self, item: Item) -> None:
        for attempt in range(1, failures.TRIES + 1):
            try:
                async with self.session.savepoint():
                    outcome = await self._applier.apply([item])
            except MissingDependency as missing:
                why = (kind_of(missing.table), text_of(missing.key))
                self.done.add(Disposition(item, WAITING, why))
                return
            except Exception as error:
                if failures.passing(error):
                    raise
                if isinstance(error, Refusal) or attempt == failures.TRIES:
                    why = failures.describe(error)
                    self.done.add(Disposition(item, PARKED, why, attempt))
                    return
            else:
                self.done.take(outcome)
                return
