"""One batch in one transaction: its number, the archive, the fold, how far each topic is read."""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.message import Message

from datacenter.archive.events import area_of
from datacenter.archive.flows import keeping
from datacenter.counts.flows.columns import ensure_columns
from datacenter.counts.flows.folding import fold
from datacenter.counts.flows.renewing import NUMBER, counted_by
from datacenter.counts.measures import COMPILED
from datacenter.indicators.catalogue import limits
from datacenter.subjects.compiled import Reading
from datacenter.subjects.declaration import When
from kit.db.store import Session
from kit.messaging.subscriptions import Fact

_VOUCHED = "datacenter.new"

_WATERMARKS = """
insert into heard (topic, month, newest, applied_at)
select t, m, n, clock_timestamp()
from unnest($1::text[], $2::int[], $3::timestamptz[]) as h (t, m, n)
on conflict (topic, month) do update
set newest = greatest(heard.newest, excluded.newest), applied_at = excluded.applied_at"""


async def project(pairs: Sequence[tuple[Message | None, Fact]], session: Session) -> None:
    """Keeps events and counts them, except those that are kept already; an event of no known type
    is only kept.

    Where other rules had a part in what is shown, events are kept and not counted: what is known of
    things may be stored in another form, and the rebuild that is due counts them.
    """
    driver = await session.driver()
    number, generation, is_ours = await driver.fetchrow(NUMBER, counted_by())
    kept: list[tuple[Fact, str | None, str | None]] = []
    readings: list[tuple[int, Reading]] = []
    newest: dict[tuple[str, int], datetime] = {}
    known = limits()
    for event, fact in await _new(pairs, session):
        when = When.of(fact.time, fact.sequence)
        reading: Reading = ([], []) if event is None else COMPILED.read(event, when, known)
        readings.append((when.reported_on, reading))
        thing = reading[0][0][1] if reading[0] else None
        kept.append((fact, thing, None if event is None else area_of(event)))
        key = (fact.topic.split(".")[1], when.month)
        if key not in newest or newest[key] < fact.time:
            newest[key] = fact.time
    if not kept:
        return
    await keeping.keep(driver, kept, number)
    if is_ours:
        await ensure_columns(driver)
        await fold(driver, generation, readings, known)
    topics = sorted(newest)
    await driver.execute(
        _WATERMARKS,
        [key[0] for key in topics],
        [key[1] for key in topics],
        [newest[key] for key in topics],
    )


async def new_ids(session: Session, facts: Sequence[Fact]) -> set[str]:
    """Ids of the events that are not in the archive; the session remembers them, so that `project`
    need not ask again.
    """
    new = await keeping.new_ids(await session.driver(), facts)
    session.info[_VOUCHED] = new | session.info.get(_VOUCHED, set())
    return set(new)


async def _new(
    pairs: Sequence[tuple[Message | None, Fact]], session: Session
) -> list[tuple[Message | None, Fact]]:
    """What is not kept yet, each once: a parked record may come a second time before the first is
    released.
    """
    vouched = session.info.pop(_VOUCHED, set())
    asked = [fact for _, fact in pairs if fact.id not in vouched]
    new = {fact.id for _, fact in pairs} & vouched
    if asked:
        new |= await keeping.new_ids(await session.driver(), asked)
    session.info[_VOUCHED] = vouched - new
    found = []
    for event, fact in pairs:
        if fact.id in new:
            new.remove(fact.id)
            found.append((event, fact))
    return found
