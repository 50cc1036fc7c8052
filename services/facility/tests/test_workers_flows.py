"""Workers come, change and leave, on a real PostgreSQL."""

import uuid
from datetime import date

import pytest
from eldercare.facility.v1 import api_pb2 as api

from facility.days import ImpossibleDay
from facility.organisations.errors import KnownAlready, WrongCheckCharacter
from facility.testing import (
    CONTEXT,
    COUNTY,
    OFFICIAL,
    a_provider,
    a_worker,
    an_id_number,
    organisation,
    worker,
)
from facility.workers import flows as workers
from facility.workers import queries
from facility.workers.errors import ImpossibleBirthDay, ImpossibleShift, NothingToChange, WorkerGone
from kit.contracts.refusals import NotFound, Outdated, Refusal
from kit.db.store import Session


async def test_a_registered_worker_is_published_without_name_or_number(session: Session):
    firm = await organisation(session)

    made = await worker(session, firm.organisation_id)

    assert (list(made.skills), made.area_code, made.certified_until) == (
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
        ({"shift_from_min": 480, "shift_to_min": 480}, ImpossibleShift),
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


async def test_a_change_publishes_the_whole_state_of_a_worker(session: Session):
    firm = await organisation(session)
    made = await worker(session, firm.organisation_id)

    event = await workers.change(
        session,
        api.ChangeWorker(
            worker_id=made.worker_id,
            skills=api.Skills(skills=[6]),
            certified_until="2028-01-01",
            shift_to_min=900,
        ),
        a_provider(firm.organisation_id),
    )

    assert (list(event.worker.skills), event.worker.certified_until) == ([6], "2028-01-01")
    assert (event.worker.shift_from_min, event.worker.shift_to_min) == (480, 900)


async def test_of_two_changes_of_a_worker_as_read_the_second_is_refused(session: Session):
    made = await worker(session, (await organisation(session)).organisation_id)
    question = api.GetWorker(worker_id=made.worker_id)
    read = await queries.worker(session, question, OFFICIAL)

    def changing(**given) -> api.ChangeWorker:
        return api.ChangeWorker(worker_id=made.worker_id, version=read.version, **given)

    event = await workers.change(session, changing(add_skills=[6]), OFFICIAL)
    with pytest.raises(Outdated):
        await workers.change(session, changing(shift_to_min=900), OFFICIAL)
    leaving = api.LeaveWorker(worker_id=made.worker_id, version=read.version)
    with pytest.raises(Outdated):
        await workers.leave(session, leaving, OFFICIAL)

    assert list(event.worker.skills) == sorted({*made.skills, 6})
    assert not event.worker.HasField("version")
    assert (await queries.worker(session, question, OFFICIAL)).version == read.version + 1


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
            session, a_worker(other.organisation_id), a_provider(own.organisation_id), CONTEXT
        )
