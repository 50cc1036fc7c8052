"""Results are rejected, appealed after they are decided, shown to everybody, and follow a move."""

from datetime import date, timedelta

import pytest
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events

from assessment.applications import queries as applications
from assessment.applications.errors import ApplicationOpen, SecondDuty
from assessment.assessments import flows, queries
from assessment.assessments.errors import AppealedBefore, AppealTooLate, PublicityRunning
from assessment.testing import (
    APPROVING,
    ASSIGNING,
    COMMUNITIES,
    CONTEXT,
    ELSEWHERE,
    FIRST,
    HOME,
    OFFICIAL,
    SECOND,
    a_result,
    an_application,
    an_elder,
    an_official,
    appeal,
    approve,
    assign,
    change,
    complete,
    emitted,
    report_death,
    sign,
)
from kit.contracts.refusals import NotFound
from kit.db.store import Session


async def reject(session: Session, assessment_id: str, **given: object) -> str:
    command = api.RejectAssessment(assessment_id=assessment_id, grounds="two items contradict")
    caller = given.get("caller", APPROVING)
    return (await flows.reject(session, command, caller, CONTEXT)).assessment_id  # type: ignore[arg-type]


async def stored(session: Session, assessment_id: str) -> api.Assessment:
    question = api.GetAssessment(assessment_id=assessment_id)
    return await queries.assessment(session, question, OFFICIAL, CONTEXT)


async def test_a_rejection_has_grounds_and_can_be_appealed_once(session: Session):
    elder = await an_elder(session)
    result = await a_result(session, elder.elder_id)
    with pytest.raises(PublicityRunning):
        await reject(session, result.assessment_id)
    session.now += timedelta(days=8)
    with pytest.raises(SecondDuty):
        await reject(session, result.assessment_id, caller=ASSIGNING)

    await reject(session, result.assessment_id)

    row = await stored(session, result.assessment_id)
    assert (row.state, row.grounds) == (api.Assessment.STATE_REJECTED, "two items contradict")
    assert row.HasField("appeal_until")
    (event,) = emitted(session, events.AssessmentRejected)
    assert event.assessment_id == result.assessment_id
    await appeal(session, result.assessment_id)
    assert emitted(session, events.ApplicationSubmitted)[-1].reason == (
        events.ASSESSMENT_REASON_REVIEW
    )
    with pytest.raises(AppealedBefore):
        await appeal(session, result.assessment_id)
    assert not (await stored(session, result.assessment_id)).HasField("appeal_until")


async def test_an_approved_level_holds_while_its_appeal_is_reviewed(session: Session):
    elder = await an_elder(session)
    result = await a_result(session, elder.elder_id)
    session.now += timedelta(days=8)
    await approve(session, result.assessment_id)
    session.now += timedelta(days=60)

    await appeal(session, result.assessment_id)

    assert (await stored(session, result.assessment_id)).state == api.Assessment.STATE_IN_FORCE
    assert len(emitted(session, events.AssessmentAppealed)) == 1


async def test_an_appeal_after_its_term_or_beside_an_open_application_is_refused(session: Session):
    elder, other = await an_elder(session), await an_elder(session)
    late, busy = await a_result(session, elder.elder_id), await a_result(session, other.elder_id)
    session.now += timedelta(days=8)
    for one in (late, busy):
        await approve(session, one.assessment_id)
    await an_application(session, other.elder_id)
    with pytest.raises(ApplicationOpen):
        await appeal(session, busy.assessment_id)

    session.now += timedelta(days=61)

    with pytest.raises(AppealTooLate):
        await appeal(session, late.assessment_id)


async def test_what_is_public_is_a_list_of_masked_names(session: Session):
    elder, dead = await an_elder(session, name="李小明"), await an_elder(session)
    result = await a_result(session, elder.elder_id)
    await a_result(session, dead.elder_id)
    await report_death(session, dead.elder_id, "2026-03-01")
    question = api.ListPublicity(area_code=HOME)

    (row,) = (await queries.publicity(session, question, CONTEXT)).rows
    elsewhere = await queries.publicity(session, api.ListPublicity(area_code=ELSEWHERE), CONTEXT)
    session.now += timedelta(days=8)
    later = await queries.publicity(session, question, CONTEXT)

    assert (row.name, row.area_code, row.level) == ("李**", HOME, result.level)
    assert (row.first_day, row.last_day) == ("2026-03-02", "2026-03-09")
    assert not elsewhere.rows
    assert not later.rows


async def test_an_application_follows_the_elder_to_the_office_of_the_new_place(session: Session):
    elder = await an_elder(session, area_code=HOME)
    application_id = await an_application(session, elder.elder_id)
    await assign(session, application_id, FIRST, SECOND)
    await complete(session, application_id, FIRST)

    await change(session, elder.elder_id, area_code=ELSEWHERE)

    question = api.GetApplication(application_id=application_id)
    new = await applications.application(session, question, an_official(area=ELSEWHERE))
    assert (new.state, new.area_code) == (api.Application.STATE_SUBMITTED, ELSEWHERE)
    with pytest.raises(NotFound):
        await applications.application(session, question, an_official(area=HOME))
    (moved,) = emitted(session, events.ApplicationMoved)
    assert moved.area_code == ELSEWHERE
    await assign(session, application_id, FIRST, SECOND)
    result = await sign(session, await complete(session, application_id, FIRST), SECOND)
    assert result.area_code == ELSEWHERE


async def test_within_the_county_the_assessors_stay_and_a_public_result_moves_along(
    session: Session,
):
    elder, assessed = await an_elder(session), await an_elder(session)
    application_id = await an_application(session, elder.elder_id)
    await assign(session, application_id, FIRST, SECOND)
    result = await a_result(session, assessed.elder_id)
    near = COMMUNITIES[1]

    await change(session, elder.elder_id, area_code=near)
    await change(session, assessed.elder_id, area_code=ELSEWHERE)

    question = api.GetApplication(application_id=application_id)
    row = await applications.application(session, question, OFFICIAL)
    assert (row.state, row.area_code) == (api.Application.STATE_ASSIGNED, near)
    assert [one.area_code for one in emitted(session, events.ApplicationMoved)] == [near]
    session.now += timedelta(days=8)
    command = api.ApproveAssessment(assessment_id=result.assessment_id)
    with pytest.raises(NotFound):
        await flows.approve(session, command, an_official(area=HOME, subject="official-3"))
    approved = await flows.approve(
        session, command, an_official(area=ELSEWHERE, subject="official-3")
    )
    assert approved.area_code == ELSEWHERE


@pytest.mark.parametrize(("applied", "missing"), [("2026-12-28", [2027]), ("2026-03-02", [])])
async def test_a_result_names_the_years_without_a_calendar(
    session: Session, applied: str, missing: list[int]
):
    session.now += date.fromisoformat(applied) - date(2026, 3, 2)
    elder = await an_elder(session)
    application_id = await an_application(session, elder.elder_id)
    await assign(session, application_id, FIRST, SECOND)
    session.now += timedelta(days=7)

    result = await sign(session, await complete(session, application_id, FIRST), SECOND)

    assert list(result.years_without_calendar) == missing
    assert [row.year for row in queries.calendars(session).rows] == [2025, 2026]
