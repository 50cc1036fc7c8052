"""Who finds which elders, and what of them is shown."""

import pytest
from eldercare.assessment.v1 import api_pb2 as api

from assessment.elders import queries
from assessment.testing import (
    CONTEXT,
    ELSEWHERE,
    OFFICIAL,
    a_child_of,
    an_elder,
    an_id_number,
    change,
)
from kit.contracts.refusals import NotFound
from kit.db.store import Session


async def test_search_finds_by_number_phone_and_characters_of_the_name(session: Session):
    number = an_id_number()
    wanted = await an_elder(session, name="欧阳明月", id_number=number, phone="13811112222")
    await an_elder(session, name="李四", area_code=ELSEWHERE)

    async def found(**question: object) -> list[str]:
        page = await queries.elders(session, api.ListElders(**question), OFFICIAL, CONTEXT)
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
    await change(session, elder.elder_id, area_code=ELSEWHERE)

    page = await queries.elders(
        session, api.ListElders(name="懿", area_code="341182000000"), OFFICIAL, CONTEXT
    )

    assert [record.elder.elder_id for record in page.rows] == [elder.elder_id]


async def test_a_page_is_masked_and_goes_on_where_the_last_one_ended(session: Session):
    made = [(await an_elder(session)).elder_id for _ in range(3)]

    first = await queries.elders(session, api.ListElders(limit=2), OFFICIAL, CONTEXT)
    second = await queries.elders(
        session, api.ListElders(limit=2, after=first.next), OFFICIAL, CONTEXT
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

    page = await queries.elders(session, api.ListElders(), a_child_of(own.elder_id), CONTEXT)

    assert [record.elder.elder_id for record in page.rows] == [own.elder_id]
    with pytest.raises(NotFound):
        await queries.elder(
            session, api.GetElder(elder_id=other.elder_id), a_child_of(own.elder_id), CONTEXT
        )
