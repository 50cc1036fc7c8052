"""Policies that are published."""

import asyncio
import json
from datetime import date

from eldercare.subsidy.v1 import events_pb2 as events

from kit.contracts import ids
from kit.messaging import snapshots
from subsidy.__main__ import begin
from subsidy.policies import flows
from subsidy.replicas.rules import History, Residence, Status
from subsidy.settings import GROUP
from subsidy.snapshots import SNAPSHOT_SOURCES
from subsidy.testing import VILLAGE, an_approval, an_elder, messages
from testkit.delivery import deliver, fire

VERSIONS = [(code, first) for code in flows.codes() for first in flows.versions(code)]


async def test_what_begins_twice_is_published_once(city, rows):
    before = await rows("select topic from outbox")

    await begin(city)

    assert before == [{"topic": "eldercare.policy.v1"}] * len(VERSIONS)
    assert await rows("select topic from outbox") == before


async def test_replicas_that_begin_at_the_same_time_publish_once(store, rows):
    await asyncio.gather(*(begin(store) for _ in range(4)))

    published = await rows("select topic from outbox")
    assert published == [{"topic": "eldercare.policy.v1"}] * len(VERSIONS)


async def test_a_new_version_of_a_policy_is_published_once_and_reviews_everybody(city, rows):
    elder_id = ids.new()
    await deliver(city, GROUP, an_elder(elder_id), an_approval(elder_id))
    await fire(city, GROUP)
    async with city.transaction() as session:
        await (await session.driver()).execute(
            "update policy set monthly_cap_fen = 1 where policy_code = 'national-voucher'"
        )
        await (await session.driver()).execute("update entitlement set monthly_fen = 1")

    async with city.transaction() as session:
        assert await flows.publish(session) == 1
    await fire(city, GROUP)

    assert await rows(
        "select monthly_cap_fen, version from policy where policy_code = 'national-voucher'"
    ) == [
        {"monthly_cap_fen": 80000, "version": 2},
    ]
    assert await rows("select monthly_fen from entitlement") == [{"monthly_fen": 80000}]
    assert [one.monthly_fen for one in await messages(rows, events.EntitlementChanged)] == [80000]


async def test_policies_are_republished_at_the_version_they_have(city, rows):
    source = SNAPSHOT_SOURCES["policy"]

    assert await snapshots.republish(city, source, at_once=1, pause_s=0) == len(VERSIONS)

    sequences = [
        json.loads(row["headers"])["ce_sequence"]
        for row in await rows("select headers from outbox")
    ]
    assert [int(sequence) for sequence in sequences] == [1] * 2 * len(VERSIONS)


def test_a_policy_concerns_those_who_live_or_lived_in_its_area():
    home, gone = (Residence(None, code, Status.ALIVE) for code in (VILLAGE, "500103001001"))
    of_the_city = [code for code in flows.codes() if not code.startswith("yuzhong-")]

    assert flows.concerning(History([home])) == of_the_city
    assert flows.concerning(History([gone])) == sorted(set(flows.codes()) - set(of_the_city))
    assert flows.concerning(History([gone, home])) == list(flows.codes())


def test_an_age_of_a_policy_of_elsewhere_is_no_day_to_look_at():
    home, there = (Residence(None, code, Status.ALIVE) for code in (VILLAGE, "500103001001"))
    born_on = date(1946, 5, 1)

    assert flows.next_change(History([home], born_on=born_on), date(2026, 3, 1)) is None
    day = flows.next_change(History([there], born_on=born_on), date(2026, 3, 1))
    assert day == date(2026, 5, 1)


def test_a_standards_file_that_names_a_kind_is_a_policy_and_no_other_one():
    assert {"home-care", "national-voucher"} <= set(flows.codes())
    assert "payment" not in flows.codes()
