"""What a proof covers, and which months are proved each day."""

from datetime import UTC, datetime, timedelta

from sqlmodel import select

from datacenter import months
from datacenter.proofruns.flows import daily
from datacenter.proofruns.flows.running import prove
from datacenter.proofs.tables import Difference, Proof
from datacenter.testing.history import History
from datacenter.testing.records import records
from datacenter.testing.villages import CITY
from kit.contracts.clock import Clock, local_day
from kit.db.store import Store

BEGIN = datetime(2026, 4, 1, 1, tzinfo=UTC)


async def test_a_proof_before_the_first_event_covers_nothing_and_is_made_anew(
    store: Store, hear
) -> None:
    today = months.of_day(store.clock.today())
    first = await prove(store, CITY, today)

    assert await daily.is_proved(store, CITY, today)
    await hear(list(records(History(3).grow(5).ordered())))
    assert not await daily.is_proved(store, CITY, today)
    second = await prove(store, CITY, today)

    assert await daily.is_proved(store, CITY, today)
    async with store.reading() as session:
        found = [await session.get(Proof, proof_id) for proof_id in (first, second)]
    assert (found[0].events, found[0].figures) == (0, 0)
    assert found[1].events > 0
    assert found[1].figures > 1000


async def test_each_day_proves_the_present_month_and_the_closed_one_proved_longest_ago(
    store: Store, clock: Clock, hear
) -> None:
    clock.set(datetime(2026, 7, 10, 4, tzinfo=UTC))
    await hear(list(records(History(3, begin=BEGIN).grow(10).ordered())))
    april, july = months.of_text("2026-04"), months.of_text("2026-07")

    proved_on, proved = None, []
    for _ in range(4):
        for _ in range(2):
            proved_on = await daily.prove_due(store, CITY, proved_on)
        proved.append(await _proved(store, proved_on))
        clock.set(clock.now() + timedelta(days=1))

    assert proved == [[april, july], [april + 1, july], [april + 2, july], [april, july]]


async def test_a_month_proved_on_demand_does_not_take_the_turn_of_another(
    store: Store, clock: Clock, hear
) -> None:
    clock.set(datetime(2026, 7, 10, 4, tzinfo=UTC))
    await hear(list(records(History(3, begin=BEGIN).grow(10).ordered())))
    april, july = months.of_text("2026-04"), months.of_text("2026-07")
    await prove(store, CITY, april)

    day = await daily.prove_due(store, CITY, None)

    assert await _proved(store, day) == [april, april + 1, july]


async def test_a_closed_month_that_no_longer_agrees_with_the_archive_is_found(
    store: Store, clock: Clock, hear
) -> None:
    clock.set(datetime(2026, 5, 10, 4, tzinfo=UTC))
    await hear(list(records(History(3, months=1, begin=BEGIN).grow(10).ordered())))
    async with store.transaction() as session:
        wrong = "update count set alive = coalesce(alive, 0) + 1 where month = $1"
        await (await session.driver()).execute(wrong, months.of_text("2026-04"))

    await daily.prove_due(store, CITY, None)

    async with store.reading() as session:
        codes = set(
            await session.exec(
                select(Difference.code).join(Proof).where(Proof.month == months.of_text("2026-04"))
            )
        )
    assert "POP01" in codes


async def _proved(store: Store, day) -> list[int]:
    async with store.reading() as session:
        found = await session.exec(select(Proof.month, Proof.proved_at))
    return sorted(month for month, at in found if local_day(at) == day)
