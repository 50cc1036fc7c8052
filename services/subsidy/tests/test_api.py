"""What callers read over a real gRPC channel: their own rows, and NOT_FOUND for everybody
else's.
"""

import base64
import os
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import pytest_asyncio
from eldercare.subsidy.v1 import api_pb2 as pb
from pydantic import SecretStr

from kit.contracts import ids
from kit.contracts.refusals import Denied, Malformed, NotFound
from kit.db.personal import KeyRing
from kit.rpc.client import Client
from kit.rpc.server import Server
from kit.security.identity import Identity
from subsidy.__main__ import servicers
from subsidy.policies import flows as policies
from subsidy.replicas.rules import Hardship
from subsidy.settings import GROUP
from subsidy.testing import an_approval, an_audit, an_elder, an_order, an_organisation
from testkit.delivery import deliver, fire

SERVICE = "eldercare.subsidy.v1"


def a_key() -> SecretStr:
    return SecretStr(f"1:{base64.b64encode(os.urandom(32)).decode()}")


@pytest_asyncio.fixture
async def client(city, issuer) -> AsyncIterator[Client]:
    city.vault = KeyRing(a_key(), a_key())
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    server = Server(servicers(None), store=city, identity=identity)
    await server.start()
    await server.ready(True)
    client = Client(f"127.0.0.1:{server.port}")
    yield client
    await client.close()
    await server.drain(grace_s=1)
    await identity.close()


@pytest.fixture
def official(issuer) -> str:
    return issuer.token(("official",), area="341102000000")


@pytest.fixture
def stranger(issuer) -> str:
    return issuer.token(("official",), area="341103000000")


@pytest_asyncio.fixture
async def elder_id(city) -> str:
    elder = ids.new()
    await deliver(city, GROUP, an_elder(elder, hardships=[Hardship.DIBAO]), an_approval(elder, 3))
    return str(elder)


async def the_voucher_entitlement(client, token) -> pb.Entitlement:
    page = await client.call(
        f"{SERVICE}.Entitlements/List",
        pb.ListEntitlements(policy_code="national-voucher"),
        token=token,
    )
    return page.rows[0]


async def test_an_official_reads_and_explains_what_lies_in_the_area(client, elder_id, official):
    entitlement = await the_voucher_entitlement(client, official)

    request = pb.GetEntitlement(entitlement_id=entitlement.entitlement_id)
    got = await client.call(f"{SERVICE}.Entitlements/Get", request, token=official)
    explanation = await client.call(f"{SERVICE}.Entitlements/Explain", request, token=official)

    assert got == entitlement == explanation.entitlement
    assert (got.elder_id, got.state, got.valid_from, got.HasField("valid_to")) == (
        elder_id,
        pb.Entitlement.STATE_OPEN,
        "2026-03-01",
        False,
    )
    assert [(step.rule, step.fact, step.holds) for step in explanation.steps] == [
        ("alive and living in the city", "status = ALIVE", True),
        ("lives in 341100000000", "area = 341102001001", True),
        ("level ≥ 2", "level = 3", True),
        ("hardship is not TEKUN", "hardship = DIBAO", True),
        ("amount is the cap", "80000 fen a month", True),
    ]
    assert "民办函〔2025〕49号" in explanation.steps[2].source


@pytest.mark.parametrize("method", ["Get", "Explain", "Refuse", "Reapply"])
async def test_an_official_of_another_area_finds_nothing(
    client, elder_id, official, stranger, method
):
    entitlement_id = (await the_voucher_entitlement(client, official)).entitlement_id
    kind = {"Refuse": pb.RefuseEntitlement, "Reapply": pb.ReapplyForEntitlement}.get(
        method, pb.GetEntitlement
    )

    with pytest.raises(NotFound):
        await client.call(
            f"{SERVICE}.Entitlements/{method}",
            kind(entitlement_id=entitlement_id),
            token=stranger,
            key="1",
        )


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("Entitlements/List", pb.ListEntitlements()),
        ("Vouchers/List", pb.ListVouchers()),
        ("Payments/List", pb.ListPayments()),
        ("Entitlements/List", pb.ListEntitlements(area_code="341102000000")),
        ("Vouchers/List", pb.ListVouchers(area_code="341102001001")),
    ],
)
async def test_lists_hold_nothing_of_another_area(
    client, elder_id, official, stranger, city, at, method, request_
):
    at("2026-03-10 00:00")
    await fire(city, GROUP)

    own = await client.call(f"{SERVICE}.{method}", request_, token=official)
    foreign = await client.call(f"{SERVICE}.{method}", request_, token=stranger)

    assert len(own.rows) > 0
    assert len(foreign.rows) == 0


