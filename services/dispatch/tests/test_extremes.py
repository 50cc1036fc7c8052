"""Events at the ends of what is accepted: bytes → dispatch → rows."""

import pytest

from dispatch.settings import GROUP
from dispatch.testing import a_worker, an_elder, an_organisation
from kit.contracts import ids
from kit.contracts.modules import import_all
from testkit.delivery import deliver
from testkit.extremes import ENDS, LAST, moved

import_all("dispatch", "consumers")


@pytest.mark.parametrize(("day", "at"), ENDS)
@pytest.mark.parametrize("late", [False, True])
async def test_what_lies_at_the_ends_of_what_is_accepted_is_applied(
    store, clock, rows, day, at, late
):
    if late:
        clock.set(LAST)
    elder_id, organisation_id, worker_id = ids.new(), ids.new(), ids.new()
    events = [
        an_elder(elder_id),
        an_organisation(organisation_id),
        a_worker(worker_id, organisation_id),
        an_elder(elder_id, died_on=day),
        a_worker(worker_id, organisation_id, status=2),
    ]

    assert await deliver(
        store, GROUP, *(moved(event, day, at) for event in events), careful=True
    ) == {"applied": 5}
    assert [
        row["status"]
        for row in await rows("select status from worker union all select status from elder")
    ] == [2, 2]
