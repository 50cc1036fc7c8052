"""The clock of one box and the sight of its parts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from gateway.onebox import api as onebox
from gateway.onebox.parts import Parts
from kit.contracts.clock import Clock
from kit.runtime.management import Management, json_answer

RESTING = {
    "ready": True,
    "emitted": 5,
    "outbox": 0,
    "lag": 0,
    "due": 0,
    "parked": 0,
    "held": 0,
    "waiting": 0,
    "positions": [{"applied": 3}, {"applied": 4}],
}


@pytest.fixture
def looks() -> list[None]:
    """One entry for each time that the part was asked."""
    return []


@pytest_asyncio.fixture
async def part(looks: list[None]) -> AsyncIterator[tuple[str, dict[str, object]]]:
    """a management port of the kit that answers what a test puts into the dictionary."""
    state: dict[str, object] = dict(RESTING)

    async def status() -> tuple[int, str, bytes]:
        looks.append(None)
        return json_answer(200, state)

    management = Management("127.0.0.1:0", {"/status": status})
    await management.start()
    yield f"http://127.0.0.1:{management.port}", state
    await management.stop()


@pytest_asyncio.fixture
async def box(part, clock: Clock, identity, opened) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, verify=False) as inside:
        parts = Parts({"dispatch": part[0]}, inside)
        yield await opened(onebox.routes(clock, identity, parts), identity=identity)


@pytest.fixture
def operator(bearer: Callable[..., dict[str, str]]) -> dict[str, str]:
    return bearer("operator")


async def test_a_city_at_rest_is_quiet(box: httpx.AsyncClient, operator: dict[str, str]) -> None:
    answer = (await box.get("/onebox/quiet", headers=operator)).json()

    assert (answer["quiet"], answer["services"]["dispatch"]["applied"]) == (True, 7)


@pytest.mark.parametrize("busy", [{"outbox": 1}, {"lag": 2}, {"due": 1}, {"ready": False}])
async def test_a_city_at_work_is_quiet_only_when_it_has_ended(
    box, part, operator, busy: dict[str, object]
) -> None:
    part[1].update(busy)
    asking = asyncio.create_task(box.get("/onebox/quiet", headers=operator))

    done, _ = await asyncio.wait([asking], timeout=0.3)
    part[1].update(RESTING)

    assert not done
    assert (await asyncio.wait_for(asking, 10)).json()["quiet"] is True


async def test_who_is_at_work_for_longer_is_asked_less_often(
    box, part, operator, looks: list[None]
) -> None:
    part[1].update(lag=1)
    asking = asyncio.create_task(box.get("/onebox/quiet", headers=operator))

    await asyncio.wait([asking], timeout=1.0)
    asked = len(looks)
    part[1].update(RESTING)
    await asyncio.wait_for(asking, 10)

    # the first look, then after 0.03, 0.07, 0.12, 0.19, 0.27, 0.38, 0.53, 0.71 and 0.96 s
    assert asked <= 10


@pytest.mark.parametrize("name", ["lag", "outbox", "due", "ready"])
@pytest.mark.parametrize("is_null", [False, True])
async def test_a_city_is_not_quiet_while_a_part_does_not_tell_what_is_left(
    box, part, operator, name: str, is_null: bool
) -> None:
    if is_null:
        part[1][name] = None  # as the lag while Kafka has not answered
    else:
        del part[1][name]  # as all of them while the database does not answer
    asking = asyncio.create_task(box.get("/onebox/quiet", headers=operator))

    done, _ = await asyncio.wait([asking], timeout=0.3)
    part[1].update(RESTING)

    assert not done
    assert (await asyncio.wait_for(asking, 10)).json()["quiet"] is True


@pytest.mark.parametrize("path", ["quiet", "status"])
async def test_parked_records_are_summed_and_unknown_where_a_part_does_not_count_them(
    box, part, operator, path: str
) -> None:
    async def unapplied() -> list[object]:
        answer = (await box.get(f"/onebox/{path}", headers=operator)).json()
        return [answer[name] for name in ("parked", "held", "waiting")]

    part[1].update(parked=2, held=3)
    assert await unapplied() == [2, 3, 0]
    del part[1]["parked"]
    assert await unapplied() == [None, 3, 0]


async def test_a_part_that_does_not_answer_is_not_ready(
    clock: Clock, identity, opened, operator
) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=False) as inside:
        box = await opened(
            onebox.routes(clock, identity, Parts({"dispatch": "http://127.0.0.1:9"}, inside))
        )

        seen = (await box.get("/onebox/status", headers=operator)).json()

    assert seen["services"]["dispatch"]["ready"] is False


async def test_the_clock_moves_forward_only(
    box: httpx.AsyncClient, clock: Clock, operator: dict[str, str]
) -> None:
    before = clock.now()
    later = (before + timedelta(hours=8)).isoformat()

    assert (await box.post("/onebox/clock", json={"now": later}, headers=operator)).json()[
        "now"
    ] == later
    refused = await box.post("/onebox/clock", json={"now": before.isoformat()}, headers=operator)

    assert (refused.status_code, refused.json()["reason"]) == (409, "CLOCK_MOVES_FORWARD")
    assert (
        (await box.get("/onebox/clock", headers=operator)).json()["now"]
        == later
        == clock.now().isoformat()
    )


NO_OBJECTS = (b"{", b"[]", b"\xff", b"[" * 100_000, b'{"now": ' * 50_000)


@pytest.mark.parametrize(
    "body",
    [
        *NO_OBJECTS,
        b"",
        b"{}",
        b'{"now": 5}',
        b'{"now": "tomorrow"}',
        b'{"now": "2036-03-01T08:00:00"}',
        b'{"now": 1e400}',
        b'{"now": 1' + b"0" * 400 + b"}",
        b'{"now": 1' + b"0" * 9000 + b"}",
        b'{"now": "\\ud800"}',
        b'{"now": "2026-03-02T08:00:00\\udfff"}',
        b'{"now": NaN}',
        b'{"now": "10000-01-01T00:00:00+08:00"}',
        b'{"now": "9999-12-31T23:59:59-14:00"}',
        b'{"now": "2027-03-04T09:00:01+08:00"}',
        b'{"now": "2099-03-02T09:00:00+08:00"}',
    ],
)
async def test_a_malformed_instant_is_refused(
    box: httpx.AsyncClient, clock: Clock, operator: dict[str, str], body: bytes
) -> None:
    before = clock.now()

    refused = await box.post("/onebox/clock", content=body, headers=operator)

    field = "body" if body in NO_OBJECTS else "now"
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, field)
    assert clock.now() == before


async def test_the_clock_is_moved_by_a_year_at_most_and_up_to_the_last_day(
    clock_at, identity, opened, operator
) -> None:
    begin = datetime(2199, 6, 1, tzinfo=UTC)
    clock = clock_at(begin)
    async with httpx.AsyncClient(trust_env=False, verify=False) as inside:
        box = await opened(onebox.routes(clock, identity, Parts({}, inside)))

        refused = [
            await box.post("/onebox/clock", json={"now": at.isoformat()}, headers=operator)
            for at in (
                datetime(2200, 1, 1, tzinfo=UTC),
                begin + timedelta(days=366, microseconds=1),
            )
        ]
        moved = await box.post(
            "/onebox/clock", json={"now": "2199-12-31T23:59:59+00:00"}, headers=operator
        )

    assert [(answer.status_code, answer.json()["errors"]) for answer in refused] == [
        (422, [{"field": "now", "rule": "does not lie behind 2199-12-31", "code": "NOT_BEHIND"}]),
        (
            422,
            [
                {
                    "field": "now",
                    "rule": "is at most 366 days after 2199-06-01T00:00:00+00:00",
                    "code": "A_YEAR_AT_MOST",
                }
            ],
        ),
    ]
    assert moved.status_code == 200


async def test_the_last_move_is_taken_back_while_nothing_has_happened(
    box: httpx.AsyncClient, clock: Clock, operator
) -> None:
    before = clock.now()
    none = await box.delete("/onebox/clock", headers=operator)
    await box.post(
        "/onebox/clock", json={"now": (before + timedelta(days=300)).isoformat()}, headers=operator
    )
    await box.post(
        "/onebox/clock", json={"now": clock.now().isoformat()}, headers=operator
    )  # moves nothing

    back = await box.delete("/onebox/clock", headers=operator)
    again = await box.delete("/onebox/clock", headers=operator)

    assert (back.status_code, back.json()["now"]) == (200, before.isoformat())
    assert clock.now() == before
    assert [(answer.status_code, answer.json()["reason"]) for answer in (none, again)] == [
        (409, "CLOCK_STAYS")
    ] * 2


@pytest.mark.parametrize(
    "happened", [{"emitted": 6}, {"positions": [{"applied": 8}]}, {"epoch": "another process"}]
)
async def test_a_move_stays_once_something_has_happened(
    box, part, clock: Clock, operator, happened: dict[str, object]
) -> None:
    after = clock.now() + timedelta(days=300)
    await box.post("/onebox/clock", json={"now": after.isoformat()}, headers=operator)
    part[1].update(happened)

    refused = await box.delete("/onebox/clock", headers=operator)

    assert (refused.status_code, refused.json()["reason"]) == (409, "CLOCK_STAYS")
    assert clock.now() == after


async def test_a_move_stays_where_a_part_does_not_answer_or_the_clock_was_moved_by_another(
    box,
    part,
    clock: Clock,
    identity,
    opened,
    operator,
) -> None:
    async with httpx.AsyncClient(trust_env=False, verify=False) as inside:
        alone = await opened(
            onebox.routes(clock, identity, Parts({"dispatch": "http://127.0.0.1:9"}, inside))
        )
        await alone.post(
            "/onebox/clock",
            json={"now": (clock.now() + timedelta(hours=1)).isoformat()},
            headers=operator,
        )
        silent = await alone.delete("/onebox/clock", headers=operator)
    await box.post(
        "/onebox/clock",
        json={"now": (clock.now() + timedelta(hours=1)).isoformat()},
        headers=operator,
    )
    after = clock.set(clock.now() + timedelta(hours=1))

    elsewhere = await box.delete("/onebox/clock", headers=operator)

    assert (silent.status_code, elsewhere.status_code) == (409, 409)
    assert clock.now() == after


@pytest.mark.parametrize(
    ("verb", "path"),
    [("GET", "status"), ("GET", "quiet"), ("GET", "clock"), ("POST", "clock"), ("DELETE", "clock")],
)
async def test_only_operators_see_and_move(
    box: httpx.AsyncClient, bearer, verb: str, path: str
) -> None:
    official = bearer("official", area="341100000000")

    assert (await box.request(verb, f"/onebox/{path}", headers=official)).status_code == 403
    assert (await box.request(verb, f"/onebox/{path}")).status_code == 401
