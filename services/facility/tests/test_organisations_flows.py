"""Organisations are registered, on a real PostgreSQL."""

import pytest

from facility.organisations import flows as organisations
from facility.organisations.errors import AreaUnknown, KnownAlready, WrongCheckCharacter
from facility.testing import CONTEXT, a_credit_code, an_official, an_organisation, organisation
from kit.contracts.refusals import NotFound, Refusal
from kit.db.store import Session


async def test_a_credit_code_is_registered_once(session: Session):
    code = a_credit_code()
    await organisation(session, credit_code=code)

    with pytest.raises(KnownAlready) as refused:
        await organisation(session, credit_code=code)
    assert refused.value.field == "credit_code"


async def test_a_code_whose_sum_is_a_multiple_of_31_is_right(session: Session):
    assert (
        await organisation(session, credit_code="91341100MA00002850")
    ).credit_code == "91341100MA00002850"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"credit_code": "91341100MA00002851"}, WrongCheckCharacter),
        ({"area_code": "341100000000"}, AreaUnknown),
        ({"area_code": "110101000000"}, AreaUnknown),
    ],
)
async def test_a_wrong_organisation_is_refused(
    session: Session, given: dict[str, str], refusal: type[Refusal]
):
    with pytest.raises(refusal):
        await organisation(session, **given)


async def test_an_official_registers_within_the_own_area_alone(session: Session):
    with pytest.raises(NotFound):
        await organisations.register(
            session, an_organisation(), an_official("341182000000"), CONTEXT
        )
