"""The clock of one box and the sight of its parts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import pytest
import pytest_asyncio

from gateway import onebox
from kit.clock import Clock
from kit.service.management import Management, told

RESTING = {"ready": True, "emitted": 5, "outbox": 0, "lag": 0, "due": 0, "positions": [{"applied": 3}, {"applied": 4}]}


@pytest_asyncio.fixture
async def part() -> AsyncIterator[tuple[str, dict[str, object]]]:
    """A management port of the kit that tells what a test puts into the dictionary."""
    said: dict[str, object] = dict(RESTING)

    async def status() -> tuple[int, str, bytes]:
        return told(200, said)

    management = Management("127.0.0.1:0", {"/status": status})
    await management.start()
    yield f"http://127.0.0.1:{management.port}", said
    await management.stop()


@pytest_asyncio.fixture
async def box(part, clock: Clock, identity, opened) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as inside:
        yield await opened(onebox.routes(clock, identity, {"dispatch": part[0]}, inside))


@pytest.fixture
def operator(bearer: Callable[..., dict[str, str]]) -> dict[str, str]:
    return bearer("operator")


async def test_a_city_at_rest_is_quiet(box: httpx.AsyncClient, operator: dict[str, str]) -> None:
    answer = (await box.get("/onebox/quiet", headers=operator)).json()

    assert (answer["quiet"], answer["services"]["dispatch"]["applied"]) == (True, 7)


@pytest.mark.parametrize("busy", [{"outbox": 1}, {"lag": 2}, {"due": 1}, {"ready": False}])
async def test_a_city_at_work_is_quiet_only_when_it_has_ended(box, part, operator, busy: dict[str, object]) -> None:
    part[1].update(busy)
    asking = asyncio.create_task(box.get("/onebox/quiet", headers=operator))

    done, _ = await asyncio.wait([asking], timeout=0.3)
    part[1].update(RESTING)

    assert not done
    assert (await asyncio.wait_for(asking, 10)).json()["quiet"] is True


async def test_a_part_that_does_not_answer_is_not_ready(clock: Clock, identity, opened, operator) -> None:
    async with httpx.AsyncClient(trust_env=False) as inside:
        box = await opened(onebox.routes(clock, identity, {"dispatch": "http://127.0.0.1:9"}, inside))

        seen = (await box.get("/onebox/status", headers=operator)).json()

    assert seen["services"]["dispatch"]["ready"] is False


async def test_the_clock_moves_forward_only(box: httpx.AsyncClient, clock: Clock, operator: dict[str, str]) -> None:
    before = clock.now()
    later = (before + timedelta(hours=8)).isoformat()

    assert (await box.post("/onebox/clock", json={"now": later}, headers=operator)).json()["now"] == later
    refused = await box.post("/onebox/clock", json={"now": before.isoformat()}, headers=operator)

    assert (refused.status_code, refused.json()["reason"]) == (409, "CLOCK_MOVES_FORWARD")
    assert (await box.get("/onebox/clock", headers=operator)).json()["now"] == later == clock.now().isoformat()


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"{}", b'{"now": 5}', b'{"now": "tomorrow"}', b'{"now": "2036-03-01T08:00:00"}', b"\xff", b"[" * 10_000,
])
async def test_a_malformed_instant_is_refused(box: httpx.AsyncClient, clock: Clock, operator: dict[str, str], body: bytes) -> None:
    before = clock.now()

    refused = await box.post("/onebox/clock", content=body, headers=operator)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "now")
    assert clock.now() == before


@pytest.mark.parametrize(("verb", "path"), [("GET", "status"), ("GET", "quiet"), ("GET", "clock"), ("POST", "clock")])
async def test_only_operators_see_and_move(box: httpx.AsyncClient, bearer, verb: str, path: str) -> None:
    official = bearer("official", area="341100000000")

    assert (await box.request(verb, f"/onebox/{path}", headers=official)).status_code == 403
    assert (await box.request(verb, f"/onebox/{path}")).status_code == 401
