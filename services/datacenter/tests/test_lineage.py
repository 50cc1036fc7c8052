"""From a figure to its events: an answer takes no longer where more lies behind it."""

import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.datacenter.v1 import api_pb2 as pb
from eldercare.facility.v1 import events_pb2 as facility

from datacenter.lineage.queries import trace
from datacenter.testing.callers import an_operator
from datacenter.testing.elders import an_elder
from datacenter.testing.records import DatedEvent, Record, a_record, records
from datacenter.testing.villages import villages
from kit.contracts import areas, ids
from kit.contracts.wire import timestamp
from kit.db.store import Store

Hear = Callable[[Sequence[Record]], Awaitable[None]]
HERE, THERE = villages()[0], villages()[-1]
COUNTY = areas.at(HERE, areas.COUNTY)
# the newest events of the month are those of somebody in another county
OTHERS = """
insert into archive select (left(id::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, type, source,
subject, thing, sequence, area_code, time + interval '1 hour', topic, partition, "offset",
traceparent, headers, payload, batch
from archive, generate_series(1, 12000) as n where area_code = $1"""
BEGIN = datetime(2025, 1, 5, 4, tzinfo=UTC)


async def asked(store: Store, code: str, area: str, month: str, after: str = "") -> pb.LineagePage:
    request = pb.TraceFigure(area_code=area, month=month, code=code, after=after)
    async with store.reading() as session:
        return (await trace(session, an_operator(), request)).page


async def test_what_stands_behind_many_events_of_others_is_found_page_by_page(
    store: Store, hear: Hear
) -> None:
    registered = [
        DatedEvent(
            assessment.ElderRegistered(
                elder=an_elder(area_code=area, registered_at=timestamp(BEGIN + timedelta(hours=n)))
            ),
            BEGIN + timedelta(hours=n),
            1,
        )
        for n, area in enumerate((HERE, HERE, HERE, THERE))
    ]
    await hear(list(records(registered)))
    async with store.transaction() as session:
        await (await session.driver()).execute(OTHERS, THERE)

    found, after, answers = [], "", 0
    while answers == 0 or after:
        page = await asked(store, "POP01", COUNTY, "2025-01", after)
        found += [event.event_id for event in page.events]
        assert page.HasField("searched_to") == bool(page.next)
        after, answers = page.next, answers + 1

    assert len(found) == len(set(found)) == 3


async def test_an_elder_of_many_changes_takes_not_their_square(store: Store, hear: Hear) -> None:
    elder, changes = an_elder(), 500
    events = [
        a_record(
            DatedEvent(
                assessment.ElderChanged(elder=elder)
                if n
                else assessment.ElderRegistered(elder=elder),
                BEGIN + timedelta(minutes=n),
                n + 1,
            ),
            offset=n,
        )
        for n in range(changes)
    ]
    await hear(events)

    begun = time.process_time()
    page = await asked(store, "POP01", HERE, "2025-01")

    assert time.process_time() - begun < 3
    assert [event.type for event in page.events] == ["eldercare.assessment.v1.ElderChanged"]


async def test_a_stay_that_came_late_leads_to_its_event(store: Store, hear: Hear) -> None:
    names = ("stay_id", "facility_id", "organisation_id", "bed_id", "elder_id")
    reported = BEGIN + timedelta(days=90)
    began = facility.StayBegan(
        **{name: str(ids.new()) for name in names},
        area_code=HERE,
        began_on="2025-01-20",
        admitted_at=timestamp(reported),
    )
    await hear([a_record(DatedEvent(began, reported, 1), offset=0)])

    page = await asked(store, "FA09", HERE, "2025-01")

    assert (page.figure.numerator, page.figure.restated.numerator) == (1, 0)
    assert [event.type for event in page.events] == ["eldercare.facility.v1.StayBegan"]
    assert [event.in_numerator for event in page.events] == [True]


async def test_a_figure_of_some_towns_leads_to_the_facilities_of_these_alone(
    store: Store, hear: Hear
) -> None:
    tree = areas.load()
    street, town = (
        next(
            area.code
            for area in tree
            if area.level == areas.TOWNSHIP and area.kinds == {kind} and area.official
        )
        for kind in ("街道", "镇")
    )
    in_street = next(area.code for area in tree if area.parent == street)
    opened = [
        DatedEvent(
            facility.FacilityOpened(
                facility=facility.Facility(
                    facility_id=str(ids.new()),
                    organisation_id=str(ids.new()),
                    area_code=area,
                    tier=facility.Facility.TIER_TOWN,
                    status=facility.Facility.STATUS_OPEN,
                )
            ),
            BEGIN,
            1,
        )
        for area in (in_street, town)
    ]
    await hear(list(records(opened)))

    found = {
        area: await asked(store, "FA06", area, "2025-01")
        for area in (areas.at(street, areas.CITY), street, in_street, town)
    }

    counted = {area: page.figure.numerator for area, page in found.items()}
    assert list(counted.values()) == [1, 1, 0, 0]
    assert {
        area: sum(event.in_numerator for event in page.events) for area, page in found.items()
    } == counted
    assert [event.area_code for event in found[areas.at(street, areas.CITY)].events] == [in_street]
