"""What the service does, on a real PostgreSQL."""

import asyncio
import json
import uuid
from datetime import date, timedelta

import pytest
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as said

from assessment import queries
from assessment.errors import (
    ApplicationNotOpen,
    ApplicationOpen,
    AssessmentNotPublic,
    AssessorDoubted,
    DeadAlready,
    ElderNotAlive,
    HalfPosition,
    ImpossibleBirthDay,
    ImpossibleDay,
    KnownAlready,
    NotACommunity,
    NothingToChange,
    NotTheAssessor,
    PublicityOver,
    PublicityRunning,
    TooYoung,
    WrongCheckCharacter,
)
from assessment.flows import applications, assessments, elders
from assessment.rules import ApplicationState, AssessmentState, ChangeReason, Status
from assessment.snapshots import SNAPSHOT_SOURCES
from assessment.tables import Application, Assessment, Elder
from assessment.testing import (
    COMMUNITIES,
    a_child_of,
    a_completion,
    a_ground,
    a_key,
    a_registration,
    an_assessor,
    an_id_number,
    an_official,
    answers,
)
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound, Refusal
from kit.db.personal import KeyRing
from kit.db.store import Session, Store
from kit.messaging import snapshots

GROUND = a_ground()
OFFICIAL = an_official()
ELSEWHERE = next(code for code in COMMUNITIES if code.startswith("341182"))
FIRST, SECOND, THIRD, FOURTH = (str(uuid.UUID(int=number)) for number in range(1, 5))


async def an_elder(session: Session, **given: object) -> said.Elder:
    return (await elders.register(session, a_registration(**given), OFFICIAL, GROUND)).elder


async def an_application(session: Session, elder_id: str) -> str:
    command = api.SubmitApplication(elder_id=elder_id, reason=1, channel=1)
    return (await applications.submit(session, command, OFFICIAL)).application_id


async def assign(session: Session, application_id: str, *assessors: str) -> said.AssessorsAssigned:
    return await applications.assign(
        session,
        api.AssignAssessors(application_id=application_id, assessor_ids=assessors),
        OFFICIAL,
    )


async def a_result(session: Session, elder_id: str, **given: object) -> said.AssessmentCompleted:
    application_id = await an_application(session, elder_id)
    await assign(session, application_id, FIRST, SECOND)
    return await assessments.complete(
        session, a_completion(application_id, **given), an_assessor(FIRST), GROUND
    )


async def approve(session: Session, assessment_id: str) -> said.AssessmentApproved:
    return await assessments.approve(
        session, api.ApproveAssessment(assessment_id=assessment_id), OFFICIAL, GROUND
    )


async def appeal(session: Session, assessment_id: str) -> said.AssessmentAppealed:
    return await assessments.appeal(
        session, api.AppealAssessment(assessment_id=assessment_id, channel=3), OFFICIAL
    )


def said_of(session: Session, kind: type) -> list[object]:
    return [message.event for message in session.messages if isinstance(message.event, kind)]


async def test_a_registered_elder_is_said_without_anything_personal(session: Session):
    told = await an_elder(session, id_number=an_id_number(date(1942, 12, 31), 6))

    (event,) = said_of(session, said.ElderRegistered)
    assert event.elder == told
    assert (told.born_on, told.sex, told.complete, told.status) == (
        "1942-12-31",
        said.Elder.SEX_MALE,
        True,
        said.Elder.STATUS_ALIVE,
    )
    assert not any(secret in str(event) for secret in ("李小明", "13800000001", "琅琊路"))


async def test_personal_text_is_unreadable_in_the_table(session: Session):
    told = await an_elder(session)

    row = dict(
        (
            await (await session.driver()).fetchrow(
                "select * from elder where elder_id = $1", uuid.UUID(told.elder_id)
            )
        ).items()
    )
    stored = (
        b" ".join(value for value in row.values() if isinstance(value, bytes)) + str(row).encode()
    )
    for text in ("李小明", "13800000001", "琅琊路1号", "王小红", "118.3"):
        assert text.encode() not in stored


