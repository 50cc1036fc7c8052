"""Bytes → dispatch → rows: what is kept of others."""

from dispatch.settings import GROUP
from dispatch.testing import BEGIN, a_worker, an_elder, an_organisation
from kit.contracts import ids
from testkit.delivery import a_record, deliver, deliver_records


async def test_what_others_publish_is_kept_as_far_as_it_is_needed(store, rows):
    elder_id, organisation_id, worker_id = ids.new(), ids.new(), ids.new()

    dispositions = await deliver(
        store,
        GROUP,
        an_elder(elder_id),
        an_organisation(organisation_id),
        a_worker(worker_id, organisation_id, skills=[2, 3]),
    )

    assert dispositions == {"applied": 3}
    assert await rows("select elder_id, living, status from elder") == [
        {"elder_id": elder_id, "living": 1, "status": 1}
    ]
    assert await rows("select home_services, lon from organisation") == [
        {"home_services": True, "lon": 118.3}
    ]
    assert await rows("select skills, shift_from_min from worker") == [
        {"skills": [2, 3], "shift_from_min": 480}
    ]


async def test_an_older_state_of_a_worker_changes_nothing(store, rows):
    worker_id, organisation_id = ids.new(), ids.new()
    older = a_record(a_worker(worker_id, organisation_id), BEGIN)
    await deliver(store, GROUP, a_worker(worker_id, organisation_id, status=2))

    await deliver_records(store, GROUP, [older])

    assert await rows("select status from worker") == [{"status": 2}]
