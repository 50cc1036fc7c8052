"""Elders come, stay and leave, on a real PostgreSQL."""

import asyncio
import uuid
from datetime import date

import asyncpg
import pytest
from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events

from facility.days import ImpossibleDay
from facility.facilities import queries
from facility.stays import flows as stays
from facility.stays.errors import (
    BedTaken,
    ElderNotAlive,
    ElderNotKnownYet,
    ElderStaysElsewhere,
    EndedAlready,
    NoFreeBed,
    NotABedThere,
)
from facility.testing import (
    EARLIER,
    OFFICIAL,
    TODAY,
    a_home,
    admit,
    discharge,
    elder,
    emitted,
    facility,
)
from kit.contracts.refusals import Conflict, NotFound, Unavailable
from kit.db.store import Contended, Session, Store


async def test_an_elder_is_admitted_and_seen_in_the_bed(session: Session):
    opened, person = await facility(session), await elder(session)

    began = await admit(session, opened.facility_id, person)

    page = await queries.beds(
        session, api.GetFacility(facility_id=opened.facility_id), a_home(opened.organisation_id)
    )
    assert {bed.bed_id: bed.elder_id for bed in page.rows if bed.elder_id} == {began.bed_id: person}
    assert not next(bed for bed in page.rows if bed.elder_id).nursing


async def test_a_taken_bed_is_refused(session: Session):
    opened = await facility(session)
    began = await admit(session, opened.facility_id, await elder(session), EARLIER)

    with pytest.raises(BedTaken) as refused:
        await admit(session, opened.facility_id, await elder(session), TODAY, began.bed_id)
    assert refused.value.field == "bed_id"


async def test_an_elder_lies_in_one_bed(session: Session):
    person = await elder(session)
    await admit(session, (await facility(session)).facility_id, person)

    with pytest.raises(ElderStaysElsewhere) as refused:
        await admit(session, (await facility(session)).facility_id, person)
    assert refused.value.field == "elder_id"


async def test_a_full_facility_is_refused_as_full(session: Session):
    opened = await facility(session, beds=1)
    await admit(session, opened.facility_id, await elder(session))

    with pytest.raises(NoFreeBed):
        await admit(session, opened.facility_id, await elder(session))


async def test_a_bed_is_free_again_on_the_day_of_the_discharge(session: Session):
    opened = await facility(session, beds=1)
    began = await admit(session, opened.facility_id, await elder(session), EARLIER)
    await discharge(session, began.stay_id, TODAY)

    assert (
        await admit(session, opened.facility_id, await elder(session), TODAY)
    ).bed_id == began.bed_id


async def test_a_bed_of_another_facility_is_refused(session: Session):
    other = await facility(session)
    bed = (
        await queries.beds(session, api.GetFacility(facility_id=other.facility_id), OFFICIAL)
    ).rows[0]

    with pytest.raises(NotABedThere):
        await admit(
            session, (await facility(session)).facility_id, await elder(session), TODAY, bed.bed_id
        )


async def test_an_elder_who_is_not_known_yet_may_come_in_a_moment(session: Session):
    opened = await facility(session)

    with pytest.raises(ElderNotKnownYet) as refused:
        await admit(session, opened.facility_id, str(uuid.uuid4()))
    assert refused.value.retry_after_s
    assert refused.value.field == "elder_id"


@pytest.mark.parametrize("state", [{"status": 2, "died_on": "2026-01-01"}, {"status": 3}])
async def test_who_is_not_alive_here_is_not_admitted(session: Session, state: dict[str, object]):
    opened, person = await facility(session), await elder(session, **state)

    with pytest.raises(ElderNotAlive):
        await admit(session, opened.facility_id, person)


@pytest.mark.parametrize("day", ["2026-03-03", "2026-02-30"])
async def test_an_impossible_day_of_admission_is_refused(session: Session, day: str):
    opened, person = await facility(session), await elder(session)

    with pytest.raises(ImpossibleDay):
        await admit(session, opened.facility_id, person, day)


async def test_nobody_is_admitted_before_being_born(session: Session):
    opened, person = await facility(session), await elder(session, born_on="1950-05-17")

    with pytest.raises(ImpossibleDay) as refused:
        await admit(session, opened.facility_id, person, "1950-05-16")
    assert (refused.value.field, refused.value.why.key) == ("began_on", "BEFORE_BIRTH")
    await admit(session, opened.facility_id, person, "1950-05-17")


async def test_a_stay_ends_once_and_not_before_it_began(session: Session):
    began = await admit(
        session, (await facility(session)).facility_id, await elder(session), EARLIER
    )
    with pytest.raises(ImpossibleDay):
        await discharge(session, began.stay_id, "2026-01-31")
    await discharge(session, began.stay_id)

    with pytest.raises(EndedAlready):
        await discharge(session, began.stay_id)


async def test_a_stranger_does_not_discharge(session: Session):
    began = await admit(session, (await facility(session)).facility_id, await elder(session))

    with pytest.raises(NotFound):
        await stays.discharge(
            session,
            api.DischargeElder(stay_id=began.stay_id, ended_on=TODAY),
            a_home(str(uuid.uuid4())),
        )


