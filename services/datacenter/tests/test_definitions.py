"""Single definitions: what a late fact, a move, a birthday, an expiry does to which month."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility
from eldercare.subsidy.v1 import events_pb2 as subsidy
from google.protobuf.message import Message

from datacenter.proofs.recount.figures import Figures
from datacenter.testing.elders import an_elder
from datacenter.testing.records import DatedEvent, Record, a_record
from datacenter.testing.villages import villages
from kit.contracts import areas, ids
from kit.contracts.wire import timestamp
from kit.db.store import Store

Hear = Callable[[Sequence[Record]], Awaitable[None]]
Shown = Callable[[str], Awaitable[Figures]]
Recounted = Callable[[Sequence[DatedEvent], str], Figures]
HERE, THERE = villages()[0], villages()[-1]


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T04:00").replace(tzinfo=UTC)


def as_records(*events: tuple[Message, str, int]) -> list[Record]:
    return [
        a_record(DatedEvent(event, at(day), sequence), offset=number)
        for number, (event, day, sequence) in enumerate(events)
    ]


async def test_a_death_counts_from_the_month_in_which_it_happened(hear: Hear, shown: Shown) -> None:
    elder = an_elder()
    dead = assessment.Elder.FromString(elder.SerializeToString())
    dead.status, dead.died_on = assessment.Elder.STATUS_DEAD, "2025-02-20"
    moved = an_elder(elder_id=elder.elder_id, area_code=THERE)

    await hear(
        as_records(
            (assessment.ElderRegistered(elder=elder), "2025-01-10", 1),
            (assessment.ElderChanged(elder=moved), "2025-03-02", 2),
            (assessment.ElderDied(elder=dead), "2025-03-05", 3),
        )
    )

    assert (await shown("2025-01"))["POP01", HERE] == (1, 0)
    for month in ("2025-02", "2025-03", "2025-12"):
        assert not any(code == "POP01" for code, _ in await shown(month)), month


async def test_who_was_taken_for_dead_or_gone_was_there_all_along(hear: Hear, shown: Shown) -> None:
    elder = an_elder()
    same = elder.elder_id
    dead, gone = assessment.Elder.STATUS_DEAD, assessment.Elder.STATUS_MOVED_OUT
    first = an_elder(elder_id=same, status=dead, died_on="2025-02-20", effective_on="2025-02-20")
    later = an_elder(elder_id=same, status=dead, died_on="2025-04-20", effective_on="2025-02-20")
    alive = an_elder(elder_id=same, effective_on="2025-04-20")
    left = an_elder(
        elder_id=same, status=gone, moved_out_on="2025-05-03", effective_on="2025-05-03"
    )
    events = [
        (assessment.ElderRegistered(elder=elder), "2025-01-10", 1),
        (assessment.ElderDied(elder=first), "2025-05-05", 2),
        (assessment.ElderDied(elder=later), "2025-06-05", 3),
        (assessment.ElderChanged(elder=alive), "2025-07-05", 4),
        (assessment.ElderChanged(elder=left), "2025-08-05", 5),
    ]
    there = ("2025-01", "2025-03", "2025-04", "2025-06", "2025-08")
    expected = [
        [True, True, True, True, True],
        [True, False, False, False, False],
        [True, True, False, False, False],
        [True, True, True, True, True],
        [True, True, True, False, False],
    ]

    for event, wanted in zip(events, expected, strict=True):
        await hear(as_records(event))
        found = [("POP01", HERE) in await shown(month) for month in there]
        assert found == wanted, event


async def test_what_is_corrected_of_a_birth_was_so_all_along(hear: Hear, shown: Shown) -> None:
    elder = an_elder(born_on="1950-06-30")
    corrected = an_elder(elder_id=elder.elder_id, born_on="1940-06-30")

    await hear(
        as_records(
            (assessment.ElderRegistered(elder=elder), "2025-01-10", 1),
            (assessment.ElderChanged(elder=corrected), "2025-04-05", 2),
        )
    )

    assert (await shown("2025-01"))["POP04", HERE] == (1, 1)


async def test_a_stay_counts_by_its_days_whenever_they_are_known(hear: Hear, shown: Shown) -> None:
    same = {
        name: str(ids.new()) for name in ("facility_id", "organisation_id", "bed_id", "elder_id")
    } | {"stay_id": str(ids.new()), "area_code": HERE}
    began = facility.StayBegan(
        **same, began_on="2025-01-31", admitted_at=timestamp(at("2025-03-05"))
    )
    ended = facility.StayEnded(
        **same, ended_on="2025-03-01", discharged_at=timestamp(at("2025-05-05"))
    )

    await hear(as_records((began, "2025-03-05", 1), (ended, "2025-05-05", 2)))

    stays = [
        (await shown(month)).get(("FA09", HERE))
        for month in ("2024-12", "2025-01", "2025-02", "2025-03")
    ]
    assert stays == [None, (1, 0), (1, 0), None]


async def test_an_allowance_counts_by_its_days_whenever_they_are_known(
    hear: Hear, shown: Shown
) -> None:
    elder = an_elder(born_on="1940-06-30")
    same = {
        "entitlement_id": str(ids.new()),
        "elder_id": elder.elder_id,
        "area_code": HERE,
        "policy_code": "old-age-allowance",
        "kind": subsidy.Policy.KIND_CASH,
    }
    opened = subsidy.EntitlementOpened(
        **same, valid_from="2025-02-28", opened_at=timestamp(at("2025-04-05"))
    )
    closed = subsidy.EntitlementClosed(
        **same,
        cause=subsidy.EntitlementClosed.CAUSE_POLICY_ENDED,
        closed_on="2025-04-01",
        closed_at=timestamp(at("2025-06-05")),
    )

    await hear(
        as_records(
            (assessment.ElderRegistered(elder=elder), "2025-01-10", 1),
            (opened, "2025-04-05", 1),
            (closed, "2025-06-05", 2),
        )
    )

    given = [
        (await shown(month))["SU01", HERE] for month in ("2025-01", "2025-02", "2025-03", "2025-04")
    ]
    assert given == [(0, 1), (1, 1), (1, 1), (0, 1)]


async def test_a_move_takes_the_stocks_along_in_its_month(hear: Hear, shown: Shown) -> None:
    elder = an_elder()
    moved = an_elder(elder_id=elder.elder_id, area_code=THERE)

    await hear(
        as_records(
            (assessment.ElderRegistered(elder=elder), "2025-01-10", 1),
            (assessment.ElderChanged(elder=moved), "2025-02-05", 2),
        )
    )

    assert [
        area for code, area in await shown("2025-01") if code == "POP01" and area.endswith(HERE[6:])
    ] == [HERE]
    february = await shown("2025-02")
    assert ("POP01", HERE) not in february
    assert february["POP01", areas.at(THERE, areas.COUNTY)] == (1, 0)


async def test_an_elder_turns_eighty_in_the_month_of_the_birthday(hear: Hear, shown: Shown) -> None:
    await hear(
        as_records(
            (assessment.ElderRegistered(elder=an_elder(born_on="1945-06-30")), "2025-01-10", 1)
        )
    )

    assert (await shown("2025-05"))["POP04", HERE] == (0, 1)
    assert (await shown("2025-06"))["POP04", HERE] == (1, 1)


async def test_a_result_is_valid_up_to_the_day_before_its_end(hear: Hear, shown: Shown) -> None:
    elder = an_elder(hardships=[assessment.Elder.HARDSHIP_DIBAO])
    result = assessment.AssessmentApproved(
        assessment_id=str(ids.new()),
        application_id=str(ids.new()),
        elder_id=elder.elder_id,
        area_code=HERE,
        level=3,
        valid_from="2025-01-20",
        valid_to="2025-04-30",
        approved_at=timestamp(at("2025-01-20")),
    )

    await hear(
        as_records(
            (result, "2025-01-20", 1), (assessment.ElderRegistered(elder=elder), "2025-01-10", 1)
        )
    )

    assert (await shown("2025-03"))["AS01", HERE] == (1, 1)
    assert (await shown("2025-04"))["AS01", HERE] == (0, 1)


async def test_a_certificate_must_last_to_the_end_of_the_month(hear: Hear, shown: Shown) -> None:
    county = areas.at(HERE, areas.COUNTY)
    worker = facility.Worker(
        worker_id=str(ids.new()),
        organisation_id=str(ids.new()),
        area_code=county,
        skills=[1],
        caregiver=True,
        certified_until="2025-03-30",
        shift_from_min=480,
        shift_to_min=1000,
        status=facility.Worker.STATUS_ACTIVE,
        registered_at=timestamp(at("2025-01-10")),
    )

    await hear(as_records((facility.WorkerRegistered(worker=worker), "2025-01-10", 1)))

    assert (await shown("2025-02"))["ST02", county] == (1, 1)
    assert (await shown("2025-03"))["ST02", county] == (0, 1)


async def test_a_facility_leaves_the_counts_from_its_first_closed_day_also_when_it_arrives_late(
    hear: Hear, shown: Shown
) -> None:
    house = facility.Facility(
        facility_id=str(ids.new()),
        organisation_id=str(ids.new()),
        area_code=HERE,
        name="x",
        tier=facility.Facility.TIER_VILLAGE,
        operation=facility.Facility.OPERATION_PUBLIC,
        beds=10,
        status=facility.Facility.STATUS_OPEN,
        opened_at=timestamp(at("2025-01-10")),
    )
    await hear(as_records((facility.FacilityOpened(facility=house), "2025-01-10", 1)))
    house.beds, house.valid_from = 14, "2025-02-01"
    await hear(as_records((facility.FacilityChanged(facility=house), "2025-03-05", 2)))
    house.status = facility.Facility.STATUS_CLOSED
    house.closed_on = house.valid_from = "2025-03-31"

    await hear(as_records((facility.FacilityClosed(facility=house), "2025-04-20", 3)))

    figures = [(await shown(f"2025-0{month}")).get(("FA07", HERE)) for month in (1, 2, 3, 4)]
    assert [figure and figure[0] for figure in figures] == [10, 14, None, None]


async def test_a_state_that_is_published_again_changes_nothing(hear: Hear, shown: Shown) -> None:
    elder = an_elder()

    await hear(as_records((assessment.ElderRegistered(elder=elder), "2025-01-10", 1)))
    await hear(as_records((assessment.ElderChanged(elder=elder), "2025-05-10", 1)))

    assert (await shown("2025-04"))["POP01", HERE] == (1, 0)
    assert (await shown("2025-05"))["POP01", HERE] == (1, 0)


async def test_each_offer_counts_and_only_the_one_that_was_taken_is_accepted(
    hear: Hear, shown: Shown
) -> None:
    order, first, second = (str(ids.new()) for _ in range(3))
    same = {
        "order_id": order,
        "elder_id": str(ids.new()),
        "area_code": HERE,
        "organisation_id": str(ids.new()),
    }

    def offer(worker: str, attempt: int, day: str) -> Message:
        planned = {
            "planned_at": timestamp(at("2025-02-03")),
            "planned_min": 60,
            "item_code": "bath",
        }
        return dispatch.OrderAssigned(
            **same, **planned, worker_id=worker, attempt=attempt, assigned_at=timestamp(at(day))
        )  # type: ignore[arg-type]

    taken = dispatch.OrderAccepted(
        **same, worker_id=second, accepted_at=timestamp(at("2025-02-02"))
    )
    offers = [offer(second, 2, "2025-02-02"), offer(first, 1, "2025-02-01")]
    await hear(
        as_records(
            (taken, "2025-02-02", 3), (offers[0], "2025-02-02", 2), (offers[1], "2025-02-01", 1)
        )
    )

    assert (await shown("2025-02"))["DI01", HERE] == (1, 2)


@pytest.mark.parametrize(
    ("cause", "wanted"),
    [
        ("ELDER", None),
        ("DEATH", None),
        ("MOVED_OUT", None),
        ("UNSERVED", (0, 1)),
        ("MISSED", (0, 1)),
    ],
)
async def test_an_order_that_nobody_failed_is_not_one_that_was_to_be_served(
    hear: Hear,
    shown: Shown,
    recount: Recounted,
    cause: str,
    wanted: tuple[int, int] | None,
) -> None:
    order = {"order_id": str(ids.new()), "elder_id": str(ids.new()), "area_code": HERE}
    window = {
        "wanted_from": timestamp(at("2025-01-20")),
        "wanted_to": timestamp(at("2025-01-20") + timedelta(hours=2)),
    }

    events = [
        DatedEvent(
            dispatch.OrderPlaced(**order, **window, placed_at=timestamp(at("2025-01-19"))),
            at("2025-01-19"),
            1,
        ),  # type: ignore[arg-type]
        DatedEvent(
            dispatch.OrderCancelled(
                **order, cause=f"CAUSE_{cause}", cancelled_at=window["wanted_from"]
            ),
            at("2025-01-20"),
            2,
        ),  # type: ignore[arg-type]
    ]

    await hear([a_record(event, offset=number) for number, event in enumerate(events)])

    assert (await shown("2025-01")).get(("DI03", HERE)) == wanted
    assert recount(events, "2025-01").get(("DI03", HERE)) == wanted


async def test_an_event_of_a_type_nobody_knows_is_kept(store: Store, hear: Hear) -> None:
    record = as_records((assessment.ElderRegistered(elder=an_elder()), "2025-01-10", 1))[0]
    headers = tuple(
        (name, b"eldercare.assessment.v1.ElderDreamt" if name == "ce_type" else value)
        for name, value in record.headers
    )

    await hear([record._replace(headers=headers)])

    async with store.reading() as session:
        kept = await (await session.driver()).fetchrow("select type, payload from archive")
    assert tuple(kept) == ("eldercare.assessment.v1.ElderDreamt", record.value)


async def test_an_id_without_a_day_is_parked_and_not_kept(store: Store, hear: Hear) -> None:
    elder = DatedEvent(assessment.ElderRegistered(elder=an_elder()), at("2025-01-10"), 1)
    other = ids.UUID("2c5ea4c0-4067-41e8-8bad-9b1deb4d3b7d")

    await hear([a_record(elder, offset=0, id=other)])

    async with store.reading() as session:
        driver = await session.driver()
        assert await driver.fetchval("select reason from parked") == "UNDECODABLE"
        assert await driver.fetchval("select count(*) from archive") == 0


async def test_events_of_several_days_lie_in_partitions_of_their_days(
    store: Store, hear: Hear
) -> None:
    elder = DatedEvent(assessment.ElderRegistered(elder=an_elder()), at("2025-01-10"), 1)
    days = [ids.least(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=n)) for n in range(2)]

    await hear([a_record(elder, offset=n, id=id) for n, id in enumerate(days)])

    async with store.reading() as session:
        found = await (await session.driver()).fetch(
            "select distinct tableoid::regclass::text as name from archive order by 1"
        )
    assert [row["name"] for row in found] == ["archive_p20260301", "archive_p20260302"]


def _applied(application: str, day: str, channel: int = 1) -> tuple[Message, str, int]:
    return (
        assessment.ApplicationSubmitted(
            application_id=application,
            elder_id=str(ids.new()),
            area_code=HERE,
            reason=1,
            channel=channel,
            submitted_at=timestamp(at(day)),  # type: ignore[arg-type]
        ),
        day,
        1,
    )


async def test_an_application_without_a_result_is_not_in_time_and_a_withdrawn_one_is_not_due(
    hear: Hear, shown: Shown
) -> None:
    done, late, open_, withdrawn = (str(ids.new()) for _ in range(4))

    def result(application: str, day: str, working_days: int) -> tuple[Message, str, int]:
        return (
            assessment.AssessmentCompleted(
                assessment_id=str(ids.new()),
                application_id=application,
                elder_id=str(ids.new()),
                area_code=HERE,
                level=2,
                assessors=2,
                working_days=working_days,
                submitted_at=timestamp(at("2025-01-20")),
                completed_at=timestamp(at(day)),
            ),
            day,
            1,
        )

    left = assessment.ApplicationWithdrawn(
        application_id=withdrawn,
        elder_id=str(ids.new()),
        area_code=HERE,
        withdrawn_at=timestamp(at("2025-02-05")),
    )
    await hear(
        as_records(
            *(_applied(one, "2025-01-20") for one in (done, late, open_, withdrawn)),
            result(done, "2025-02-10", 15),
            result(late, "2025-02-11", 16),
            (left, "2025-02-05", 2),
        )
    )

    assert (await shown("2025-01"))["AS04", HERE] == (1, 3)
    assert ("AS04", HERE) not in await shown("2025-02")


async def test_an_application_is_due_where_the_elder_has_moved(hear: Hear, shown: Shown) -> None:
    application = str(ids.new())
    moved = assessment.ApplicationMoved(
        application_id=application,
        elder_id=str(ids.new()),
        area_code=THERE,
        moved_at=timestamp(at("2025-02-05")),
    )

    await hear(as_records(_applied(application, "2025-01-20"), (moved, "2025-02-05", 2)))

    figures = await shown("2025-01")
    assert figures["AS04", THERE] == (0, 1)
    assert figures.get(("AS04", HERE), (0, 0)) == (0, 0)


async def test_each_way_in_has_its_share_and_what_the_platform_asks_for_came_by_none(
    hear: Hear, shown: Shown
) -> None:
    await hear(
        as_records(
            *(_applied(str(ids.new()), "2025-01-20", channel) for channel in (1, 2, 2, 3, 4, 5))
        )
    )

    january = await shown("2025-01")
    shares = {
        code: pair
        for (code, area), pair in january.items()
        if area == HERE and code.startswith("DC02")
    }
    assert shares == {
        "DC02": (2, 5),
        "DC02_PORTAL": (1, 5),
        "DC02_HOTLINE": (2, 5),
        "DC02_MOBILE": (1, 5),
        "DC02_TERMINAL": (1, 5),
    }
    assert january["AS04", HERE] == (0, 6)


async def test_a_return_call_counts_if_nobody_answers_and_apart_where_a_voucher_pays(
    hear: Hear, shown: Shown
) -> None:
    paid, market = str(ids.new()), str(ids.new())

    def finished(order: str, voucher_fen: int) -> tuple[Message, str, int]:
        return (
            dispatch.OrderFinished(
                order_id=order,
                elder_id=str(ids.new()),
                area_code=HERE,
                organisation_id=str(ids.new()),
                worker_id=str(ids.new()),
                item_code="bath",
                voucher_fen=voucher_fen,
                finished_at=timestamp(at("2025-01-20")),
            ),
            "2025-01-20",
            1,
        )

    called = dispatch.OrderFollowedUp(
        order_id=market,
        elder_id=str(ids.new()),
        area_code=HERE,
        reached=False,
        followed_up_at=timestamp(at("2025-01-21")),
    )
    await hear(as_records(finished(paid, 3000), finished(market, 0), (called, "2025-01-21", 2)))

    january = await shown("2025-01")
    assert (january["DI04", HERE], january["DI04_FUNDED", HERE]) == ((1, 2), (0, 1))
    assert ("DI05", HERE) not in january
