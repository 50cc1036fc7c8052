"""What the service does, on a real PostgreSQL."""

import asyncio
import json
import uuid
from datetime import date, timedelta

import asyncpg
import pytest
from eldercare.assessment.v1 import events_pb2 as heard
from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as said

from facility import queries
from facility.errors import (
    AreaUnknown,
    BedTaken,
    ElderNotAlive,
    ElderNotKnownYet,
    ElderStaysElsewhere,
    EndedAlready,
    FacilityIsClosed,
    ImpossibleBirthDay,
    ImpossibleDay,
    ImpossibleShift,
    KnownAlready,
    NoFreeBed,
    NotABedThere,
    NothingToChange,
    StillLivedIn,
    TooManyNursingBeds,
    WorkerGone,
    WrongCheckCharacter,
)
from facility.flows import elders, facilities, organisations, stays, workers
from facility.snapshots import SNAPSHOT_SOURCES
from facility.tables import Elder
from facility.testing import (
    COUNTY,
    a_credit_code,
    a_facility,
    a_ground,
    a_home,
    a_provider,
    a_worker,
    an_elder_state,
    an_id_number,
    an_official,
    an_organisation,
)
from kit.contracts.refusals import Conflict, NotFound, Refusal
from kit.db.store import Session, Store
from kit.messaging import snapshots

GROUND = a_ground()
OFFICIAL = an_official()
TODAY, EARLIER = "2026-03-02", "2026-02-01"


async def organisation(session: Session, **given: object) -> said.Organisation:
    return (
        await organisations.register(session, an_organisation(**given), OFFICIAL, GROUND)
    ).organisation


async def facility(session: Session, beds: int = 3, **given: object) -> said.Facility:
    command = a_facility((await organisation(session)).organisation_id, beds=beds, **given)
    return (await facilities.open_(session, command, OFFICIAL, GROUND)).facility


async def elder(session: Session, **given: object) -> str:
    state = an_elder_state(**given)
    await elders.keep(session, state)
    await session.flush()
    return state.elder_id


async def worker(session: Session, organisation_id: str, **given: object) -> said.Worker:
    return (
        await workers.register(session, a_worker(organisation_id, **given), OFFICIAL, GROUND)
    ).worker


async def admit(
    session: Session,
    facility_id: str,
    elder_id: str,
    began_on: str = TODAY,
    bed_id: str | None = None,
) -> said.StayBegan:
    command = api.AdmitElder(
        facility_id=facility_id, elder_id=elder_id, began_on=began_on, bed_id=bed_id
    )
    return await stays.admit(session, command, OFFICIAL)


async def discharge(session: Session, stay_id: str, ended_on: str = TODAY) -> said.StayEnded:
    return await stays.discharge(
        session, api.DischargeElder(stay_id=stay_id, ended_on=ended_on), OFFICIAL
    )


def said_of(session: Session, kind: type) -> list[object]:
    return [message.event for message in session.messages if isinstance(message.event, kind)]


async def test_a_credit_code_is_registered_once(session: Session):
    code = a_credit_code()
    await organisation(session, credit_code=code)

    with pytest.raises(KnownAlready) as refused:
        await organisation(session, credit_code=code)
    assert refused.value.field == "credit_code"


async def test_a_code_whose_sum_is_a_multiple_of_31_is_right(session: Session):
    assert (
        await organisation(session, credit_code="91341100MA00002850")
    ).credit_code == "91341100MA00002850"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"credit_code": "91341100MA00002851"}, WrongCheckCharacter),
        ({"area_code": "341100000000"}, AreaUnknown),
        ({"area_code": "110101000000"}, AreaUnknown),
    ],
)
async def test_a_wrong_organisation_is_refused(
    session: Session, given: dict[str, str], refusal: type[Refusal]
):
    with pytest.raises(refusal):
        await organisation(session, **given)


async def test_an_official_registers_within_the_own_area_alone(session: Session):
    with pytest.raises(NotFound):
        await organisations.register(
            session, an_organisation(), an_official("341182000000"), GROUND
        )


