"""Bytes in, rows out; delivery itself is the kit's suite."""

import uuid

import pytest
from eldercare.assessment.v1 import events_pb2 as assessment_events
from eldercare.facility.v1 import api_pb2 as api

from facility.context import GROUP
from facility.facilities import flows as facilities
from facility.organisations import flows as organisations
from facility.replicas.tables import Ability, Elder
from facility.stays import flows as stays
from facility.testing import CONTEXT, OFFICIAL, a_facility, an_elder_state, an_organisation
from kit.contracts import ids
from kit.contracts.modules import import_all
from kit.db.store import Store
from testkit.delivery import a_record, deliver, deliver_records
from testkit.extremes import ENDS, LAST, moved

import_all("facility", "consumers")


async def test_a_replica_follows_the_newest_state_alone(store: Store):
    state = an_elder_state()
    moved = an_elder_state(state.elder_id, area_code="341182100001", living=2)
    older = a_record(assessment_events.ElderRegistered(elder=state), store.clock.now())
    newer = a_record(assessment_events.ElderChanged(elder=moved), store.clock.now())

    for record in (newer, older, newer):
        await deliver_records(store, GROUP, [record])

    async with store.reading() as session:
        row = await session.get(Elder, uuid.UUID(state.elder_id))
    assert row.area_code == "341182100001"


async def test_a_death_frees_the_bed(store: Store):
    state = an_elder_state()
    await deliver(store, GROUP, assessment_events.ElderRegistered(elder=state))
    async with store.transaction() as session:
        firm = (
            await organisations.register(session, an_organisation(), OFFICIAL, CONTEXT)
        ).organisation
        opened = (
            await facilities.open_(
                session, a_facility(firm.organisation_id, beds=1), OFFICIAL, CONTEXT
            )
        ).facility
        command = api.AdmitElder(
            facility_id=opened.facility_id, elder_id=state.elder_id, began_on="2026-02-01"
        )
        await stays.admit(session, command, OFFICIAL)

    await deliver(
        store,
        GROUP,
        assessment_events.ElderDied(
            elder=an_elder_state(state.elder_id, status=2, died_on="2026-02-20")
        ),
    )

    async with store.reading() as session:
        driver = await session.driver()
        assert str(await driver.fetchval("select ended_on from stay")) == "2026-02-21"
        assert (
            await driver.fetchval("select count(*) from outbox where headers like '%StayEnded%'")
            == 1
        )


async def test_an_approved_level_is_kept_once(store: Store):
    event = assessment_events.AssessmentApproved(
        assessment_id=str(uuid.uuid4()),
        application_id=str(uuid.uuid4()),
        elder_id=str(uuid.uuid4()),
        area_code="341102001001",
        level=0,
        valid_from="2026-02-01",
        valid_to="2027-02-01",
    )
    event.approved_at.FromDatetime(store.clock.now())

    record = a_record(event, store.clock.now(), event_id=ids.new())

    fates = [await deliver_records(store, GROUP, [record]) for _ in range(2)]

    async with store.reading() as session:
        assert (await session.get(Ability, uuid.UUID(event.elder_id))).level == 0
    assert [next(iter(fate)).lower() for fate in fates] == ["applied", "repeated"]


@pytest.mark.parametrize(("day", "at"), ENDS)
async def test_what_lies_at_the_ends_of_what_is_accepted_is_applied(store: Store, clock, day, at):
    clock.set(LAST)
    state = an_elder_state(born_on="1900-01-01")
    await deliver(store, GROUP, assessment_events.ElderRegistered(elder=state))
    async with store.transaction() as session:
        firm = (
            await organisations.register(session, an_organisation(), OFFICIAL, CONTEXT)
        ).organisation
        opened = (
            await facilities.open_(
                session, a_facility(firm.organisation_id, beds=1), OFFICIAL, CONTEXT
            )
        ).facility
        await stays.admit(
            session,
            api.AdmitElder(facility_id=opened.facility_id, elder_id=state.elder_id, began_on=day),
            OFFICIAL,
        )
    approved = assessment_events.AssessmentApproved(
        assessment_id=str(uuid.uuid4()),
        application_id=str(uuid.uuid4()),
        elder_id=state.elder_id,
        area_code="341102001001",
        level=0,
    )
    died = assessment_events.ElderDied(elder=an_elder_state(state.elder_id, status=2, died_on=day))

    assert await deliver(
        store, GROUP, moved(approved, day, at), moved(died, day, at), careful=True
    ) == {"applied": 2}
    async with store.reading() as session:
        assert str(await (await session.driver()).fetchval("select ended_on - 1 from stay")) == day


