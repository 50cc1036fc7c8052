"""A fact that is told late restates the month of the day it is of, in whatever order it comes; what
it has changed stands beside the figure.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.datacenter.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility
from hypothesis import given, settings
from hypothesis import strategies as st

from datacenter import months
from datacenter.counts import queries as counts
from datacenter.counts.flows.folding import Changes, gathered, taken_in
from datacenter.counts.flows.rebuild import rebuild
from datacenter.counts.measures import COMPILED, MEASURES
from datacenter.counts.rollup import rolled_up
from datacenter.figures import queries as figures
from datacenter.indicators.catalogue import limits
from datacenter.proofs.recount.counting import Measures
from datacenter.proofs.recount.month import Recount
from datacenter.subjects.compiled import Reports
from datacenter.subjects.declaration import When
from datacenter.subjects.measures import Counts, add
from datacenter.testing.callers import an_operator
from datacenter.testing.elders import an_elder
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, Record, a_record, records
from datacenter.testing.villages import CITY, villages
from kit.contracts import areas, ids
from kit.contracts.wire import timestamp
from kit.db.store import Store

Hear = Callable[[Sequence[Record]], Awaitable[None]]
HERE = villages()[0]
MONTHS = ("2025-02", "2025-05", "2025-11", "2026-06")


@cache
def history(seed: int) -> Sequence[DatedEvent]:
    """A small city over two years."""
    return History(seed, places=3, months=20).grow(8).ordered()


def recounted(events: Sequence[DatedEvent], month: str, until: datetime) -> Measures:
    """The month by the definitions alone, by what was told before an instant."""
    recount = Recount(month, limits())
    for one in events:
        if one.time < until:
            recount.take(one.event, one.time, one.sequence)
    return recount.measures()


def folded(batches: Sequence[Sequence[DatedEvent]]) -> tuple[Counts, Changes]:
    """What the fold counts, in memory, and what it has found to be told late."""
    known: dict[tuple[int, str], Reports] = {}
    total: Counts = {}
    whole = Changes()
    for batch in batches:
        changes = Changes()
        changes.restated = whole.restated
        whens = [(When.of(one.time, one.sequence), one.event) for one in batch]
        readings = [
            (when.reported_on, COMPILED.read(event, when, limits())) for when, event in whens
        ]
        things = gathered(readings, changes)
        tellers = {key: one for key, one in things.items() if not one[0].is_reported}
        rest = {key: one for key, one in things.items() if one[0].is_reported}
        for day, (fold, id, state) in taken_in(known, tellers, changes, limits()):
            rest.setdefault((fold.kind, id), (fold, []))[1].append((day, state))
        taken_in(known, rest, changes, limits())
        for place, row in changes.counts.items():
            add(total.setdefault(place, {}), row)
    return rolled_up(total), whole


def stands(count: Counts, month: str) -> Measures:
    """The measures of a month, of these counts."""
    last, found = months.of_text(month), Measures({one.name: Counter() for one in MEASURES})
    for (area, at), row in count.items():
        for measure, amount in row.items():
            if at == last or (measure.is_stock and at < last):
                found[measure.name][area] += amount
    return found


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 3), order=st.integers(0, 10_000), size=st.sampled_from([3, 40, 10_000]))
def test_any_order_and_lateness_give_the_figures_of_the_recount(
    seed: int, order: int, size: int
) -> None:
    """And what each month stood at when it ended."""
    events, chance = history(seed), random.Random(order)
    mixed = list(events)
    chance.shuffle(mixed)

    count, changes = folded([mixed[at : at + size] for at in range(0, len(mixed), size)])

    late: dict[str, list[tuple[str, int, int, int]]] = defaultdict(list)
    for (area, at, day, name), (amount, _) in changes.restated.items():
        late[name].append((area, at, day, amount))
    assert late
    for month in MONTHS:
        last = months.of_text(month)
        end = datetime.fromtimestamp(months.first_second(last + 1), UTC)
        now, then = stands(count, month), recounted(events, month, end)
        final = recounted(events, month, datetime.max.replace(tzinfo=UTC))
        for measure in MEASURES:
            assert now[measure.name] == final[measure.name], (measure.name, month)
            for area, at, day, amount in late[measure.name]:
                is_of = at <= last if measure.is_stock else at == last
                if is_of and day > months.last_day(last).toordinal():
                    now[measure.name][area] -= amount
            assert now[measure.name] == then[measure.name], (measure.name, month)


def a_late_death() -> list[DatedEvent]:
    """Two elders in a village; one dies on 20 February, which is told on 5 March."""
    one, two = an_elder(), an_elder()
    dead = assessment.Elder.FromString(one.SerializeToString())
    dead.status, dead.died_on = assessment.Elder.STATUS_DEAD, "2025-02-20"
    begun, reported = (datetime(2025, month, 5, 4, tzinfo=UTC) for month in (1, 3))
    return [
        DatedEvent(assessment.ElderRegistered(elder=one), begun, 1),
        DatedEvent(assessment.ElderRegistered(elder=two), begun + timedelta(hours=1), 1),
        DatedEvent(assessment.ElderDied(elder=dead), reported, 2),
    ]


async def made_of(store: Store, area: str) -> list[pb.Figure]:
    """The figures of an area from January to March."""
    span = range(months.of_text("2025-01"), months.of_text("2025-04"))
    async with store.reading() as session:
        asked = (session, an_operator(), [area], span[0], span[-1])
        return figures.figures(
            [area],
            span,
            await counts.totals(*asked, date.max),
            await counts.presence(session, an_operator(), area, span[0], span[-1]),
            await figures.sources(session, span[-1]),
            await counts.late(*asked),
        )


@pytest.mark.parametrize("is_rebuilt", [False, True])
async def test_what_a_late_fact_has_changed_stands_beside_the_figure(
    store: Store, hear: Hear, is_rebuilt: bool
) -> None:
    for record in records(a_late_death()):
        await hear([record])
    if is_rebuilt:
        await rebuild(store)

    made = await made_of(store, HERE)
    elders = {one.month: one for one in made if one.code == "POP01"}
    assert {month: one.numerator for month, one in elders.items()} == {
        "2025-01": 2,
        "2025-02": 1,
        "2025-03": 1,
    }
    assert [month for month, one in elders.items() if one.HasField("restated")] == ["2025-02"]
    assert elders["2025-02"].restated == pb.Restatement(
        since="2025-03-05", last_on="2025-03-05", facts=1, value=2, numerator=2
    )
    share = next(one for one in made if one.code == "POP06" and one.month == "2025-02")
    assert (share.restated.numerator, share.restated.denominator, share.restated.facts) == (2, 2, 1)


def a_facility(area: str, valid_from: str, reported: datetime) -> Record:
    house = facility.Facility(
        facility_id=str(ids.new()),
        organisation_id=str(ids.new()),
        area_code=area,
        tier=facility.Facility.TIER_TOWN,
        status=facility.Facility.STATUS_OPEN,
        valid_from=valid_from,
    )
    return a_record(DatedEvent(facility.FacilityOpened(facility=house), reported, 1), offset=0)


async def test_a_place_that_came_late_stands_beside_the_figures_of_presence(
    store: Store, hear: Hear
) -> None:
    tree = areas.load()
    one, other = [
        next(village for village in villages() if village.startswith(street.code[:9]))
        for street in tree
        if street.level == areas.TOWNSHIP
        and street.type == "街道"
        and any(village.startswith(street.code[:9]) for village in villages())
    ][:2]
    in_time, late = (datetime(2025, month, 5, 4, tzinfo=UTC) for month in (1, 3))
    await hear([a_facility(one, "2025-01-05", in_time)])
    await hear([a_facility(one, "2025-02-20", late)._replace(offset=1)])
    assert not any(figure.HasField("restated") for figure in await presence_of(store))

    await hear([a_facility(other, "2025-02-20", late)._replace(offset=2)])

    found = await presence_of(store)
    assert {figure.code for figure in found} == {"FA02", "FA06"}
    for figure in found:
        if figure.month != "2025-02":
            assert not figure.HasField("restated"), (figure.code, figure.month)
            continue
        before = figure.restated
        assert (figure.numerator, before.numerator, before.facts, before.since) == (
            2,
            1,
            1,
            "2025-03-05",
        )
        assert before.denominator == figure.denominator


async def presence_of(store: Store) -> list[pb.Figure]:
    return [one for one in await made_of(store, CITY) if one.code in ("FA02", "FA06")]


@pytest.mark.parametrize(("reported_on", "is_restated"), [(1, False), (2, True)])
async def test_what_is_reported_the_next_morning_is_no_restatement(
    store: Store, hear: Hear, reported_on: int, is_restated: bool
) -> None:
    """A visit of the evening of 28 February."""
    finished = dispatch.OrderFinished(
        order_id=str(ids.new()),
        area_code=HERE,
        finished_at=timestamp(datetime(2025, 2, 28, 12, tzinfo=UTC)),
    )
    reported = datetime(2025, 3, reported_on, 1, tzinfo=UTC)
    await hear([a_record(DatedEvent(finished, reported, 1), offset=0)])

    visits = [one for one in await made_of(store, HERE) if one.code == "DI04"]

    assert [(one.month, one.denominator) for one in visits if one.denominator] == [("2025-02", 1)]
    assert [one.HasField("restated") for one in visits] == [False, is_restated, False]
