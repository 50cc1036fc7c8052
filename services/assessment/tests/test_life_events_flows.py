"""Deaths, moves and ID numbers are reported, decided and corrected, on a real PostgreSQL."""

import uuid
from dataclasses import replace
from datetime import date, timedelta

import pytest
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events

from assessment.assessments.flows import REASSESS
from assessment.elders import flows as elders
from assessment.elders.errors import (
    DeadAlready,
    ElderNotAlive,
    ImpossibleDay,
    KnownAlready,
    OwnElder,
    TooYoung,
    WrongCheckCharacter,
)
from assessment.life_events import flows, queries
from assessment.life_events.errors import (
    DeathReportOpen,
    NotInForce,
    NotReported,
    NumberHasNoOtherDay,
    SameDay,
)
from assessment.testing import (
    CONTEXT,
    ELSEWHERE,
    FIRST,
    HOME,
    OFFICIAL,
    a_child_of,
    a_document,
    a_result,
    an_application,
    an_elder,
    an_id_number,
    an_official,
    approve,
    change,
    emitted,
    report_death,
)
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound, Outdated
from kit.db.store import Session
from kit.security.access import Caller

ALIVE, DEAD, MOVED_OUT = (
    events.Elder.STATUS_ALIVE,
    events.Elder.STATUS_DEAD,
    events.Elder.STATUS_MOVED_OUT,
)
IN_FORCE = api.LifeEvent.STATE_IN_FORCE


async def tell(session: Session, caller: Caller, elder_id: str, died_on: str) -> events.Elder:
    """Somebody reports a death without a document."""
    command = api.ReportElderDeath(elder_id=elder_id, died_on=died_on)
    return (await flows.report_death(session, command, caller, CONTEXT)).elder


async def entries(session: Session, elder_id: str) -> list[api.LifeEvent]:
    question = api.ListLifeEvents(elder_id=elder_id)
    return list((await queries.life_events(session, question, OFFICIAL, CONTEXT)).rows)


async def confirm(session: Session, entry: api.LifeEvent, **given: object) -> api.LifeEvent:
    command = api.ConfirmLifeEvent(
        life_event_id=entry.life_event_id, document=a_document(), **given
    )
    return await flows.confirm(session, command, OFFICIAL, CONTEXT)


async def correct(session: Session, entry: api.LifeEvent, **given: object) -> api.LifeEvent:
    command = api.CorrectLifeEvent(
        life_event_id=entry.life_event_id,
        grounds="another person of that name",
        document=a_document(kind=api.Document.KIND_HOME_CHECK, number="R-7"),
        **given,
    )
    return await flows.correct(session, command, OFFICIAL, CONTEXT)


def newest(session: Session) -> events.Elder:
    """The state of an elder that was published last."""
    published = [
        message.event
        for message in session.messages
        if isinstance(message.event, events.ElderChanged | events.ElderDied)
    ]
    return published[-1].elder


async def test_a_familys_report_of_a_death_waits_for_an_official(session: Session):
    elder = await an_elder(session)
    await an_application(session, elder.elder_id)

    reported = await tell(session, a_child_of(elder.elder_id), elder.elder_id, "2025-12-01")
    again = await tell(session, OFFICIAL, elder.elder_id, "2025-12-01")

    assert (reported.status, reported.died_on, reported.reported_died_on) == (
        ALIVE,
        "",
        "2025-12-01",
    )
    assert again == reported
    assert len(emitted(session, events.ElderChanged)) == 1
    assert not emitted(session, events.ElderDied)
    assert not emitted(session, events.ApplicationWithdrawn)
    with pytest.raises(DeathReportOpen):
        await tell(session, OFFICIAL, elder.elder_id, "2025-12-02")