async def test_an_elder_without_contact_is_not_complete(session: Session):
    assert not (await an_elder(session, contact_phone="")).complete


@pytest.mark.parametrize(
    ("given", "refusal", "field"),
    [
        ({"id_number": "341102195001010018"}, WrongCheckCharacter, "id_number"),
        ({"id_number": "341102195002300016"}, ImpossibleBirthDay, "id_number"),
        ({"id_number": an_id_number(date(1890, 1, 1))}, ImpossibleBirthDay, "id_number"),
        ({"id_number": an_id_number(date(2026, 5, 1))}, ImpossibleBirthDay, "id_number"),
        ({"id_number": an_id_number(date(1966, 3, 3), 0)}, TooYoung, "id_number"),
        ({"area_code": "341102000000"}, NotACommunity, "area_code"),
        ({"area_code": "110101001001"}, NotACommunity, "area_code"),
        ({"lat": None}, HalfPosition, "lat"),
    ],
)
async def test_a_wrong_registration_names_its_field(
    session: Session, given: dict[str, object], refusal: type[Refusal], field: str
):
    with pytest.raises(refusal) as refused:
        await an_elder(session, **given)

    assert refused.value.field == field


async def test_somebody_is_an_elder_from_the_sixtieth_birthday(session: Session):
    assert (
        await an_elder(session, id_number=an_id_number(date(1966, 3, 2), 0))
    ).born_on == "1966-03-02"


async def test_the_same_id_number_is_refused_also_with_a_small_x(session: Session):
    number = next(
        number
        for serial in range(100)
        if (number := an_id_number(date(1948, 5, 5), serial)).endswith("X")
    )
    await an_elder(session, id_number=number)

    with pytest.raises(KnownAlready):
        await an_elder(session, id_number=number.lower())


async def test_a_known_id_number_is_found_while_the_hash_key_rotates(session: Session):
    number = an_id_number()
    await an_elder(session, id_number=number)
    rotated = a_ground(KeyRing(a_key("p1", 1), f"{a_key('h2', 3)},{a_key('h1', 2)}"))

    with pytest.raises(KnownAlready):
        await elders.register(session, a_registration(id_number=number), OFFICIAL, rotated)


async def test_two_registrations_at_once_make_one_elder(store: Store):
    number = an_id_number()

    async def once() -> bool:
        try:
            async with store.transaction() as session:
                await an_elder(session, id_number=number)
        except KnownAlready:
            return False
        return True

    assert sorted(await asyncio.gather(*(once() for _ in range(6)))) == [False] * 5 + [True]


async def test_an_official_of_another_county_cannot_register(session: Session):
    with pytest.raises(NotFound):
        await elders.register(
            session, a_registration(area_code=ELSEWHERE), an_official("341102000000"), GROUND
        )


async def test_a_change_raises_the_version_and_says_the_whole_state(session: Session):
    elder = await an_elder(session, contact_phone="13900000001", phone="")
    assert not elder.complete

    told = await elders.change(
        session,
        api.ChangeElder(
            elder_id=elder.elder_id,
            phone="13700000000",
            living=2,
            hardships=api.Hardships(hardships=[3, 2]),
            area_code=ELSEWHERE,
        ),
        OFFICIAL,
        GROUND,
    )

    assert told.elder.complete
    assert (told.elder.living, list(told.elder.hardships), told.elder.area_code) == (
        2,
        [2, 3],
        ELSEWHERE,
    )
    assert (await session.get(Elder, uuid.UUID(elder.elder_id))).version == 2


async def test_a_change_of_nothing_is_refused(session: Session):
    elder = await an_elder(session)

    with pytest.raises(NothingToChange):
        await elders.change(session, api.ChangeElder(elder_id=elder.elder_id), OFFICIAL, GROUND)


