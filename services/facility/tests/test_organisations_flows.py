"""Organisations are registered, on a real PostgreSQL."""

import pytest

from facility.organisations import flows as organisations
from facility.organisations.errors import (
    AreaUnknown,
    KindUnlikeCode,
    KnownAlready,
    NoAreaOfRegistration,
    NoSuchAuthority,
    WrongCheckCharacter,
)
from facility.organisations.rules import OrganisationKind
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
        # the last character is right, that of the organisation code inside is not
        ({"credit_code": "91341100MA0000284W"}, WrongCheckCharacter),
        ({"credit_code": a_credit_code(head="00")}, NoSuchAuthority),
        ({"credit_code": a_credit_code(head="99")}, NoSuchAuthority),
        ({"credit_code": "913411A0MA00002850"}, NoAreaOfRegistration),
        ({"area_code": "341100000000"}, AreaUnknown),
        ({"area_code": "110101000000"}, AreaUnknown),
    ],
)
async def test_a_wrong_organisation_is_refused(
    session: Session, given: dict[str, str], refusal: type[Refusal]
):
    with pytest.raises(refusal):
        await organisation(session, **given)


PUBLIC, NON_PROFIT, ENTERPRISE = OrganisationKind
KINDS = {
    **dict.fromkeys(("11", "12", "13", "19", "A1", "A9"), (PUBLIC,)),
    **dict.fromkeys(("51", "52", "53", "71", "81"), (NON_PROFIT,)),
    **dict.fromkeys(("91", "92", "93", "N1", "N2", "N3"), (ENTERPRISE,)),
    **dict.fromkeys(("54", "55", "Y1", "31"), (PUBLIC, NON_PROFIT, ENTERPRISE)),
}


@pytest.mark.parametrize("head", KINDS)
async def test_a_code_belongs_to_organisations_of_its_kind(session: Session, head: str):
    for kind in OrganisationKind:
        given = {"credit_code": a_credit_code(head=head), "kind": kind}
        if kind in KINDS[head]:
            assert (await organisation(session, **given)).kind == kind
            continue
        with pytest.raises(KindUnlikeCode) as refused:
            await organisation(session, **given)
        assert refused.value.field == "kind"


async def test_an_official_registers_within_the_own_area_alone(session: Session):
    with pytest.raises(NotFound):
        await organisations.register(
            session, an_organisation(), an_official("341182000000"), CONTEXT
        )
