"""Elders are registered, changed and reported dead, on a real PostgreSQL."""

import asyncio
import uuid
from datetime import date

import pytest
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events

from assessment.applications.rules import ApplicationState
from assessment.applications.tables import Application
from assessment.elders import flows as elders
from assessment.elders import queries
from assessment.elders.errors import (
    ElderNotAlive,
    FarFromCounty,
    HalfPosition,
    HardshipOfficialOnly,
    ImpossibleBirthDay,
    ImpossibleDay,
    KnownAlready,
    LikelyKnown,
    NotACommunity,
    NothingToChange,
    TooYoung,
    WrongCheckCharacter,
)
from assessment.elders.tables import Elder
from assessment.testing import (
    CITY,
    CONTEXT,
    ELSEWHERE,
    OFFICIAL,
    a_context,
    a_key,
    a_registration,
    an_application,
    an_elder,
    an_id_number,
    an_official,
    change,
    emitted,
)
from kit.contracts.clock import local_day
from kit.contracts.refusals import Malformed, NotFound, Outdated, Refusal
from kit.db.personal import KeyRing
from kit.db.store import Session, Store
from kit.security.access import ROLES, Caller


@pytest.mark.parametrize("role", sorted(ROLES - {"official"}))
async def test_nobody_but_an_official_states_hardships(session: Session, role: str):
    caller = Caller("somebody", "portal", frozenset({role, "operator"}), area=CITY)
    with pytest.raises(HardshipOfficialOnly) as refused:
        await elders.register(session, a_registration(hardships=[1]), caller, CONTEXT)
    assert refused.value.field == "hardships"
    elder = await an_elder(session, hardships=[])

    for hardships in ([], [1]):
        command = api.ChangeElder(
            elder_id=elder.elder_id,
            living=2,
            hardships=api.Hardships(hardships=hardships),
        )
        with pytest.raises(HardshipOfficialOnly):
            await elders.change(session, command, caller, CONTEXT)

    assert (await session.get(Elder, uuid.UUID(elder.elder_id))).living == elder.living


async def test_a_hotline_registers_without_hardships(session: Session):
    caller = Caller("operator-7", "portal", frozenset({"hotline"}), area=CITY)
    event = await elders.register(session, a_registration(hardships=[]), caller, CONTEXT)

    assert list(event.elder.hardships) == []


async def test_a_registered_elder_is_published_without_anything_personal(session: Session):
    elder = await an_elder(session, id_number=an_id_number(date(1942, 12, 31), 6))

    (event,) = emitted(session, events.ElderRegistered)
    assert event.elder == elder
    assert (elder.born_on, elder.sex, elder.complete, elder.status) == (
        "1942-12-31",
        events.Elder.SEX_MALE,
        True,
        events.Elder.STATUS_ALIVE,
    )
    assert not any(secret in str(event) for secret in ("李小明", "13800000001", "琅琊路"))