async def test_an_official_of_the_family_reports_and_does_not_decide(session: Session):
    elder = await an_elder(session)
    kin = replace(
        OFFICIAL,
        roles=frozenset({"official", "family"}),
        subject="kin",
        elder_ids=frozenset({elder.elder_id}),
    )
    command = api.ReportElderDeath(
        elder_id=elder.elder_id, died_on="2025-12-01", document=a_document()
    )

    reported = (await flows.report_death(session, command, kin, CONTEXT)).elder
    (report,) = await entries(session, elder.elder_id)
    confirmation = api.ConfirmLifeEvent(life_event_id=report.life_event_id, document=a_document())

    assert (reported.status, reported.reported_died_on) == (ALIVE, "2025-12-01")
    with pytest.raises(OwnElder):
        await flows.confirm(session, confirmation, kin, CONTEXT)
    poor = api.ChangeElder(elder_id=elder.elder_id, add_hardships=[1])
    with pytest.raises(OwnElder):
        await elders.change(session, poor, kin, CONTEXT)
    assert (await confirm(session, report)).decided_by == "official-1"


async def test_a_confirmed_death_is_a_fact_from_its_day_on(session: Session):
    elder = await an_elder(session)
    await an_application(session, elder.elder_id)
    await tell(session, a_child_of(elder.elder_id), elder.elder_id, "2025-12-01")
    (report,) = await entries(session, elder.elder_id)

    confirmed = await confirm(session, report)

    assert (report.reported_as, report.reported_by) == ("family", "family-1")
    assert (confirmed.state, confirmed.decided_by) == (IN_FORCE, "official-1")
    assert confirmed.document == a_document()
    (died,) = emitted(session, events.ElderDied)
    assert (died.elder.status, died.elder.died_on) == (DEAD, "2025-12-01")
    assert (died.elder.reported_died_on, died.elder.effective_on) == ("", "2025-12-01")
    assert len(emitted(session, events.ApplicationWithdrawn)) == 1
    with pytest.raises(NotReported):
        await confirm(session, report)


async def test_the_document_names_the_day_and_the_report_stays_as_it_was(session: Session):
    elder = await an_elder(session)
    await tell(session, a_child_of(elder.elder_id), elder.elder_id, "2025-12-01")
    (report,) = await entries(session, elder.elder_id)

    confirmed = await confirm(session, report, happened_on="2025-11-29")

    first, second = await entries(session, elder.elder_id)
    assert (first.happened_on, first.state) == ("2025-12-01", api.LifeEvent.STATE_CORRECTED)
    assert second == confirmed
    assert (confirmed.happened_on, confirmed.replaces) == ("2025-11-29", report.life_event_id)
    assert newest(session).died_on == "2025-11-29"


async def test_a_rejected_report_leaves_the_elder_as_before(session: Session):
    elder = await an_elder(session)
    application_id = await an_application(session, elder.elder_id)
    await tell(session, a_child_of(elder.elder_id), elder.elder_id, "2025-12-01")
    (report,) = await entries(session, elder.elder_id)
    command = api.RejectLifeEvent(life_event_id=report.life_event_id, grounds="seen at home")

    rejected = await flows.reject(session, command, OFFICIAL, CONTEXT)

    assert (rejected.state, rejected.grounds) == (api.LifeEvent.STATE_REJECTED, "seen at home")
    assert newest(session) == elder
    assert application_id
    with pytest.raises(NotReported):
        await flows.reject(session, command, OFFICIAL, CONTEXT)
    await tell(session, a_child_of(elder.elder_id), elder.elder_id, "2025-12-03")


async def test_an_official_with_a_document_records_a_fact_at_once(session: Session):
    elder = await an_elder(session)
    await tell(session, a_child_of(elder.elder_id), elder.elder_id, "2025-12-01")

    died = await report_death(session, elder.elder_id, "2025-12-02")
    again = await report_death(session, elder.elder_id, "2025-12-02")

    assert died == again
    assert (died.elder.status, died.elder.died_on) == (DEAD, "2025-12-02")
    assert [entry.state for entry in await entries(session, elder.elder_id)] == [
        api.LifeEvent.STATE_CORRECTED,
        IN_FORCE,
    ]
    with pytest.raises(DeadAlready):
        await report_death(session, elder.elder_id, "2025-12-03")
    with pytest.raises(DeadAlready):
        await tell(session, a_child_of(elder.elder_id), elder.elder_id, "2025-12-03")


