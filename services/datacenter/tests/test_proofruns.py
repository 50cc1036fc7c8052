"""Proofs as jobs: asked for once, watched, cancelled, and made although a process died."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio
from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter import months
from datacenter.proofruns.flows import running
from datacenter.proofruns.tables import ProofRun
from datacenter.testing.history import History
from datacenter.testing.records import dispatched, records
from datacenter.testing.villages import CITY
from devservers.postgres import execute
from kit.contracts.clock import Clock
from kit.contracts.refusals import Conflict, NotFound, Unavailable
from kit.db.store import Store
from testkit.running import Served

SERVICE = "eldercare.datacenter.v1.ProofRuns"
MONTH, COUNTY = "2026-03", "341102000000"
BEGIN = datetime(2026, 3, 1, 1, tzinfo=UTC)


@pytest_asyncio.fixture
async def city(served: Callable[..., Awaitable[Served]], clock: Clock) -> Served:
    service = await served("datacenter")
    clock.set(datetime(2026, 4, 1, tzinfo=UTC))
    return service


async def begin(city: Served, month: str = MONTH) -> pb.ProofRun:
    asked = pb.StartProof(area_code=CITY, month=month)
    run = await city.call(f"{SERVICE}/Start", asked, roles=("official",), area=CITY)
    assert isinstance(run, pb.ProofRun)
    return run


async def read(city: Served, run: pb.ProofRun) -> pb.ProofRun:
    found = await city.call(f"{SERVICE}/Get", pb.GetProofRun(run_id=run.run_id))
    assert isinstance(found, pb.ProofRun)
    return found


async def fill(store: Store) -> int:
    events = History(3, begin=BEGIN).grow(5).ordered()
    async with store.transaction() as session:
        await dispatched(session, list(records(events)))
    return len(events)


async def test_a_run_is_watched_to_its_proof(city: Served) -> None:
    events = await fill(city.store)
    run = await begin(city)
    waiting = await read(city, run)

    await running.work_off(city.store, None)

    done = await read(city, run)
    assert (waiting.state, waiting.events) == (pb.ProofRun.STATE_WAITING, 0)
    assert (done.state, done.events, done.of_events) == (pb.ProofRun.STATE_DONE, events, events)
    assert (done.proof.month, done.proof.events, len(done.proof.differences)) == (MONTH, events, 0)


async def test_who_asks_for_what_waits_gets_that_run_and_a_full_queue_refuses(
    city: Served,
) -> None:
    first = await begin(city)

    assert (await begin(city)).run_id == first.run_id
    for number in range(1, running.MOST_WAITING):
        await begin(city, month=months.text(months.of_text(MONTH) - number))
    with pytest.raises(Unavailable) as refused:
        await begin(city, month="2020-01")
    assert refused.value.retry_after_s == running.RETRY_S


async def test_a_run_that_waits_is_cancelled_and_one_that_has_ended_is_not(city: Served) -> None:
    run = await begin(city)
    command = pb.CancelProofRun(run_id=run.run_id)

    for _ in range(2):
        cancelled = await city.call(f"{SERVICE}/Cancel", command, roles=("official",), area=CITY)
        assert isinstance(cancelled, pb.ProofRun)
        assert cancelled.state == pb.ProofRun.STATE_CANCELLED
    await running.work_off(city.store, None)
    assert (await read(city, run)).state == pb.ProofRun.STATE_CANCELLED

    made = await begin(city)
    await running.work_off(city.store, None)
    command = pb.CancelProofRun(run_id=made.run_id)
    with pytest.raises(Conflict) as refused:
        await city.call(f"{SERVICE}/Cancel", command, roles=("official",), area=CITY)
    assert refused.value.reason == "RUN_ENDED"


async def test_a_run_that_is_cancelled_under_way_leaves_no_proof(city: Served) -> None:
    await fill(city.store)
    run = await begin(city)
    claimed = await running.claimed(city.store)
    assert claimed is not None

    async def cancelling(events: int) -> None:  # in another thread, as the recount of few events
        await execute(city.store.dsn, "update proof_run set state = 5")
        await running.beat(city.store.dsn, UUID(run.run_id), events)

    with pytest.raises(running.Cancelled):
        await running.made(city.store, claimed, None, cancelling)

    found = await read(city, run)
    assert (found.state, found.HasField("proof")) == (pb.ProofRun.STATE_CANCELLED, False)


async def test_a_run_whose_process_died_is_made_by_the_next(city: Served) -> None:
    run = await begin(city)
    assert await running.claimed(city.store) is not None  # and then that process dies
    assert await running.claimed(city.store) is None

    async with city.store.transaction() as session:
        row = await session.get_locked(ProofRun, UUID(run.run_id))
        row.beat_at = city.store.clock.real() - running.BEAT - timedelta(seconds=1)
    await running.work_off(city.store, None)

    assert (await read(city, run)).state == pb.ProofRun.STATE_DONE


async def test_a_county_sees_and_starts_its_own_runs_alone(city: Served) -> None:
    run = await begin(city)

    with pytest.raises(NotFound):
        await city.call(
            f"{SERVICE}/Get",
            pb.GetProofRun(run_id=run.run_id),
            roles=("official",),
            area=COUNTY,
        )
    whole = pb.StartProof(area_code=CITY, month=MONTH)
    with pytest.raises(NotFound):
        await city.call(f"{SERVICE}/Start", whole, roles=("official",), area=COUNTY)
    own = pb.StartProof(area_code=COUNTY, month=MONTH)
    started = await city.call(f"{SERVICE}/Start", own, roles=("official",), area=COUNTY)
    assert isinstance(started, pb.ProofRun)
    assert started.area_code == COUNTY
