"""What operators see of the figures, on a real database."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from datacenter.proofs.measuring import measure
from datacenter.proofs.tables import Difference, Proof
from datacenter.testing.history import History
from datacenter.testing.records import Record, records
from datacenter.testing.villages import CITY
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.observability import names

BEGAN = datetime(2026, 4, 1, tzinfo=UTC)
MARCH, APRIL = 24_314, 24_315


async def _proved(store: Store, month: int, *codes: str, area: str = CITY) -> UUID:
    """A proof of a month that found these figures to differ."""
    proof_id = ids.new()
    async with store.transaction() as session:
        session.add(
            Proof(
                proof_id=proof_id,
                area_code=area,
                month=month,
                figures=31,
                events=7,
                proved_at=session.now,
            )
        )
        await session.flush()
        session.add_all(
            [
                Difference(
                    proof_id=proof_id,
                    code=code,
                    area_code=area,
                    shown_numerator=2,
                    shown_denominator=0,
                    recomputed_numerator=1,
                    recomputed_denominator=0,
                )
                for code in codes
            ]
        )
    return proof_id


async def _measured(store: Store) -> tuple[float, float]:
    """Figures that differ, and the age of the newest proof."""
    async with store.reading() as session:
        await measure(session, CITY, BEGAN)
    return names.PROOF_DIFFERENCES.series[()], names.PROOF_AGE.series[()]


async def test_the_newest_proof_of_each_month_counts(store: Store, clock: Clock) -> None:
    clock.set(BEGAN)
    await _proved(store, MARCH, "POP01", "POP02")
    await _proved(store, APRIL, "DI02")
    clock.set(BEGAN + timedelta(hours=3))
    assert await _measured(store) == (3, 10_800)

    await _proved(store, MARCH)
    assert await _measured(store) == (1, 0)
    assert names.PROOF_FIGURES.series[()] == 31


async def test_a_proof_of_a_part_is_no_proof_of_the_city(store: Store, clock: Clock) -> None:
    clock.set(BEGAN + timedelta(days=3))
    await _proved(store, APRIL, "POP01", area="341102000000")

    assert await _measured(store) == (0, 3 * 86_400)


async def test_the_newest_fact_of_each_topic_has_an_age(
    store: Store,
    clock: Clock,
    hear: Callable[[Sequence[Record]], Awaitable[None]],
) -> None:
    events = History(3).grow(20).ordered()
    await hear(list(records(events)))
    clock.set(BEGAN)

    await _measured(store)

    ages = {topic: age_s for (topic,), age_s in names.WATERMARK_AGE.series.items()}
    assert {"elder", "order"} <= ages.keys()
    assert min(ages.values()) == (BEGAN - max(one.time for one in events)).total_seconds()