async def test_an_elder_sees_and_refuses_the_own_entitlement_once_however_often_asked(
    client, elder_id, issuer, rows
):
    own = issuer.token(("elder",), elder_ids=[elder_id])
    entitlement_id = (await the_voucher_entitlement(client, own)).entitlement_id
    request = pb.RefuseEntitlement(entitlement_id=entitlement_id)

    first = await client.call(f"{SERVICE}.Entitlements/Refuse", request, token=own, key="mine")
    again = await client.call(f"{SERVICE}.Entitlements/Refuse", request, token=own, key="mine")

    assert first == again
    assert await rows(
        "select state, version from entitlement where policy_code = 'national-voucher'"
    ) == [{"state": 2, "version": 2}]


async def test_only_services_reserve(client, elder_id, issuer, official):
    order_id = str(ids.new())
    request = pb.ReserveVoucher(
        order_id=order_id, elder_id=elder_id, month="2026-03", price_fen=12001
    )

    with pytest.raises(Denied):
        await client.call(f"{SERVICE}.Vouchers/Reserve", request, token=official, key=order_id)
    held = await client.call(
        f"{SERVICE}.Vouchers/Reserve", request, token=issuer.service_token("dispatch"), key=order_id
    )
    none = await client.call(
        f"{SERVICE}.Vouchers/Reserve",
        pb.ReserveVoucher(
            order_id=str(ids.new()), elder_id=str(ids.new()), month="2026-03", price_fen=100
        ),
        token=issuer.service_token("dispatch"),
        key="2",
    )

    assert (held.order_id, held.reserved_fen) == (order_id, 6001)
    assert (none.voucher_id, none.reserved_fen) == ("", 0)


async def test_a_provider_sees_its_own_payments_alone(client, elder_id, issuer, city, at):
    organisation_id = ids.new()
    order_id = ids.new()
    whose = UUID(elder_id)
    visit = [an_order(order_id, whose, 5000), an_audit(order_id, whose, organisation_id, 5000)]
    await deliver(city, GROUP, an_organisation(organisation_id), *visit)
    at("2026-03-10 00:00")
    await fire(city, GROUP)

    asked = pb.ListPayments()
    own = await client.call(
        f"{SERVICE}.Payments/List",
        asked,
        token=issuer.token(("provider",), organisation_id=str(organisation_id)),
    )
    other = await client.call(
        f"{SERVICE}.Payments/List",
        asked,
        token=issuer.token(("provider",), organisation_id=str(ids.new())),
    )

    assert [(row.paid_fen, row.settlements, row.elder_id) for row in own.rows] == [(5000, 1, "")]
    assert len(other.rows) == 0


async def test_the_balance_of_an_area_is_equal_on_both_sides_and_closed_to_strangers(
    client, elder_id, official, stranger
):
    balance = await client.call(
        f"{SERVICE}.Ledger/Balance", pb.GetBalance(area_code="341102000000"), token=official
    )

    assert balance.debit_fen == balance.credit_fen == 80000
    assert {one.account: one.debit_fen - one.credit_fen for one in balance.accounts} == {
        "fund": -80000,
        "issued": 80000,
        "held": 0,
        "owed": 0,
        "paid": 0,
        "lapsed": 0,
        "claims": 0,
        "waived": 0,
    }
    assert (
        await client.call(f"{SERVICE}.Ledger/Balance", pb.GetBalance(), token=stranger)
    ).debit_fen == 0
    with pytest.raises(NotFound):
        await client.call(
            f"{SERVICE}.Ledger/Balance", pb.GetBalance(area_code="341102000000"), token=stranger
        )


async def test_policies_are_open_to_every_caller(client, issuer):
    page = await client.call(
        f"{SERVICE}.Policies/List", pb.ListPolicies(), token=issuer.token(("worker",))
    )

    terms = {
        row.policy_code: (row.monthly_cap_fen, row.HasField("home_share")) for row in page.rows
    }
    assert list(terms) == list(policies.codes())
    assert terms["home-care"] == (26000, False)
    assert terms["national-voucher"] == (80000, True)


async def test_pages_follow_each_other(client, city, official):
    for _ in range(5):
        elder = ids.new()
        await deliver(city, GROUP, an_elder(elder), an_approval(elder))

    seen, after = [], ""
    while True:
        page = await client.call(
            f"{SERVICE}.Vouchers/List", pb.ListVouchers(limit=2, after=after), token=official
        )
        seen += [row.voucher_id for row in page.rows]
        after = page.next
        if not after:
            break

    assert len(seen) == len(set(seen)) == 5


async def test_a_malformed_question_names_its_field(client, official):
    with pytest.raises(Malformed) as refused:
        await client.call(
            f"{SERVICE}.Vouchers/List", pb.ListVouchers(month="March"), token=official
        )

    assert refused.value.field == "month"
