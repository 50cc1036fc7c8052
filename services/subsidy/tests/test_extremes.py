"""Events at the ends of what is accepted: bytes → dispatch → rows."""

from datetime import date, timedelta

import pytest

from kit.contracts import ids
from subsidy.replicas.rules import Hardship, Status
from subsidy.settings import GROUP
from subsidy.testing import (
    a_cancellation,
    a_refused_audit,
    an_approval,
    an_audit,
    an_elder,
    an_order,
    an_organisation,
)
from testkit.delivery import deliver, fire
from testkit.extremes import ENDS, LAST, moved


@pytest.mark.parametrize(("day", "at"), ENDS)
@pytest.mark.parametrize("late", [False, True])
async def test_what_lies_at_the_ends_of_what_is_accepted_is_applied(
    city, clock, rows, day, at, late
):
    if late:
        clock.set(LAST)
    elder_id, order_id, other, organisation_id = ids.new(), ids.new(), ids.new(), ids.new()
    visited_on, today = date.fromisoformat(day), clock.today()
    held = [
        an_elder(elder_id, hardships=[Hardship.DIBAO]),
        an_organisation(organisation_id),
        an_approval(elder_id, valid_from=today, valid_to=today + timedelta(days=300)),
        an_order(order_id, elder_id, 5000, wanted_from=clock.now()),
    ]
    moved_events = [
        an_order(other, elder_id, 5000),
        a_cancellation(other, elder_id),
        a_refused_audit(other, elder_id, organisation_id, 5000),
        an_audit(order_id, elder_id, organisation_id, 5000, visited_on=visited_on),
        an_approval(elder_id),
        an_elder(ids.new()),
        an_organisation(ids.new()),
        an_elder(elder_id, status=Status.DEAD, died_on=visited_on),
    ]

    assert await deliver(city, GROUP, *held, careful=True) == {"applied": 4}
    assert await deliver(
        city, GROUP, *(moved(event, day, at) for event in moved_events), careful=True
    ) == {"applied": 8}
    assert [row["visited_on"] for row in await rows("select visited_on from debt")] == [visited_on]
    if not late:  # else the runs of all months until then would be made first
        assert await fire(city, GROUP) > 0