async def test_who_was_taken_for_dead_lives_again_and_waits_again(session: Session):
    elder = await an_elder(session)
    await an_application(session, elder.elder_id)
    await report_death(session, elder.elder_id, "2025-12-01")
    (death,) = await entries(session, elder.elder_id)

    revoked = await correct(session, death)

    alive = newest(session)
    assert (alive.status, alive.died_on, alive.effective_on) == (ALIVE, "", "2025-12-01")
    assert revoked.state == api.LifeEvent.STATE_REVOKED
    assert (revoked.document, revoked.correction_document.number) == (a_document(), "R-7")
    first, second = emitted(session, events.ApplicationSubmitted)
    assert (second.elder_id, second.reason) == (first.elder_id, first.reason)
    assert second.channel == events.CHANNEL_PLATFORM
    with pytest.raises(NotInForce):
        await correct(session, death)


async def test_the_clock_of_a_reassessment_runs_again(session: Session):
    elder = await an_elder(session)
    result = await a_result(session, elder.elder_id)
    session.now += timedelta(days=30)
    await approve(session, result.assessment_id)
    await report_death(session, elder.elder_id, "2026-03-10")
    session.timers.clear()
    (death,) = await entries(session, elder.elder_id)

    await correct(session, death)

    assert (REASSESS, result.assessment_id) in session.timers


async def test_another_day_of_death_is_published_and_holds_from_the_earlier_one(session: Session):
    elder = await an_elder(session)
    await report_death(session, elder.elder_id, "2025-12-01")
    (death,) = await entries(session, elder.elder_id)

    right = await correct(session, death, happened_on="2026-01-20")

    dead = newest(session)
    assert (dead.status, dead.died_on) == (DEAD, "2026-01-20")
    assert dead.effective_on == "2025-12-01"
    assert len(emitted(session, events.ElderDied)) == 2
    assert (right.replaces, right.happened_on) == (death.life_event_id, "2026-01-20")
    with pytest.raises(SameDay):
        await correct(session, right, happened_on="2026-01-20")


async def test_who_moved_out_by_mistake_never_left(session: Session):
    elder = await an_elder(session)
    await an_application(session, elder.elder_id)
    gone = await change(
        session,
        elder.elder_id,
        moved_out=True,
        moved_out_on="2026-01-05",
        document=a_document(kind=api.Document.KIND_HOUSEHOLD_REGISTER),
    )
    (move,) = await entries(session, elder.elder_id)
    right = await correct(session, move, happened_on="2026-02-05")

    await correct(session, right)

    assert (gone.elder.status, gone.elder.moved_out_on) == (MOVED_OUT, "2026-01-05")
    assert gone.elder.effective_on == "2026-01-05"
    stays = newest(session)
    assert (stays.status, stays.moved_out_on, stays.effective_on) == (ALIVE, "", "2026-02-05")
    assert len(emitted(session, events.ApplicationSubmitted)) == 2


async def test_a_death_that_was_none_leaves_somebody_who_moved_out_away(session: Session):
    elder = await an_elder(session)
    await change(session, elder.elder_id, moved_out=True, moved_out_on="2026-01-05")
    await report_death(session, elder.elder_id, "2026-02-01")
    death = (await entries(session, elder.elder_id))[-1]

    await correct(session, death)

    assert (newest(session).status, newest(session).moved_out_on) == (MOVED_OUT, "2026-01-05")
    back = await change(session, elder.elder_id, area_code=ELSEWHERE)
    assert (back.elder.status, back.elder.moved_out_on) == (ALIVE, "")
    states = [entry.state for entry in await entries(session, elder.elder_id)]
    assert states == [api.LifeEvent.STATE_OVER, api.LifeEvent.STATE_REVOKED]