async def test_who_moved_out_waits_for_nothing_and_can_come_back(session: Session):
    elder = await an_elder(session)
    application_id = await an_application(session, elder.elder_id)

    gone = await elders.change(
        session, api.ChangeElder(elder_id=elder.elder_id, moved_out=True), OFFICIAL, GROUND
    )

    assert gone.elder.status == said.Elder.STATUS_MOVED_OUT
    assert (
        await session.get(Application, uuid.UUID(application_id))
    ).state is ApplicationState.WITHDRAWN
    with pytest.raises(ElderNotAlive):
        await an_application(session, elder.elder_id)
    back = await elders.change(
        session, api.ChangeElder(elder_id=elder.elder_id, area_code=ELSEWHERE), OFFICIAL, GROUND
    )
    assert back.elder.status == said.Elder.STATUS_ALIVE


async def test_a_death_ends_what_the_elder_waits_for_and_is_said_once(session: Session):
    elder = await an_elder(session)
    await an_application(session, elder.elder_id)
    report = api.ReportElderDeath(elder_id=elder.elder_id, died_on="2025-12-01")

    first = await elders.report_death(session, report, a_child_of(elder.elder_id))
    again = await elders.report_death(session, report, OFFICIAL)

    assert first == again
    assert (first.elder.died_on, first.elder.status) == ("2025-12-01", said.Elder.STATUS_DEAD)
    assert (
        len(said_of(session, said.ElderDied))
        == len(said_of(session, said.ApplicationWithdrawn))
        == 1
    )


async def test_a_second_death_on_another_day_is_refused(session: Session):
    elder = await an_elder(session)
    await elders.report_death(
        session, api.ReportElderDeath(elder_id=elder.elder_id, died_on="2026-03-01"), OFFICIAL
    )

    with pytest.raises(DeadAlready):
        await elders.report_death(
            session, api.ReportElderDeath(elder_id=elder.elder_id, died_on="2026-02-28"), OFFICIAL
        )


@pytest.mark.parametrize("day", ["2026-03-03", "1949-12-31", "2026-02-30"])
async def test_an_impossible_day_of_death_is_refused(session: Session, day: str):
    elder = await an_elder(session, id_number=an_id_number(date(1950, 1, 1), 5))

    with pytest.raises(ImpossibleDay):
        await elders.report_death(
            session, api.ReportElderDeath(elder_id=elder.elder_id, died_on=day), OFFICIAL
        )


async def test_a_stranger_learns_nothing_of_an_elder(session: Session):
    elder = await an_elder(session)

    with pytest.raises(NotFound):
        await elders.report_death(
            session,
            api.ReportElderDeath(elder_id=elder.elder_id, died_on="2026-01-01"),
            a_child_of(FIRST),
        )


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


async def test_all_best_answers_give_level_zero_and_seven_days_of_publicity(session: Session):
    told = await a_result(session, (await an_elder(session)).elder_id)

    assert (told.total_points, told.preliminary_level, told.level, told.assessors) == (90, 0, 0, 2)
    assert told.HasField("level")
    assert (
        told.public_until.ToJsonString() == "2026-03-09T16:00:00Z"
    )  # the end of 9 March in Shanghai


async def test_working_days_leave_out_weekends_and_holidays(session: Session):
    elder = await an_elder(session)
    application_id = await an_application(session, elder.elder_id)
    await assign(session, application_id, FIRST, SECOND)
    session.now += timedelta(days=36)  # to 7 April; 6 April is a holiday

    told = await assessments.complete(
        session, a_completion(application_id), an_assessor(FIRST), GROUND
    )

    assert told.working_days == 25


async def test_change_rules_are_recorded_in_the_result(session: Session):
    told = await a_result(
        session,
        (await an_elder(session)).elder_id,
        answers=answers(eating=0),
        diagnoses=["F01"],
        risk_events=2,
    )

    assert (told.total_points, told.preliminary_level, told.level) == (86, 1, 2)
    assert list(told.change_reasons) == [ChangeReason.MENTAL_DISORDER, ChangeReason.RISK_EVENTS]


async def test_only_an_assigned_assessor_completes(session: Session):
    application_id = await an_application(session, (await an_elder(session)).elder_id)
    await assign(session, application_id, FIRST, SECOND)

    with pytest.raises(NotTheAssessor):
        await assessments.complete(
            session, a_completion(application_id), an_assessor(THIRD), GROUND
        )


