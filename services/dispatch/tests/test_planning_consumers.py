"""Bytes → dispatch → rows: which counties are planned."""

from dispatch.settings import GROUP
from dispatch.testing import BEGIN, COUNTY, ELSEWHERE, a_worker
from kit.contracts import ids
from testkit.delivery import deliver


async def test_a_county_with_a_worker_is_planned_every_evening_and_another_county_is_not(
    store, rows
):
    organisation_id = ids.new()

    await deliver(store, GROUP, *(a_worker(ids.new(), organisation_id) for _ in range(3)))
    await deliver(store, GROUP, a_worker(ids.new(), organisation_id))

    assert await rows("select kind, key, at from due") == [
        {"kind": "plan", "key": COUNTY, "at": BEGIN.replace(hour=10)}
    ]
    await deliver(store, GROUP, a_worker(ids.new(), organisation_id, area_code=ELSEWHERE))
    assert len(await rows("select from due")) == 2