async def test_another_id_number_is_the_same_person_and_can_be_taken_back(session: Session):
    wrong, right = an_id_number(date(1951, 1, 1)), an_id_number(date(1953, 5, 5))
    elder = await an_elder(session, id_number=wrong)
    document = a_document(kind=api.Document.KIND_IDENTITY_CARD)

    async def number(id_number: str) -> events.ElderChanged:
        command = api.ChangeElderIdNumber(
            elder_id=elder.elder_id, id_number=id_number, document=document
        )
        return await flows.change_id_number(session, command, OFFICIAL, CONTEXT)

    changed = await number(right)

    assert changed.elder.born_on == f"{right[6:10]}-{right[10:12]}-{right[12:14]}"
    with pytest.raises(WrongCheckCharacter):
        await number(right[:-1] + ("0" if right[-1] != "0" else "1"))
    with pytest.raises(TooYoung):
        await number(an_id_number(date(1999, 1, 1)))
    other = an_id_number()
    await an_elder(session, id_number=other)
    with pytest.raises(KnownAlready):
        await number(other)
    entry = next(one for one in await entries(session, elder.elder_id) if one.state == IN_FORCE)
    with pytest.raises(NumberHasNoOtherDay):
        await correct(session, entry, happened_on="2026-01-01")


async def test_of_two_numbers_for_an_elder_as_read_the_second_is_refused(session: Session):
    elder = await an_elder(session)

    def numbered() -> api.ChangeElderIdNumber:
        return api.ChangeElderIdNumber(
            elder_id=elder.elder_id, id_number=an_id_number(), document=a_document(), version=1
        )

    await flows.change_id_number(session, numbered(), OFFICIAL, CONTEXT)
    with pytest.raises(Outdated):
        await flows.change_id_number(session, numbered(), OFFICIAL, CONTEXT)
    died = api.ReportElderDeath(elder_id=elder.elder_id, died_on="2026-01-02", version=1)
    with pytest.raises(Outdated):
        await flows.report_death(session, died, OFFICIAL, CONTEXT)


async def test_a_wrong_id_number_is_taken_back(session: Session):
    elder = await an_elder(session)
    command = api.ChangeElderIdNumber(
        elder_id=elder.elder_id, id_number=an_id_number(), document=a_document()
    )
    await flows.change_id_number(session, command, OFFICIAL, CONTEXT)
    (entry,) = await entries(session, elder.elder_id)

    await correct(session, entry)

    assert newest(session) == elder


@pytest.mark.parametrize("day", ["2026-03-03", "1949-12-31", "2026-02-30"])
async def test_an_impossible_day_is_refused(session: Session, day: str):
    elder = await an_elder(session, id_number=an_id_number(date(1950, 1, 1), 5))

    with pytest.raises(ImpossibleDay):
        await report_death(session, elder.elder_id, day)
    with pytest.raises(ImpossibleDay):
        await change(session, elder.elder_id, moved_out=True, moved_out_on=day)


async def test_a_stranger_learns_nothing_of_an_elder(session: Session):
    elder = await an_elder(session)

    with pytest.raises(NotFound):
        await tell(session, a_child_of(FIRST), elder.elder_id, "2026-01-01")


async def test_an_entry_belongs_to_the_office_where_the_elder_lives_now(session: Session):
    elder = await an_elder(session, area_code=HOME)
    await tell(session, a_child_of(elder.elder_id), elder.elder_id, "2026-01-01")
    (report,) = await entries(session, elder.elder_id)
    await change(session, elder.elder_id, area_code=ELSEWHERE)
    old, new = an_official(area=HOME), an_official(area=ELSEWHERE)
    command = api.ConfirmLifeEvent(life_event_id=report.life_event_id, document=a_document())

    page = await queries.life_events(session, api.ListLifeEvents(), old, CONTEXT)
    with pytest.raises(NotFound):
        await flows.confirm(session, command, old, CONTEXT)
    confirmed = await flows.confirm(session, command, new, CONTEXT)

    assert not [row for row in page.rows if row.elder_id == elder.elder_id]
    assert confirmed.area_code == ELSEWHERE
    with pytest.raises(ElderNotAlive):
        await an_application(session, elder.elder_id)


async def test_an_unknown_entry_is_not_found(session: Session):
    command = api.ConfirmLifeEvent(life_event_id=str(uuid.uuid4()), document=a_document())

    with pytest.raises(NotFound):
        await flows.confirm(session, command, OFFICIAL, CONTEXT)
    assert local_day(session.now) == date(2026, 3, 2)