async def test_a_death_ends_the_stay_the_day_after(session: Session):
    person = await elder(session)
    began = await admit(session, (await facility(session)).facility_id, person, EARLIER)

    await elder(session, elder_id=person, status=2, died_on="2026-02-20")

    (ended,) = emitted(session, events.StayEnded)
    assert (ended.stay_id, ended.ended_on) == (began.stay_id, "2026-02-21")


async def test_a_death_before_the_discharge_ends_the_stay_earlier(session: Session):
    person = await elder(session)
    began = await admit(session, (await facility(session)).facility_id, person, EARLIER)
    await discharge(session, began.stay_id, "2026-02-25")

    for died_on in ("2026-02-26", "2026-02-20", "2026-02-24"):
        await elder(session, elder_id=person, status=2, died_on=died_on)

    ended = [(one.stay_id, one.ended_on) for one in emitted(session, events.StayEnded)]
    assert ended[:2] == [(began.stay_id, "2026-02-25"), (began.stay_id, "2026-02-21")]
    # the death was of a later day, on the eve of the discharge
    (again,) = emitted(session, events.StayBegan)[1:]
    assert (again.bed_id, again.began_on) == (began.bed_id, "2026-02-21")
    assert ended[2:] == [(again.stay_id, "2026-02-25")]


async def test_a_death_that_was_none_gives_back_the_days_until_the_discharge(session: Session):
    home, person = await facility(session), await elder(session)
    first = await admit(session, home.facility_id, person, "2026-02-01")
    await discharge(session, first.stay_id, "2026-02-10")
    second = await admit(session, home.facility_id, person, "2026-02-12", bed_id=first.bed_id)
    await elder(session, elder_id=person, status=2, died_on="2026-02-05")

    await elder(session, elder_id=person, effective_on="2026-02-05")

    assert [one.ended_on for one in emitted(session, events.StayEnded)] == [
        "2026-02-10",
        "2026-02-06",
        "2026-02-12",
        "2026-02-10",
    ]
    again = [(one.began_on, one.bed_id) for one in emitted(session, events.StayBegan)[2:]]
    assert again == [("2026-02-06", first.bed_id), ("2026-02-12", second.bed_id)]


async def test_a_death_reported_months_late_leaves_a_stay_without_days(session: Session):
    person = await elder(session)
    await admit(session, (await facility(session)).facility_id, person, EARLIER)

    await elder(session, elder_id=person, status=2, died_on="2025-11-20")

    assert emitted(session, events.StayEnded)[0].ended_on == EARLIER


async def test_the_database_itself_refuses_an_overlap(session: Session):
    opened, person = await facility(session), await elder(session)
    began = await admit(session, opened.facility_id, person, EARLIER)
    driver = await session.driver()

    for column, broken in (("elder_id", "stay_bed_once"), ("bed_id", "stay_elder_once")):
        row = dict(
            (
                await driver.fetchrow(
                    "select * from stay where stay_id = $1", uuid.UUID(began.stay_id)
                )
            ).items()
        )
        row |= {
            "stay_id": uuid.uuid4(),
            column: uuid.uuid4(),
            "began_on": date(2026, 2, 10),
            "ended_on": date(2026, 2, 11),
        }
        await driver.execute("savepoint before")
        with pytest.raises(asyncpg.ExclusionViolationError, match=broken):
            await overlap(driver, row)
        await driver.execute("rollback to savepoint before")


async def overlap(driver: asyncpg.Connection, row: dict[str, object]) -> None:
    places = ", ".join(f"${place + 1}" for place in range(len(row)))
    await driver.execute(f"insert into stay ({', '.join(row)}) values ({places})", *row.values())  # noqa: S608


async def test_a_thousand_admissions_at_once_never_share_a_bed(store: Store):
    async with store.transaction() as session:
        opened = await facility(session, beds=10)
        people = [await elder(session) for _ in range(250)]
        beds = [
            bed.bed_id
            for bed in (
                await queries.beds(
                    session, api.GetFacility(facility_id=opened.facility_id), OFFICIAL
                )
            ).rows
        ]

    async def once(number: int) -> str:
        # the same elder four times, half of them to a certain bed, half to any
        wanted = beds[number % len(beds)] if number % 2 else None
        while True:
            try:
                async with store.transaction() as session:
                    await admit(
                        session, opened.facility_id, people[number % len(people)], TODAY, wanted
                    )
            except Conflict as refusal:
                return type(refusal).__name__
            except Contended:
                raise
            except Unavailable:  # on a crowded machine the queue is longer than anybody waits
                continue
            return "admitted"

    outcomes = await asyncio.gather(*(once(number) for number in range(1000)))

    async with store.reading() as session:
        overlaps = await (
            await session.driver()
        ).fetchval("""select count(*) from stay a join stay b on a.stay_id < b.stay_id
            and (a.bed_id = b.bed_id or a.elder_id = b.elder_id)
            and daterange(a.began_on, a.ended_on) && daterange(b.began_on, b.ended_on)""")
    assert overlaps == 0
    assert outcomes.count("admitted") == 10
    assert set(outcomes) <= {"admitted", "BedTaken", "NoFreeBed", "ElderStaysElsewhere"}
