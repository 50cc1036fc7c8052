"""What a proof covers."""

from datacenter.flows import proving
from datacenter.rules import months
from datacenter.tables import Proved
from datacenter.testing import CITY, History, records
from kit.store import Store


async def test_a_proof_before_the_first_event_covers_nothing_and_is_made_anew(store: Store, hear) -> None:
    today = months.of_day(store.clock.today())
    first = await proving.prove(store, CITY, today)

    assert await proving.is_proved(store, CITY, today)
    await hear(list(records(History(3).grow(5).ordered())))
    assert not await proving.is_proved(store, CITY, today)
    second = await proving.prove(store, CITY, today)

    assert await proving.is_proved(store, CITY, today)
    async with store.reading() as session:
        found = [await session.get(Proved, proof_id) for proof_id in (first, second)]
    assert (found[0].events, found[0].figures) == (0, 0)
    assert found[1].events > 0
    assert found[1].figures > 1000
