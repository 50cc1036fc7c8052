"""Results, publicity, doubts and validity, on a real PostgreSQL."""

import uuid
from datetime import UTC, date, timedelta

import protovalidate
import pytest
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events

from assessment.applications import flows as applications
from assessment.applications.errors import (
    ApplicationNotOpen,
    AssessorDoubted,
    RelativeOfElder,
    SecondDuty,
)
from assessment.applications.rules import ApplicationState, Duty
from assessment.applications.tables import Application
from assessment.assessments import flows as assessments
from assessment.assessments.errors import (
    AssessmentNotPublic,
    NothingToSign,
    NotTheAssessor,
    OnePersonTwice,
    OtherResult,
    PublicityOver,
    PublicityRunning,
    SignedAlready,
)
from assessment.assessments.rules import AssessmentState, ChangeReason
from assessment.assessments.tables import Assessment
from assessment.elders.errors import ElderNotAlive
from assessment.testing import (
    ASSIGNING,
    CITY,
    CONTEXT,
    FIRST,
    FOURTH,
    SECOND,
    THIRD,
    a_completion,
    a_result,
    a_signature,
    an_application,
    an_elder,
    an_official,
    answers,
    appeal,
    approve,
    assign,
    complete,
    emitted,
    report_death,
    sign,
)
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.db.store import Session
from kit.security.access import Caller


async def test_all_best_answers_give_level_zero_and_seven_days_of_publicity(session: Session):
    result = await a_result(session, (await an_elder(session)).elder_id)

    assert (result.total_points, result.preliminary_level, result.level, result.assessors) == (
        90,
        0,
        0,
        2,
    )
    assert result.HasField("level")
    assert (
        result.public_until.ToJsonString() == "2026-03-09T16:00:00Z"
    )  # the end of 9 March in Shanghai


async def test_working_days_leave_out_weekends_and_holidays(session: Session):
    elder = await an_elder(session)
    application_id = await an_application(session, elder.elder_id)
    await assign(session, application_id, FIRST, SECOND)
    session.now += timedelta(days=36)  # to 7 April; 6 April is a holiday

    result = await sign(session, await complete(session, application_id, FIRST), SECOND)

    assert result.working_days == 25


async def test_change_rules_are_recorded_in_the_result(session: Session):
    result = await a_result(
        session,
        (await an_elder(session)).elder_id,
        answers=answers(eating=0),
        diagnoses=["F01"],
        risk_events=2,
    )

    assert (result.total_points, result.preliminary_level, result.level) == (86, 1, 2)
    assert list(result.change_reasons) == [ChangeReason.MENTAL_DISORDER, ChangeReason.RISK_EVENTS]


@pytest.mark.parametrize(
    ("code", "taken"),
    [
        ("F01", True),
        ("I10.x00x002", True),
        ("I10.x00", True),
        ("F00.100x003+G30.101*", True),
        ("G30.100+F00.1*", True),
        ("I10.x00x0021", False),
        ("I10.", False),
        ("高血压", False),
    ],
)
def test_a_diagnosis_is_a_code_of_its_real_length(code: str, taken: bool):
    command = a_completion(str(uuid.uuid4()), diagnoses=[code])

    assert (protovalidate.collect_violations(command) == []) is taken