async def test_a_facility_opens_with_its_beds(session: Session):
    opened = await facility(session, beds=5, nursing_beds=2)

    page = await queries.beds(session, api.GetFacility(facility_id=opened.facility_id), OFFICIAL)
    assert sorted(bed.nursing for bed in page.rows) == [False, False, False, True, True]
    assert {bed.elder_id for bed in page.rows} == {""}


async def test_more_nursing_beds_than_beds_are_refused(session: Session):
    with pytest.raises(TooManyNursingBeds):
        await facility(session, beds=2, nursing_beds=3)


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


async def test_a_full_facility_says_so(session: Session):
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


async def test_an_elder_nobody_has_spoken_of_may_come_in_a_moment(session: Session):
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

    (ended,) = said_of(session, said.StayEnded)
    assert (ended.stay_id, ended.ended_on) == (began.stay_id, "2026-02-21")


async def test_a_death_reported_months_late_leaves_a_stay_without_days(session: Session):
    person = await elder(session)
    await admit(session, (await facility(session)).facility_id, person, EARLIER)

    await elder(session, elder_id=person, status=2, died_on="2025-11-20")

    assert said_of(session, said.StayEnded)[0].ended_on == EARLIER


async def test_a_facility_with_residents_does_not_close(session: Session):
    opened, person = await facility(session), await elder(session)
    began = await admit(session, opened.facility_id, person)
    close = api.CloseFacility(facility_id=opened.facility_id)
    with pytest.raises(StillLivedIn):
        await facilities.close(session, close, OFFICIAL)
    await discharge(session, began.stay_id)

    assert (
        await facilities.close(session, close, OFFICIAL)
    ).facility.status == said.Facility.STATUS_CLOSED
    with pytest.raises(FacilityIsClosed):
        await admit(session, opened.facility_id, person)


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
        try:
            async with store.transaction() as session:
                await admit(
                    session, opened.facility_id, people[number % len(people)], TODAY, wanted
                )
        except Conflict as refusal:
            return type(refusal).__name__
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


async def test_a_registered_worker_is_said_without_name_or_number(session: Session):
    firm = await organisation(session)

    told = await worker(session, firm.organisation_id)

    assert (list(told.skills), told.area_code, told.certified_until) == (
        [1, 2],
        COUNTY,
        "2027-01-01",
    )
    assert not any(secret in str(session.messages[-1].event) for secret in ("赵敏", "13800000003"))


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"id_number": "341102198001010018"}, WrongCheckCharacter),
        ({"id_number": an_id_number(date(2015, 1, 1))}, ImpossibleBirthDay),
        ({"shift_from_min": 1200, "shift_to_min": 480}, ImpossibleShift),
        ({"certified_until": "2026-02-30"}, ImpossibleDay),
        ({"organisation_id": str(uuid.uuid4())}, NotFound),
    ],
)
async def test_a_wrong_worker_is_refused(
    session: Session, given: dict[str, object], refusal: type[Refusal]
):
    firm = await organisation(session)

    with pytest.raises(refusal):
        await worker(session, **({"organisation_id": firm.organisation_id} | given))


async def test_a_person_works_for_an_organisation_once(session: Session):
    firm, number = await organisation(session), an_id_number()
    first = await worker(session, firm.organisation_id, id_number=number)
    with pytest.raises(KnownAlready):
        await worker(session, firm.organisation_id, id_number=number)
    await workers.leave(
        session, api.LeaveWorker(worker_id=first.worker_id), a_provider(firm.organisation_id)
    )

    assert (
        await worker(session, firm.organisation_id, id_number=number)
    ).worker_id != first.worker_id


async def test_a_change_says_the_whole_state_of_a_worker(session: Session):
    firm = await organisation(session)
    made = await worker(session, firm.organisation_id)

    told = await workers.change(
        session,
        api.ChangeWorker(
            worker_id=made.worker_id,
            skills=api.Skills(skills=[6]),
            certified_until="2028-01-01",
            shift_to_min=900,
        ),
        a_provider(firm.organisation_id),
    )

    assert (list(told.worker.skills), told.worker.certified_until) == ([6], "2028-01-01")
    assert (told.worker.shift_from_min, told.worker.shift_to_min) == (480, 900)