async def test_an_assessment_is_completed_once(session: Session):
    elder = await an_elder(session)
    told = await a_result(session, elder.elder_id)

    with pytest.raises(ApplicationNotOpen):
        await assessments.complete(
            session, a_completion(told.application_id), an_assessor(FIRST), GROUND
        )


async def test_a_level_comes_into_force_after_publicity(session: Session):
    told = await a_result(session, (await an_elder(session)).elder_id)
    with pytest.raises(PublicityRunning):
        await approve(session, told.assessment_id)
    session.now = told.public_until.ToDatetime().replace(tzinfo=session.now.tzinfo)

    approved = await approve(session, told.assessment_id)

    assert (approved.valid_from, approved.valid_to) == ("2026-03-10", "2027-03-10")
    assert (
        await session.get(Application, uuid.UUID(told.application_id))
    ).state is ApplicationState.APPROVED
    with pytest.raises(AssessmentNotPublic):
        await approve(session, told.assessment_id)


async def test_a_newer_result_replaces_the_one_in_force(session: Session):
    elder = await an_elder(session)
    results = []
    for _ in range(2):
        told = await a_result(session, elder.elder_id)
        session.now += timedelta(days=10)
        results.append((await approve(session, told.assessment_id)).assessment_id)

    states = [(await session.get(Assessment, uuid.UUID(result))).state for result in results]
    assert states == [AssessmentState.REPLACED, AssessmentState.IN_FORCE]


async def test_a_level_is_assessed_again_before_it_expires(session: Session):
    told = await a_result(session, (await an_elder(session)).elder_id)
    session.now += timedelta(days=10)
    await approve(session, told.assessment_id)

    at = session.timers[applications.REASSESS, told.assessment_id]
    session.now = at
    opened = await applications.reassess(session, uuid.UUID(told.assessment_id))

    assert local_day(at) == date(2027, 1, 11)  # sixty days before 12 March
    assert (opened.reason, opened.channel) == (
        said.ASSESSMENT_REASON_ROUTINE,
        said.CHANNEL_PLATFORM,
    )
    assert (
        await applications.reassess(session, uuid.UUID(told.assessment_id)) is None
    )  # one is open already


async def test_nobody_is_assessed_again_after_death(session: Session):
    elder = await an_elder(session)
    told = await a_result(session, elder.elder_id)
    session.now += timedelta(days=10)
    await approve(session, told.assessment_id)
    await elders.report_death(
        session, api.ReportElderDeath(elder_id=elder.elder_id, died_on="2026-03-10"), OFFICIAL
    )

    assert await applications.reassess(session, uuid.UUID(told.assessment_id)) is None


async def test_a_doubted_result_is_reviewed_by_others(session: Session):
    told = await a_result(session, (await an_elder(session)).elder_id)

    appealed = await appeal(session, told.assessment_id)

    with pytest.raises(AssessorDoubted):
        await assign(session, appealed.review_application_id, FIRST, THIRD)
    await assign(session, appealed.review_application_id, THIRD, FOURTH)
    assert said_of(session, said.ApplicationSubmitted)[-1].reason == said.ASSESSMENT_REASON_REVIEW
    session.now += timedelta(days=10)
    with pytest.raises(AssessmentNotPublic):
        await approve(session, told.assessment_id)


async def test_a_second_review_excludes_the_assessors_of_both_results(session: Session):
    told = await a_result(session, (await an_elder(session)).elder_id)
    review = (await appeal(session, told.assessment_id)).review_application_id
    await assign(session, review, THIRD, FOURTH)
    second = await assessments.complete(session, a_completion(review), an_assessor(THIRD), GROUND)

    last = (await appeal(session, second.assessment_id)).review_application_id

    for doubted in (FIRST, FOURTH):
        with pytest.raises(AssessorDoubted):
            await assign(session, last, doubted, str(uuid.UUID(int=9)))


async def test_doubts_come_too_late_after_publicity(session: Session):
    told = await a_result(session, (await an_elder(session)).elder_id)
    session.now += timedelta(days=10)

    with pytest.raises(PublicityOver):
        await appeal(session, told.assessment_id)


