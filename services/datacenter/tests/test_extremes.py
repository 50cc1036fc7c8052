"""Whatever a service may say is counted: no day or instant at an end of what is accepted stops the
fold, the recount or the figures.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from eldercare.facility.v1 import events_pb2 as facility
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from datacenter.counts.measures import COMPILED
from datacenter.indicators.catalogue import limits
from datacenter.proofs.flows import definitions
from datacenter.proofs.recount.figures import Figures, figures_of
from datacenter.proofs.recount.month import Recount
from datacenter.subjects.declaration import When
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, Record, records
from datacenter.testing.villages import villages
from kit.contracts import ids
from kit.contracts.days import NO_END
from kit.contracts.wire import timestamp
from kit.db.store import Store
from testkit.extremes import ENDS, FIRST, LAST, moved

Hear = Callable[[Sequence[Record]], Awaitable[None]]
Shown = Callable[[str], Awaitable[Figures]]
Recounted = Callable[[Sequence[DatedEvent], str], Figures]
BOUNDS = [*ENDS, (str(NO_END), LAST), ("2025-03-31", LAST), (str(NO_END), FIRST)]
ALWAYS = {
    f"eldercare.{name}"
    for name in (
        "assessment.v1.ElderRegistered",
        "facility.v1.WorkerRegistered",
        "facility.v1.StayBegan",
    )
}
MONTHS = ("1900-01", "1900-02", "2025-03", "2199-12")


def history(day: str, at: datetime) -> list[DatedEvent]:
    events = History(12).grow(40).ordered()
    for one in events:
        moved(one.event, day, at, day)
    return [one._replace(time=at) for one in events]


@pytest.mark.parametrize(("day", "at"), BOUNDS)
async def test_all_events_at_the_ends_of_what_is_accepted_are_counted(
    day: str,
    at: datetime,
    hear: Hear,
    shown: Shown,
    recount: Recounted,
    store: Store,
) -> None:
    events = history(day, at)
    assert {one.event.DESCRIPTOR.full_name for one in events} >= COMPILED.readers.keys()

    await hear(list(records(events)))

    async with store.reading() as session:
        assert await (await session.driver()).fetchrow(
            "select sum(applied)::int, sum(parked)::int from position"
        ) == (len(events), 0)
    for month in MONTHS:
        assert await shown(month) == recount(events, month), month


async def test_a_certificate_without_an_end_holds_in_every_month(
    hear: Hear, shown: Shown, recount: Recounted
) -> None:
    def registered(until: str) -> Message:
        worker_id = str(ids.new())
        return facility.WorkerRegistered(
            worker=facility.Worker(
                worker_id=worker_id,
                organisation_id=str(ids.new()),
                area_code=villages()[0],
                skills=[1],
                caregiver=True,
                certified_until=until,
                status=facility.Worker.STATUS_ACTIVE,
                registered_at=timestamp(datetime(2025, 1, 5, tzinfo=UTC)),
            )
        )

    events = [
        DatedEvent(registered(until), datetime(2025, 1, 5, tzinfo=UTC), 1)
        for until in ("9999-12-31", "2199-12-31", "2025-02-28")
    ]

    await hear(list(records(events)))

    certified = {
        month: (await shown(month))["ST02", "341100000000"]
        for month in ("2025-01", "2025-02", "2025-03", "2199-12")
    }
    assert certified == {"2025-01": (3, 3), "2025-02": (3, 3), "2025-03": (2, 3), "2199-12": (2, 3)}
    for month in certified:
        assert await shown(month) == recount(events, month)


@pytest.mark.parametrize(
    "at",
    [Timestamp(seconds=-62_135_596_800), Timestamp(seconds=253_402_300_799, nanos=999_999_999)],
)
def test_the_fold_and_the_recount_are_total_over_the_calendar(at: Timestamp) -> None:
    """Also what was accepted before there were bounds."""
    recount = Recount("2025-03", limits())
    for day in ("0001-01-01", "9999-12-31"):
        for one in history(day, FIRST):
            for field in one.event.DESCRIPTOR.fields:
                if (
                    field.message_type is not None
                    and field.message_type.full_name == Timestamp.DESCRIPTOR.full_name
                ):
                    getattr(one.event, field.name).CopyFrom(at)
            facts, counts = COMPILED.read(one.event, When.of(FIRST, 1), limits())
            assert (facts or counts) or one.event.DESCRIPTOR.full_name not in ALWAYS
            recount.take(one.event, FIRST, 1)

    assert figures_of(definitions(), recount.measures())
