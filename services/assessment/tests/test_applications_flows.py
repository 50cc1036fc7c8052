"""Applications and their assessors, on a real PostgreSQL."""

from datetime import date, timedelta

import pytest
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events

from assessment.applications import flows as applications
from assessment.applications import queries
from assessment.applications.errors import ApplicationNotOpen, ApplicationOpen
from assessment.applications.rules import result_due_on
from assessment.assessments.rules import working_days
from assessment.limits import exceptions, procedure
from assessment.testing import (
    ASSIGNING,
    FIRST,
    OFFICIAL,
    SECOND,
    THIRD,
    an_application,
    an_elder,
    assign,
    complete,
    emitted,
)
from kit.contracts.clock import local_day
from kit.contracts.refusals import Outdated
from kit.db.store import Session


async def test_one_elder_has_one_open_application(session: Session):
    elder = await an_elder(session)
    there = await an_application(session, elder.elder_id)

    with pytest.raises(ApplicationOpen, match=there):
        await an_application(session, elder.elder_id)


async def test_a_withdrawn_application_cannot_be_assigned(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await applications.withdraw(
        session, api.WithdrawApplication(application_id=application_id), OFFICIAL
    )

    with pytest.raises(ApplicationNotOpen):
        await assign(session, application_id, FIRST, SECOND)


async def test_an_application_tells_the_last_day_of_a_result_in_time(session: Session):
    await an_application(session, (await an_elder(session)).elder_id)

    due_on = date.fromisoformat(emitted(session, events.ApplicationSubmitted)[-1].due_on)
    today = local_day(session.now)
    days = [
        working_days(today, last, *exceptions(today, last))
        for last in (due_on, due_on + timedelta(days=1))
    ]
    term = procedure(today).result_working_days
    assert days == [term, term + 1]


def test_the_term_of_a_result_passes_over_the_spring_festival_and_counts_days_worked_instead():
    """Of 2026: 16 to 20 and 23 February are free, Saturdays 14 and 28 February are worked."""
    first = date(2026, 2, 12)

    assert result_due_on(first, 2, *exceptions(first, date(2027, 1, 1))) == date(2026, 2, 23)
    assert result_due_on(first, 7, *exceptions(first, date(2027, 1, 1))) == date(2026, 3, 1)


async def test_of_two_who_name_assessors_of_an_application_as_read_the_second_is_refused(
    session: Session,
):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    question = api.GetApplication(application_id=application_id)
    read = await queries.application(session, question, OFFICIAL)

    def naming(*assessor_ids: str) -> api.AssignAssessors:
        return api.AssignAssessors(
            application_id=application_id, assessor_ids=assessor_ids, version=read.version
        )

    await applications.assign(session, naming(FIRST, SECOND), ASSIGNING)
    with pytest.raises(Outdated):
        await applications.assign(session, naming(FIRST, THIRD), ASSIGNING)

    now = await queries.application(session, question, OFFICIAL)
    assert (list(now.assessor_ids), now.version) == ([FIRST, SECOND], read.version + 1)


async def test_a_record_that_was_made_meanwhile_is_not_replaced_unseen(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await assign(session, application_id, FIRST, SECOND)
    question = api.GetApplication(application_id=application_id)
    read = await queries.application(session, question, OFFICIAL)

    await complete(session, application_id, FIRST, version=read.version)
    with pytest.raises(Outdated):
        await complete(session, application_id, SECOND, version=read.version)