async def test_the_level_of_somebody_who_died_is_not_approved(session: Session):
    elder = await an_elder(session)
    told = await a_result(session, elder.elder_id)
    session.now += timedelta(days=10)
    died_on = local_day(session.now).isoformat()
    await elders.report_death(
        session, api.ReportElderDeath(elder_id=elder.elder_id, died_on=died_on), OFFICIAL
    )

    with pytest.raises(ElderNotAlive):
        await approve(session, told.assessment_id)


async def test_search_finds_by_number_phone_and_characters_of_the_name(session: Session):
    number = an_id_number()
    wanted = await an_elder(session, name="欧阳明月", id_number=number, phone="13811112222")
    await an_elder(session, name="李四", area_code=ELSEWHERE)

    async def found(**question: object) -> list[str]:
        page = await queries.elders(session, api.ListElders(**question), OFFICIAL, GROUND)
        return [record.elder.elder_id for record in page.rows]

    for question in (
        {"id_number": number},
        {"phone": "+86 138-1111-2222"},
        {"name": "欧阳明月"},
        {"name": "明月", "area_code": wanted.area_code},
        {"name": "月", "area_code": "341100000000"},
    ):
        assert await found(**question) == [wanted.elder_id], question
    assert await found(name="明月") == []
    assert await found(name="月", area_code=ELSEWHERE) == []


async def test_the_name_of_somebody_who_moved_is_found_in_the_new_county(session: Session):
    elder = await an_elder(session, name="司马懿")
    await elders.change(
        session, api.ChangeElder(elder_id=elder.elder_id, area_code=ELSEWHERE), OFFICIAL, GROUND
    )

    page = await queries.elders(
        session, api.ListElders(name="懿", area_code="341182000000"), OFFICIAL, GROUND
    )

    assert [record.elder.elder_id for record in page.rows] == [elder.elder_id]


async def test_a_page_is_masked_and_goes_on_where_the_last_one_ended(session: Session):
    made = [(await an_elder(session)).elder_id for _ in range(3)]

    first = await queries.elders(session, api.ListElders(limit=2), OFFICIAL, GROUND)
    second = await queries.elders(
        session, api.ListElders(limit=2, after=first.next), OFFICIAL, GROUND
    )

    assert [record.elder.elder_id for record in (*first.rows, *second.rows)] == made
    assert second.next == ""
    assert (first.rows[0].name, first.rows[0].phone, first.rows[0].address) == (
        "李**",
        "138****0001",
        "****",
    )


async def test_family_sees_its_own_elder_alone(session: Session):
    own, other = await an_elder(session), await an_elder(session)

    page = await queries.elders(session, api.ListElders(), a_child_of(own.elder_id), GROUND)

    assert [record.elder.elder_id for record in page.rows] == [own.elder_id]
    with pytest.raises(NotFound):
        await queries.elder(
            session, api.GetElder(elder_id=other.elder_id), a_child_of(own.elder_id), GROUND
        )


async def test_everything_is_said_again_at_its_present_version(store: Store):
    async with store.transaction() as session:
        made = [(await an_elder(session)).elder_id for _ in range(5)]
        await elders.report_death(
            session, api.ReportElderDeath(elder_id=made[0], died_on="2026-01-01"), OFFICIAL
        )
    async with store.transaction() as session:
        await (await session.driver()).execute("delete from outbox")

    assert await snapshots.republish(store, SNAPSHOT_SOURCES["elder"], at_once=2, pause_s=0) == 5

    async with store.reading() as session:
        messages = await (await session.driver()).fetch("select key, headers from outbox")
    told = {message["key"]: json.loads(message["headers"]) for message in messages}
    assert {
        key: (headers["ce_type"].rpartition(".")[2], int(headers["ce_sequence"]))
        for key, headers in told.items()
    } == {
        elder_id: ("ElderDied", 2) if elder_id == made[0] else ("ElderRegistered", 1)
        for elder_id in made
    }
    async with store.reading() as session:
        assert (await session.get(Elder, uuid.UUID(made[0]))).status is Status.DEAD
