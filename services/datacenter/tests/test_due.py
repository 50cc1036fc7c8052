"""A running month counts what is done and what is due, and nothing that can still be in time."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.datacenter.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.supervision.v1 import events_pb2 as supervision
from google.protobuf.message import Message
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from datacenter import months
from datacenter.counts.flows.rebuild import rebuild
from datacenter.lineage.queries import trace
from datacenter.proofs.flows import compare
from datacenter.proofs.recount.figures import Figures
from datacenter.testing.callers import an_operator
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, Record, records
from datacenter.testing.villages import CITY, villages
from devservers.postgres import execute
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.contracts.wire import timestamp
from kit.db.store import Store

Hear = Callable[[Sequence[Record]], Awaitable[None]]
Shown = Callable[..., Awaitable[Figures]]
Recounted = Callable[..., Figures]
HERE, MONTH = villages()[0], "2026-06"
NOW = datetime(2026, 6, 15, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def an_application(due: datetime, *, completed: bool) -> Iterator[Message]:
    same = {"application_id": str(ids.new()), "area_code": HERE}
    yield assessment.ApplicationSubmitted(
        **same, channel=1, submitted_at=timestamp(NOW - 14 * DAY), due_on=str(due.date())
    )
    if completed:
        yield assessment.AssessmentCompleted(
            **same,
            assessment_id=str(ids.new()),
            submitted_at=timestamp(NOW - 14 * DAY),
            completed_at=timestamp(NOW - DAY),
            working_days=9,
        )


def an_order(wanted: datetime, *, finished: bool = False, cause: int = 0) -> Iterator[Message]:
    same = {"order_id": str(ids.new()), "area_code": HERE}
    until = timestamp(wanted + timedelta(hours=2))
    yield dispatch.OrderPlaced(**same, wanted_from=timestamp(wanted), wanted_to=until)
    if finished:
        yield dispatch.OrderFinished(**same, finished_at=timestamp(wanted))
    if cause:
        yield dispatch.OrderCancelled(**same, cause=cause, cancelled_at=timestamp(NOW))


def a_complaint(due: datetime, *, in_time: bool | None = None) -> Iterator[Message]:
    same = {"complaint_id": str(ids.new()), "area_code": HERE}
    yield supervision.ComplaintFiled(
        **same, filed_at=timestamp(NOW - 7 * DAY), due_at=timestamp(due)
    )
    if in_time is not None:
        yield supervision.ComplaintClosed(**same, in_time=in_time, closed_at=timestamp(NOW))


# code → what is told, numerator and denominator now, and once all is due
CASES = {
    "AS04": (
        [
            *an_application(NOW + DAY, completed=False),
            *an_application(NOW, completed=False),
            *an_application(NOW + DAY, completed=True),
            *an_application(NOW - DAY, completed=False),
        ],
        (1, 2),
        (1, 4),
    ),
    "DI03": (
        [
            *an_order(NOW + DAY),
            *an_order(NOW),
            *an_order(NOW + DAY, finished=True),
            *an_order(NOW - DAY),
            *an_order(NOW + DAY, cause=dispatch.OrderCancelled.CAUSE_ELDER),
            *an_order(NOW + DAY, cause=dispatch.OrderCancelled.CAUSE_UNSERVED),
        ],
        (1, 3),
        (1, 5),
    ),
    "DI06": (
        [*a_complaint(NOW + DAY), *a_complaint(NOW + DAY, in_time=True), *a_complaint(NOW - DAY)],
        (1, 2),
        (1, 3),
    ),
}
BEGINNINGS = ("OrderPlaced", "ApplicationSubmitted", "ComplaintFiled")


def dated(messages: Sequence[Message]) -> list[DatedEvent]:
    return [
        DatedEvent(one, NOW - 14 * DAY + n * timedelta(minutes=1), n + 1)
        for n, one in enumerate(messages)
    ]


@pytest.mark.parametrize("is_rebuilt", [False, True])
@pytest.mark.parametrize("code", CASES)
async def test_what_can_still_be_done_in_time_is_left_out(
    store: Store, clock: Clock, hear: Hear, code: str, is_rebuilt: bool
) -> None:
    messages, today, at_last = CASES[code]
    for record in records(dated(messages)):
        await hear([record])
    if is_rebuilt:
        await rebuild(store)

    for now, parts in ((NOW, today), (NOW + 2 * DAY, at_last)):
        clock.set(now)
        async with store.reading() as session:
            request = pb.TraceFigure(area_code=HERE, month=MONTH, code=code)
            page = (await trace(session, an_operator(), request)).page
        assert (page.figure.numerator, page.figure.denominator) == parts
        begun = [one for one in page.events if one.type.endswith(BEGINNINGS)]
        assert [one.in_denominator for one in begun] == [True] * parts[1]
        found = await asyncio.to_thread(compare, store.dsn, CITY, months.of_text(MONTH), now.date())
        assert (found.differences, found.events) == ([], len(messages))


@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 1000), order=st.integers(0, 1000))
async def test_each_day_of_a_month_counts_what_the_recount_of_that_day_does(
    store: Store, hear: Hear, shown: Shown, recount: Recounted, seed: int, order: int
) -> None:
    await execute(store.dsn, "truncate archive, thing, count, pending, heard, position")
    grown = History(seed, places=3, months=2).grow(10).ordered()
    events = [one for one in grown if one.time < datetime(2025, 2, 14, tzinfo=UTC)]
    stream = list(records(events))
    random.Random(order).shuffle(stream)
    stream = [record._replace(offset=number, partition=0) for number, record in enumerate(stream)]

    for begin in range(0, len(stream), 60):
        await hear(stream[begin : begin + 60])

    for day in (date(2025, 2, 14), date(2025, 2, 20), date(2025, 3, 31)):
        assert await shown("2025-02", today=day) == recount(events, "2025-02", today=day), day