async def test_who_left_is_not_changed(session: Session):
    made = await worker(session, (await organisation(session)).organisation_id)
    await workers.leave(session, api.LeaveWorker(worker_id=made.worker_id), OFFICIAL)

    with pytest.raises(WorkerGone):
        await workers.change(
            session, api.ChangeWorker(worker_id=made.worker_id, shift_from_min=1), OFFICIAL
        )


async def test_a_change_of_nothing_is_refused(session: Session):
    made = await worker(session, (await organisation(session)).organisation_id)

    with pytest.raises(NothingToChange):
        await workers.change(session, api.ChangeWorker(worker_id=made.worker_id), OFFICIAL)


async def test_a_provider_sees_and_makes_its_own_workers_alone(session: Session):
    own, other = await organisation(session), await organisation(session)
    mine = await worker(session, own.organisation_id)
    await worker(session, other.organisation_id)

    page = await queries.workers(session, api.ListWorkers(), a_provider(own.organisation_id))

    assert [row.worker_id for row in page.rows] == [mine.worker_id]
    with pytest.raises(NotFound):
        await workers.register(
            session, a_worker(other.organisation_id), a_provider(own.organisation_id), GROUND
        )


async def test_staffing_counts_certified_caregivers_against_levels(session: Session):
    opened = await facility(session, beds=8)
    for level in (0, 4, 4, 4, None):
        person = await elder(session)
        await admit(session, opened.facility_id, person)
        if level is not None:
            event = heard.AssessmentApproved(
                elder_id=person, level=level, valid_from="2026-01-01", valid_to="2027-01-01"
            )
            await elders.keep_level(session, event)
    await worker(session, opened.organisation_id)
    await worker(session, opened.organisation_id, certified_until="2026-03-01")
    await worker(session, opened.organisation_id, caregiver=False)

    told = await queries.staffing(
        session, api.GetOrganisation(organisation_id=opened.organisation_id), OFFICIAL, GROUND
    )

    assert (
        told.residents,
        told.unassessed,
        told.required_caregivers,
        told.certified_caregivers,
        told.share,
    ) == (5, 1, 2, 1, 0.5)


async def test_pages_of_organisations_go_on_where_the_last_one_ended(session: Session):
    made = [(await organisation(session)).organisation_id for _ in range(3)]

    first = await queries.organisations(
        session, api.ListOrganisations(limit=2, area_code=COUNTY), OFFICIAL
    )
    second = await queries.organisations(
        session, api.ListOrganisations(limit=2, after=first.next), OFFICIAL
    )

    assert [row.organisation_id for row in (*first.rows, *second.rows)] == made
    assert second.next == ""


async def test_everything_is_said_again_at_its_present_version(store: Store):
    async with store.transaction() as session:
        opened = await facility(session)
        made = await worker(session, opened.organisation_id)
        await workers.leave(session, api.LeaveWorker(worker_id=made.worker_id), OFFICIAL)
    async with store.transaction() as session:
        await (await session.driver()).execute("delete from outbox")

    assert [
        await snapshots.republish(store, master, at_once=1, pause_s=0)
        for master in SNAPSHOT_SOURCES.values()
    ] == [1, 1, 1]

    async with store.reading() as session:
        messages = [
            json.loads(row["headers"])
            for row in await (await session.driver()).fetch(
                "select headers from outbox order by seq"
            )
        ]
    assert [
        (message["ce_type"].rpartition(".")[2], int(message["ce_sequence"])) for message in messages
    ] == [
        ("OrganisationRegistered", 1),
        ("FacilityOpened", 1),
        ("WorkerLeft", 2),
    ]


async def test_the_latest_level_counts_in_whatever_order_it_is_heard(session: Session):
    person = await elder(session)
    for valid_from, level in (("2026-02-01", 3), ("2025-02-01", 1)):
        until = (date.fromisoformat(valid_from) + timedelta(days=365)).isoformat()
        await elders.keep_level(
            session,
            heard.AssessmentApproved(
                elder_id=person, level=level, valid_from=valid_from, valid_to=until
            ),
        )

    driver = await session.driver()
    assert (
        await driver.fetchval("select level from ability where elder_id = $1", uuid.UUID(person))
        == 3
    )
    assert (await session.get(Elder, uuid.UUID(person))).area_code