async def test_personal_text_is_unreadable_in_the_table(session: Session):
    elder = await an_elder(session)

    row = dict(
        (
            await (await session.driver()).fetchrow(
                "select * from elder where elder_id = $1", uuid.UUID(elder.elder_id)
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


async def test_one_person_with_two_id_numbers_is_refused(session: Session):
    born_on = date(1948, 5, 6)
    numbers = [an_id_number(born_on) for _ in range(3)]
    known = await an_elder(session, id_number=numbers[0], name="阿里·买买提")

    with pytest.raises(LikelyKnown) as refused:
        await an_elder(session, id_number=numbers[1], name="阿里•买买提")

    assert str(known.elder_id) in str(refused.value)
    await an_elder(session, id_number=numbers[1], name="阿里•买买提", another_person=True)
    await an_elder(session, id_number=numbers[2], name="阿里·买买提", area_code=ELSEWHERE)


async def test_a_home_is_kept_in_one_datum(session: Session):
    phone = {"lon": 118.305372, "lat": 32.297963, "datum": events.DATUM_GCJ02}
    elder = await an_elder(session, **phone)

    row = await session.get(Elder, uuid.UUID(elder.elder_id))
    assert queries.opened(CONTEXT.ring, row, "position") == "118.3 32.3"


@pytest.mark.parametrize(("lon", "lat"), [(83.0, 32.3), (121.47, 31.23), (118.3, 23.2)])
async def test_a_home_far_from_its_county_is_refused(session: Session, lon: float, lat: float):
    with pytest.raises(FarFromCounty) as refused:
        await an_elder(session, lon=lon, lat=lat)

    assert refused.value.field == "lon"
    assert int(refused.value.facts["away_km"]) > 100


async def test_a_number_of_fifteen_digits_is_the_same_persons(session: Session):
    number = an_id_number(date(1948, 5, 7))
    await an_elder(session, id_number=number)

    with pytest.raises(KnownAlready):
        await an_elder(session, id_number=number[:6] + number[8:17])


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
    rotated = a_context(KeyRing(a_key("p1", 1), f"{a_key('h2', 3)},{a_key('h1', 2)}"))

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
            session, a_registration(area_code=ELSEWHERE), an_official("341102000000"), CONTEXT
        )


async def test_a_change_raises_the_version_and_publishes_the_whole_state(session: Session):
    elder = await an_elder(session, contact_phone="13900000001", phone="")
    assert not elder.complete

    event = await change(
        session,
        elder.elder_id,
        phone="13700000000",
        living=2,
        hardships=api.Hardships(hardships=[3, 2]),
        area_code=ELSEWHERE,
    )

    assert event.elder.complete
    assert (event.elder.living, list(event.elder.hardships), event.elder.area_code) == (
        2,
        [2, 3],
        ELSEWHERE,
    )
    assert (await session.get(Elder, uuid.UUID(elder.elder_id))).version == 2


async def test_of_two_changes_of_what_was_read_the_second_is_refused(session: Session):
    elder = await an_elder(session)
    await change(session, elder.elder_id, living=2, version=1)

    with pytest.raises(Outdated) as refused:
        await change(session, elder.elder_id, living=3, version=1)

    assert refused.value.facts == {"version": 2}
    assert (await change(session, elder.elder_id, living=3, version=2)).elder.living == 3


async def test_two_officials_add_and_remove_groups_and_neither_is_lost(session: Session):
    elder = await an_elder(session)
    dibao, tekun, handicapped = 1, 2, 3
    await change(session, elder.elder_id, hardships=api.Hardships(hardships=[dibao]))

    await change(session, elder.elder_id, add_hardships=[tekun])
    event = await change(
        session, elder.elder_id, add_hardships=[handicapped], remove_hardships=[dibao]
    )

    assert list(event.elder.hardships) == [tekun, handicapped]
    with pytest.raises(Malformed):
        await change(session, elder.elder_id, add_hardships=[dibao], remove_hardships=[dibao])
    with pytest.raises(Malformed):
        await change(session, elder.elder_id, hardships=api.Hardships(), add_hardships=[dibao])


async def test_hardships_hold_since_the_day_of_their_document(session: Session):
    dibao, tekun = 1, 2
    elder = await an_elder(
        session, hardships=[dibao], hardships_on="2025-11-03", hardships_document="低保 341102-17"
    )

    removed = await change(
        session, elder.elder_id, remove_hardships=[dibao], hardships_on="2025-12-01"
    )
    event = await change(session, elder.elder_id, add_hardships=[tekun])

    today = local_day(session.now).isoformat()
    first = ("2025-11-03", "", "低保 341102-17")
    assert periods(elder) == {dibao: first}
    assert periods(removed.elder) == {dibao: (first[0], "2025-12-01", first[2])}
    assert periods(event.elder) == periods(removed.elder) | {tekun: (today, "", "")}
    assert event.elder == (await seen(session, elder.elder_id)).elder


async def test_a_hardship_that_was_learnt_late_begins_on_the_day_that_is_named_last(
    session: Session,
):
    elder = await an_elder(session, hardships=[1])

    event = await change(session, elder.elder_id, add_hardships=[1], hardships_on="2025-11-03")

    assert periods(event.elder) == {1: ("2025-11-03", "", "")}


@pytest.mark.parametrize("day", ["2025-11-03", "2025-10-01"])
async def test_a_hardship_that_was_none_held_on_no_day(session: Session, day: str):
    elder = await an_elder(
        session, hardships=[1], hardships_on="2025-11-03", hardships_document="低保 341102-17"
    )

    event = await change(session, elder.elder_id, remove_hardships=[1], hardships_on=day)

    assert list(event.elder.hardships) == []
    assert periods(event.elder) == {1: ("2025-11-03", "2025-11-03", "低保 341102-17")}


@pytest.mark.parametrize("day", ["1949-12-31", "2199-01-01", "2025-02-30"])
async def test_hardships_begin_between_the_birth_and_today(session: Session, day: str):
    number = an_id_number(date(1950, 1, 1), 7)
    with pytest.raises(ImpossibleDay) as refused:
        await an_elder(session, id_number=number, hardships_on=day)
    elder = await an_elder(session, id_number=number)
    with pytest.raises(ImpossibleDay):
        await change(session, elder.elder_id, add_hardships=[2], hardships_on=day)

    assert refused.value.field == "hardships_on"


def periods(elder: events.Elder) -> dict[int, tuple[str, str, str]]:
    return {
        one.hardship: (one.since_on, one.until_on, one.document_number)
        for one in elder.hardship_periods
    }


async def seen(session: Session, elder_id: str) -> api.ElderRecord:
    return await queries.elder(session, api.GetElder(elder_id=elder_id), OFFICIAL, CONTEXT)


async def test_a_change_of_nothing_is_refused(session: Session):
    elder = await an_elder(session)

    with pytest.raises(NothingToChange):
        await change(session, elder.elder_id)


async def test_who_moved_out_waits_for_nothing_and_can_come_back(session: Session):
    elder = await an_elder(session)
    application_id = await an_application(session, elder.elder_id)

    gone = await change(session, elder.elder_id, moved_out=True)

    assert gone.elder.status == events.Elder.STATUS_MOVED_OUT
    assert (
        await session.get(Application, uuid.UUID(application_id))
    ).state is ApplicationState.WITHDRAWN
    with pytest.raises(ElderNotAlive):
        await an_application(session, elder.elder_id)
    back = await change(session, elder.elder_id, area_code=ELSEWHERE)
    assert back.elder.status == events.Elder.STATUS_ALIVE


async def test_a_file_gains_a_contact_person_and_is_complete(session: Session):
    elder = await an_elder(session, contact_name="", contact_phone="")

    event = await change(
        session, elder.elder_id, contact_name="王小红", contact_phone="13900000001"
    )

    row = await session.get(Elder, uuid.UUID(elder.elder_id))
    assert (elder.complete, event.elder.complete) == (False, True)
    assert [
        queries.opened(CONTEXT.ring, row, kind) for kind in ("contact_name", "contact_phone")
    ] == ["王小红", "13900000001"]


async def test_a_changed_name_is_found_and_the_former_is_not(session: Session):
    elder = await an_elder(session)

    await change(session, elder.elder_id, name="欧阳海", area_code=ELSEWHERE)

    async def found(name: str) -> list[str]:
        question = api.ListElders(name=name, area_code=ELSEWHERE)
        return [
            row.elder.elder_id
            for row in (await queries.elders(session, question, OFFICIAL, CONTEXT)).rows
        ]

    assert await found("欧阳海") == await found("海") == [elder.elder_id]
    assert await found("李小明") == await found("明") == []


async def test_a_changed_household_register_is_published(session: Session):
    elder = await an_elder(session)

    event = await change(session, elder.elder_id, local_register=False)

    assert not event.elder.local_register
    elder.local_register = False
    assert event.elder == elder
