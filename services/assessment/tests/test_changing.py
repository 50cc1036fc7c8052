"""What the register says of an elder can be put right there, all of it but the ID number."""

import uuid

import pytest
from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as said

from assessment import queries
from assessment.flows import elders, files
from assessment.tables import Elder
from assessment.testing import COMMUNITIES, a_ground, a_registration, an_official
from kit.db.store import Session

GROUND = a_ground()
OFFICIAL = an_official()
ELSEWHERE = next(code for code in COMMUNITIES if code.startswith("341182"))


async def an_elder(session: Session, **given: object) -> said.Elder:
    return (await elders.register(session, a_registration(**given), OFFICIAL, GROUND)).elder


async def test_a_file_gains_a_contact_person_and_is_complete(session: Session):
    elder = await an_elder(session, contact_name="", contact_phone="")

    told = await elders.change(
        session,
        api.ChangeElder(
            elder_id=elder.elder_id, contact_name="王小红", contact_phone="13900000001"
        ),
        OFFICIAL,
        GROUND,
    )

    row = await session.get(Elder, uuid.UUID(elder.elder_id))
    assert (elder.complete, told.elder.complete) == (False, True)
    assert [
        queries.opened(GROUND.ring, row, kind) for kind in ("contact_name", "contact_phone")
    ] == ["王小红", "13900000001"]


async def test_a_changed_name_is_found_and_the_former_is_not(session: Session):
    elder = await an_elder(session)

    await elders.change(
        session,
        api.ChangeElder(elder_id=elder.elder_id, name="欧阳海", area_code=ELSEWHERE),
        OFFICIAL,
        GROUND,
    )

    async def found(name: str) -> list[str]:
        question = api.ListElders(name=name, area_code=ELSEWHERE)
        return [
            row.elder.elder_id
            for row in (await queries.elders(session, question, OFFICIAL, GROUND)).rows
        ]

    assert await found("欧阳海") == await found("海") == [elder.elder_id]
    assert await found("李小明") == await found("明") == []


async def test_a_changed_household_register_is_said_to_all(session: Session):
    elder = await an_elder(session)

    told = await elders.change(
        session, api.ChangeElder(elder_id=elder.elder_id, local_register=False), OFFICIAL, GROUND
    )

    assert not told.elder.local_register
    elder.local_register = False
    assert told.elder == elder


@pytest.mark.parametrize("field", sorted(set(files.COLUMNS) - {"id_number"}))
def test_what_a_file_may_say_otherwise_can_be_changed_in_the_register(field: str):
    assert field in api.ChangeElder.DESCRIPTOR.fields_by_name
