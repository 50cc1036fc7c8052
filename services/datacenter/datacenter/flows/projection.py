"""One batch in one transaction: its number, the archive, the fold, and how far each topic is heard."""

from collections.abc import Sequence
from datetime import datetime

from google.protobuf.message import Message

from datacenter.flows import archive
from datacenter.flows.folding import fold
from datacenter.flows.limits import limits
from datacenter.flows.reading import When, area_of, read
from kit.events import Fact
from kit.store import Session

_NUMBER = "update projection set batch = batch + 1 returning batch, live"

_HEARD = """
insert into heard (topic, month, newest, applied_at) select t, m, n, clock_timestamp() from unnest($1::text[], $2::int[], $3::timestamptz[]) as h (t, m, n)
on conflict (topic, month) do update set newest = greatest(heard.newest, excluded.newest), applied_at = excluded.applied_at"""


async def project(pairs: Sequence[tuple[Message | None, Fact]], session: Session) -> None:
    """Keeps events and counts those that were not kept before; an event of no known type is kept alone."""
    driver = await session.driver()
    number, generation = await driver.fetchrow(_NUMBER)
    kept, said = [], []
    newest: dict[tuple[str, int], datetime] = {}
    for event, fact in pairs:
        when = When.of(fact.time, fact.sequence)
        told = read(event, when, limits()) if event is not None else ([], [])
        said.append(told)
        kept.append((fact, told[0][0][1] if told[0] else None, area_of(event) if event is not None else None))
        key = (fact.topic.split(".")[1], when.month)
        if key not in newest or newest[key] < fact.time:
            newest[key] = fact.time
    new = await archive.keep(driver, kept, number)
    if len(new) < len(kept):
        said = [told for told, (fact, _, _) in zip(said, kept, strict=True) if _taken(new, fact.id)]
    await fold(driver, generation, said, limits())
    told_of = sorted(newest)
    await driver.execute(_HEARD, [key[0] for key in told_of], [key[1] for key in told_of], [newest[key] for key in told_of])


def _taken(new: set[str], id: str) -> bool:
    """Whether an id is new; the second one of the same batch is not."""
    if id not in new:
        return False
    new.remove(id)
    return True
