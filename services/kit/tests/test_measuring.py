"""What a group tells operators by its gauges, on a real Kafka."""

from pathlib import Path
from typing import Any

from devservers.kafka import Kafka
from kit.contracts import ids
from kit.db.store import Store
from kit.messaging import measuring
from kit.messaging.status import status
from kit.observability import names
from testkit import trial, until


async def measured(consumers: Any) -> dict[str, float]:
    """Lag, offsets read and time behind, of the counters' topic."""
    positions = (await status(consumers))["positions"]
    measuring.measure_positions(consumers, positions)
    await measuring.measure_parked(consumers)
    mine = [
        labels
        for labels in names.CONSUMER_LAG.series
        if labels[:2] == (consumers.group, trial.COUNTS)
    ]
    return {
        "partitions": len(mine),
        "lag": sum(names.CONSUMER_LAG.series[labels] for labels in mine),
        "read": sum(names.CONSUMER_POSITION.series[labels] for labels in mine),
        "behind_s": names.CONSUMER_BEHIND.series.get((consumers.group, trial.COUNTS), -1.0),
    }


async def test_a_group_that_has_read_all_is_not_behind_and_one_that_hangs_is_ever_more(
    world: str,
    store: Store,
    kafka: Kafka,
    tmp_path: Path,
) -> None:
    marker = tmp_path / "hangs"
    async with trial.reading(store, kafka.address, world) as consumers:
        await trial.send(kafka.address, [trial.counted(ids.new(), n) for n in range(20)])
        read = await until(lambda: _when(consumers, lag=0, read=20), 30, what="all is read")
        await trial.send(kafka.address, [trial.counted(ids.new(), 21, mood=f"hang:{marker}")])
        await until(marker.exists, 30, what="the handler hangs")
        first = await until(
            lambda: _when(consumers, lag=1), 10, what="the record that hangs is a lag"
        )
        later = await until(
            lambda: _above(consumers, first["behind_s"] + 0.5), 10, what="it is ever more behind"
        )

    assert (read["partitions"], read["behind_s"]) == (2, 0)
    assert first["behind_s"] > 0
    assert (later["lag"], later["read"]) == (1, 20)


async def test_what_is_parked_is_measured_by_reason_and_age_until_it_is_replayed(
    world: str, store: Store, kafka: Kafka
) -> None:
    async with trial.reading(store, kafka.address, world) as consumers:
        await trial.send(
            kafka.address,
            [
                trial.counted(ids.new(), 1, mood="refuse"),
                trial.counted(ids.new(), 1, mood="refuse"),
            ],
        )
        await until(lambda: _when(consumers, lag=0, read=2), 30, what="both are parked")
        await measured(consumers)
        parked = {
            labels: count for labels, count in names.PARKED_NOW.series.items() if labels[0] == world
        }
        age_s = names.PARKED_OLDEST.series[(world,)]
        async with store.transaction() as session:
            await (await session.driver()).execute("delete from parked")
        await measured(consumers)

    counted = {
        labels[2]: count
        for labels, count in names.PARKED.series.items()
        if labels[:2] == (world, trial.COUNTS)
    }
    assert counted == {"undecodable": 0, "refused": 2, "defect": 0, "waited": 0}
    assert parked == {(world, "UNWELCOME"): 2}
    assert age_s > 0
    assert [labels for labels in names.PARKED_NOW.series if labels[0] == world] == []
    assert names.PARKED_OLDEST.series[(world,)] == 0


async def _when(consumers: Any, **wanted: float) -> dict[str, float] | None:
    if not consumers.ready:
        return None
    values = await measured(consumers)
    return values if wanted.items() <= values.items() else None


async def _above(consumers: Any, behind_s: float) -> dict[str, float] | None:
    values = await measured(consumers)
    return values if values["behind_s"] > behind_s else None
