"""One batch in one transaction: its number, the archive, the fold, and how far each topic is heard."""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.message import Message

from datacenter.flows import archive
from datacenter.flows.folding import fold
from datacenter.flows.limits import limits
from datacenter.flows.reading.events import area_of, read
from datacenter.flows.reading.values import When
from datacenter.flows.renewing import NUMBER, counted_by
from kit.db.store import Session
from kit.messaging.subscriptions import Fact

_VOUCHED = "datacenter.unheard"

_HEARD = """
insert into heard (topic, month, newest, applied_at)
select t, m, n, clock_timestamp() from unnest($1::text[], $2::int[], $3::timestamptz[]) as h (t, m, n)
on conflict (topic, month) do update set newest = greatest(heard.newest, excluded.newest), applied_at = excluded.applied_at"""


async def project(pairs: Sequence[tuple[Message | None, Fact]], session: Session) -> None:
    """Keeps events and counts them, those apart that are kept already; an event of no known type is
    kept alone.
    """
    driver = await session.driver()
    number, generation = await driver.fetchrow(NUMBER, counted_by())
    kept, said = [], []
    newest: dict[tuple[str, int], datetime] = {}
    known = limits()
    for event, fact in await _new(pairs, session):
        when = When.of(fact.time, fact.sequence)
        told = read(event, when, known) if event is not None else ([], [])
        said.append(told)
        kept.append(
            (
                fact,
                told[0][0][1] if told[0] else None,
                area_of(event) if event is not None else None,
            )
        )
        key = (fact.topic.split(".")[1], when.month)
        if key not in newest or newest[key] < fact.time:
            newest[key] = fact.time
    if not kept:
        return
    await archive.keep(driver, kept, number)
    await fold(driver, generation, said, known)
    told_of = sorted(newest)
    await driver.execute(
        _HEARD,
        [key[0] for key in told_of],
        [key[1] for key in told_of],
        [newest[key] for key in told_of],
    )


async def unheard(session: Session, facts: Sequence[Fact]) -> set[str]:
    """Ids of the events that are not in the archive; the session remembers them, so that `project`
    need not ask again.
    """
    new = await archive.unheard(await session.driver(), facts)
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
        new |= await archive.unheard(await session.driver(), asked)
    session.info[_VOUCHED] = vouched - new
    found = []
    for event, fact in pairs:
        if fact.id in new:
            new.remove(fact.id)
            found.append((event, fact))
    return found