async def test_only_an_assigned_assessor_completes(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await assign(session, application_id, FIRST, SECOND)

    with pytest.raises(NotTheAssessor):
        await complete(session, application_id, THIRD)


async def test_each_assessor_signs_for_themselves(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await assign(session, application_id, FIRST, SECOND, THIRD)
    recorded = await complete(session, application_id, FIRST)

    for assessor, signatures in ((SECOND, 2), (THIRD, 3)):
        assert emitted(session, events.AssessmentCompleted) == []
        with pytest.raises(NotFound):
            await approve(session, recorded.assessment_id)
        with pytest.raises(SignedAlready):
            await sign(session, recorded, FIRST)
        with pytest.raises(NotTheAssessor):
            await sign(session, recorded, FOURTH)
        assert (await sign(session, recorded, assessor)).assessors == signatures

    (event,) = emitted(session, events.AssessmentCompleted)
    assert (event.assessment_id, event.assessors) == (recorded.assessment_id, 3)
    application = await session.get(Application, uuid.UUID(application_id))
    assert (application.state, application.record_sealed) == (ApplicationState.ASSESSED, None)


async def test_one_person_is_not_two_assessors(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await assign(session, application_id, FIRST, SECOND)
    command = a_completion(application_id)
    both = Caller(FIRST, "portal", frozenset({"assessor"}), area=CITY, worker_id=SECOND)
    with pytest.raises(OnePersonTwice):
        await assessments.complete(session, command, both, CONTEXT)

    as_first, as_second = (
        Caller("li", "portal", frozenset({"assessor"}), area=CITY, worker_id=worker_id)
        for worker_id in (FIRST, SECOND)
    )
    recorded = await assessments.complete(session, command, as_first, CONTEXT)
    with pytest.raises(OnePersonTwice):
        await assessments.sign(session, a_signature(recorded), as_second, CONTEXT)


async def test_a_signature_is_for_the_result_it_names(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await assign(session, application_id, FIRST, SECOND)
    with pytest.raises(NothingToSign):
        await sign(session, events.AssessmentCompleted(application_id=application_id), SECOND)
    first = await complete(session, application_id, FIRST)
    # another record takes its place, and is to be signed by both again
    second = await complete(session, application_id, SECOND, answers=answers(eating=0))

    with pytest.raises(OtherResult):
        await sign(session, first, FIRST)
    assert (await sign(session, second, FIRST)).total_points == 86


async def test_other_assessors_do_not_inherit_a_signature(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await assign(session, application_id, FIRST, SECOND)
    recorded = await complete(session, application_id, FIRST)
    await assign(session, application_id, FIRST, THIRD)

    with pytest.raises(NothingToSign):
        await sign(session, recorded, THIRD)


async def test_a_result_is_valid_from_the_assessment_however_late_it_is_signed(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await assign(session, application_id, FIRST, SECOND)
    recorded = await complete(session, application_id, FIRST)
    session.now += timedelta(days=30)
    signed = await sign(session, recorded, SECOND)
    session.now += timedelta(days=10)

    approved = await approve(session, signed.assessment_id)

    assert local_day(signed.completed_at.ToDatetime(UTC)) == date(2026, 4, 1)
    assert (approved.valid_from, approved.valid_to) == ("2026-03-02", "2027-03-02")


async def test_a_relative_does_not_assess(session: Session):
    elder = await an_elder(session)
    application_id = await an_application(session, elder.elder_id)
    await assign(session, application_id, FIRST, SECOND)
    relative = Caller(
        FIRST,
        "portal",
        frozenset({"assessor", "family"}),
        area=CITY,
        elder_ids=frozenset({elder.elder_id}),
    )

    with pytest.raises(RelativeOfElder):
        await assessments.complete(session, a_completion(application_id), relative, CONTEXT)


async def test_a_relative_neither_names_assessors_nor_approves(session: Session):
    elder = await an_elder(session)
    kin = Caller(
        "kin",
        "portal",
        frozenset({"official", "family"}),
        area=CITY,
        elder_ids=frozenset({elder.elder_id}),
    )
    application_id = await an_application(session, elder.elder_id)
    chosen = api.AssignAssessors(application_id=application_id, assessor_ids=[FIRST, SECOND])

    with pytest.raises(RelativeOfElder):
        await applications.assign(session, chosen, kin)
    await assign(session, application_id, FIRST, SECOND)
    result = await sign(session, await complete(session, application_id, FIRST), SECOND)
    session.now += timedelta(days=10)
    approval = api.ApproveAssessment(assessment_id=result.assessment_id)
    with pytest.raises(RelativeOfElder):
        await assessments.approve(session, approval, kin)


async def test_who_made_a_doubted_result_does_not_approve_the_review(session: Session):
    doubted = await a_result(session, (await an_elder(session)).elder_id)
    review_id = (await appeal(session, doubted.assessment_id)).review_application_id
    await assign(session, review_id, THIRD, FOURTH)
    review = await sign(session, await complete(session, review_id, THIRD), FOURTH)
    session.now += timedelta(days=10)
    assessor = Caller("zhao", "portal", frozenset({"official"}), area=CITY, worker_id=FIRST)

    approval = api.ApproveAssessment(assessment_id=review.assessment_id)
    with pytest.raises(SecondDuty):
        await assessments.approve(session, approval, assessor)


async def test_one_person_does_one_duty_in_a_case(session: Session):
    elder = await an_elder(session)  # by official-1
    everything = frozenset({"official", "assessor"})
    people = {
        name: Caller(name, "portal", everything, area=CITY, worker_id=worker_id)
        for name, worker_id in (("zhao", FIRST), ("qian", SECOND), ("sun", THIRD))
    } | {"official-1": Caller("official-1", "portal", everything, area=CITY, worker_id=FOURTH)}
    submit = api.SubmitApplication(elder_id=elder.elder_id, reason=1, channel=1)
    application_id = (await applications.submit(session, submit, people["zhao"])).application_id
    assign_all = api.AssignAssessors(
        application_id=application_id, assessor_ids=[FIRST, SECOND, THIRD, FOURTH]
    )
    for name, done in (("official-1", Duty.REGISTERING), ("zhao", Duty.REGISTERING)):
        with pytest.raises(SecondDuty) as refused:
            await applications.assign(session, assign_all, people[name])
        assert (refused.value.facts["done"], refused.value.facts["duty"]) == (done, Duty.ASSIGNING)
    await applications.assign(session, assign_all, people["qian"])
    command = a_completion(application_id)
    for name in ("official-1", "zhao", "qian"):
        with pytest.raises(SecondDuty):
            await assessments.complete(session, command, people[name], CONTEXT)
    await assign(session, application_id, THIRD, str(uuid.UUID(int=9)))
    recorded = await assessments.complete(session, command, people["sun"], CONTEXT)
    await sign(session, recorded, str(uuid.UUID(int=9)))
    session.now += timedelta(days=10)

    approval = api.ApproveAssessment(assessment_id=recorded.assessment_id)
    for caller in (people["official-1"], people["zhao"], people["sun"], ASSIGNING):
        with pytest.raises(SecondDuty):
            await assessments.approve(session, approval, caller)
    assert await assessments.approve(session, approval, people["qian"])


async def test_an_assessment_is_completed_once(session: Session):
    elder = await an_elder(session)
    result = await a_result(session, elder.elder_id)

    with pytest.raises(ApplicationNotOpen):
        await complete(session, result.application_id, FIRST)


async def test_a_level_comes_into_force_after_publicity(session: Session):
    result = await a_result(session, (await an_elder(session)).elder_id)
    with pytest.raises(PublicityRunning):
        await approve(session, result.assessment_id)
    session.now = result.public_until.ToDatetime().replace(tzinfo=session.now.tzinfo)

    approved = await approve(session, result.assessment_id)

    assert (approved.valid_from, approved.valid_to) == ("2026-03-02", "2027-03-02")
    assert (
        await session.get(Application, uuid.UUID(result.application_id))
    ).state is ApplicationState.APPROVED
    with pytest.raises(AssessmentNotPublic):
        await approve(session, result.assessment_id)


@pytest.mark.parametrize("late", [timedelta(days=10), timedelta(days=100), timedelta(days=400)])
async def test_a_slow_approver_lengthens_nothing(session: Session, late: timedelta):
    result = await a_result(session, (await an_elder(session)).elder_id)
    session.now += late

    approved = await approve(session, result.assessment_id)

    assert (approved.valid_from, approved.valid_to) == ("2026-03-02", "2027-03-02")
    again_at = session.timers[assessments.REASSESS, result.assessment_id]
    assert local_day(again_at) == date(2027, 1, 1)
    session.now = max(session.now, again_at)
    assert await assessments.reassess(session, uuid.UUID(result.assessment_id))


async def test_a_newer_result_replaces_the_one_in_force(session: Session):
    elder = await an_elder(session)
    made = []
    for _ in range(2):
        result = await a_result(session, elder.elder_id)
        session.now += timedelta(days=10)
        made.append((await approve(session, result.assessment_id)).assessment_id)

    states = [
        (await session.get(Assessment, uuid.UUID(assessment_id))).state for assessment_id in made
    ]
    assert states == [AssessmentState.REPLACED, AssessmentState.IN_FORCE]


async def test_a_level_is_assessed_again_before_it_expires(session: Session):
    result = await a_result(session, (await an_elder(session)).elder_id)
    session.now += timedelta(days=10)
    await approve(session, result.assessment_id)

    at = session.timers[assessments.REASSESS, result.assessment_id]
    session.now = at
    opened = await assessments.reassess(session, uuid.UUID(result.assessment_id))

    assert local_day(at) == date(2027, 1, 1)  # sixty days before 2 March
    assert (opened.reason, opened.channel) == (
        events.ASSESSMENT_REASON_ROUTINE,
        events.CHANNEL_PLATFORM,
    )


async def test_a_reassessment_that_meets_an_open_application_comes_back_by_itself(
    session: Session,
):
    elder = await an_elder(session)
    result = await a_result(session, elder.elder_id)
    session.now += timedelta(days=10)
    await approve(session, result.assessment_id)
    application = await an_application(session, elder.elder_id)
    session.now = session.timers.pop((assessments.REASSESS, result.assessment_id))

    assert await assessments.reassess(session, uuid.UUID(result.assessment_id)) is None
    again_at = session.timers[assessments.REASSESS, result.assessment_id]
    command = api.WithdrawApplication(application_id=application)
    await applications.withdraw(session, command, an_official())
    session.now = again_at

    assert await assessments.reassess(session, uuid.UUID(result.assessment_id))


async def test_nobody_is_assessed_again_after_death(session: Session):
    elder = await an_elder(session)
    result = await a_result(session, elder.elder_id)
    session.now += timedelta(days=10)
    await approve(session, result.assessment_id)
    await report_death(session, elder.elder_id, "2026-03-10")

    assert await assessments.reassess(session, uuid.UUID(result.assessment_id)) is None


async def test_a_doubted_result_is_reviewed_by_others(session: Session):
    result = await a_result(session, (await an_elder(session)).elder_id)

    appealed = await appeal(session, result.assessment_id)

    with pytest.raises(AssessorDoubted):
        await assign(session, appealed.review_application_id, FIRST, THIRD)
    await assign(session, appealed.review_application_id, THIRD, FOURTH)
    assert (
        emitted(session, events.ApplicationSubmitted)[-1].reason == events.ASSESSMENT_REASON_REVIEW
    )
    session.now += timedelta(days=10)
    with pytest.raises(AssessmentNotPublic):
        await approve(session, result.assessment_id)


async def test_a_second_review_excludes_the_assessors_of_both_results(session: Session):
    result = await a_result(session, (await an_elder(session)).elder_id)
    review = (await appeal(session, result.assessment_id)).review_application_id
    await assign(session, review, THIRD, FOURTH)
    second = await sign(session, await complete(session, review, THIRD), FOURTH)

    last = (await appeal(session, second.assessment_id)).review_application_id

    for doubted in (FIRST, FOURTH):
        with pytest.raises(AssessorDoubted):
            await assign(session, last, doubted, str(uuid.UUID(int=9)))


async def test_doubts_come_too_late_after_publicity(session: Session):
    result = await a_result(session, (await an_elder(session)).elder_id)
    session.now += timedelta(days=10)

    with pytest.raises(PublicityOver):
        await appeal(session, result.assessment_id)


async def test_the_level_of_somebody_who_died_is_not_approved(session: Session):
    elder = await an_elder(session)
    result = await a_result(session, elder.elder_id)
    session.now += timedelta(days=10)
    died_on = local_day(session.now).isoformat()
    await report_death(session, elder.elder_id, died_on)

    with pytest.raises(ElderNotAlive):
        await approve(session, result.assessment_id)