async def _stays(store: Store) -> list[tuple[str, str]]:
    async with store.reading() as session:
        rows = await (await session.driver()).fetch(
            "select began_on, ended_on from stay order by began_on, stay_id"
        )
    return [(str(row["began_on"]), str(row["ended_on"])) for row in rows]


async def _a_stay(store: Store, facility_id: str, elder_id: str, began_on: str) -> None:
    async with store.transaction() as session:
        command = api.AdmitElder(facility_id=facility_id, elder_id=elder_id, began_on=began_on)
        await stays.admit(session, command, OFFICIAL)


async def _a_facility(store: Store) -> str:
    async with store.transaction() as session:
        firm = await organisations.register(session, an_organisation(), OFFICIAL, CONTEXT)
        command = a_facility(firm.organisation.organisation_id, beds=1)
        return (await facilities.open_(session, command, OFFICIAL, CONTEXT)).facility.facility_id


@pytest.mark.parametrize("taken", [False, True])
async def test_who_was_taken_for_dead_stays_on_where_the_bed_is_free(store: Store, taken: bool):
    state, other = an_elder_state(), an_elder_state()
    for one in (state, other):
        await deliver(store, GROUP, assessment_events.ElderRegistered(elder=one))
    facility_id = await _a_facility(store)
    await _a_stay(store, facility_id, state.elder_id, "2026-02-01")
    dead = an_elder_state(state.elder_id, status=2, died_on="2026-02-20")
    right_day = an_elder_state(state.elder_id, status=2, died_on="2026-02-22")
    alive = an_elder_state(state.elder_id, effective_on="2026-02-22")
    await deliver(
        store,
        GROUP,
        assessment_events.ElderDied(elder=dead),
        assessment_events.ElderDied(elder=right_day),
    )
    before = [("2026-02-01", "2026-02-21"), ("2026-02-21", "2026-02-23")]
    assert await _stays(store) == before
    if taken:
        await _a_stay(store, facility_id, other.elder_id, "2026-02-25")

    for _ in range(2):
        await deliver(store, GROUP, assessment_events.ElderChanged(elder=alive))

    then = ("2026-02-25", "None") if taken else ("2026-02-23", "None")
    assert await _stays(store) == [*before, then]


async def test_an_earlier_day_of_death_shortens_what_a_later_one_had_added(store: Store):
    state = an_elder_state()
    await deliver(store, GROUP, assessment_events.ElderRegistered(elder=state))
    await _a_stay(store, await _a_facility(store), state.elder_id, "2026-02-01")

    for day in ("2026-02-10", "2026-02-20", "2026-02-05"):
        dead = an_elder_state(state.elder_id, status=2, died_on=day)
        await deliver(store, GROUP, assessment_events.ElderDied(elder=dead))

    assert await _stays(store) == [("2026-02-01", "2026-02-06"), ("2026-02-11", "2026-02-11")]


async def test_the_right_day_of_death_leaves_the_bed_to_who_came_after(store: Store):
    state, other = an_elder_state(), an_elder_state()
    for one in (state, other):
        await deliver(store, GROUP, assessment_events.ElderRegistered(elder=one))
    facility_id = await _a_facility(store)
    await _a_stay(store, facility_id, state.elder_id, "2026-02-01")
    dead = an_elder_state(state.elder_id, status=2, died_on="2026-02-10")
    await deliver(store, GROUP, assessment_events.ElderDied(elder=dead))
    await _a_stay(store, facility_id, other.elder_id, "2026-02-15")
    later = an_elder_state(state.elder_id, status=2, died_on="2026-02-20")

    await deliver(store, GROUP, assessment_events.ElderDied(elder=later))

    assert await _stays(store) == [("2026-02-01", "2026-02-11"), ("2026-02-15", "None")]
