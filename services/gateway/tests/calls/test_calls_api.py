"""Routes over a real service: HTTP in, gRPC, PostgreSQL, and back."""

import csv
import io
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import pytest_asyncio
from eldercare.assessment.v1 import api_pb2

from gateway.calls import api as calls
from gateway.contracts import transcode
from kit.contracts import areas, numbers
from kit.rpc.client import Client
from testkit.delivery import fire
from testkit.running import Served

CITY, ELSEWHERE = "341100000000", "341181000000"
HOME = next(area.code for area in areas.load().within("341102000000", areas.COMMUNITY))


@pytest_asyncio.fixture
async def assessment(served: Callable[..., Any]) -> Served:
    service: Served = await served("assessment")
    return service


@pytest_asyncio.fixture
async def http(assessment: Served, identity, opened) -> AsyncIterator[httpx.AsyncClient]:
    client = Client(assessment.address)
    yield await opened(calls.routes({"assessment": client}, identity))
    await client.close()


@pytest.fixture
def official(bearer: Callable[..., dict[str, str]]) -> dict[str, str]:
    return bearer("official", area=CITY)


def an_elder(serial: int = 1, **given: Any) -> dict[str, Any]:
    digits = f"34110219500101{serial:03}"
    return {
        "name": "李小明",
        "id_number": digits + numbers.resident_check(digits),
        "phone": "13800000001",
        "address": "琅琊路1号",
        "area_code": HOME,
        "living": "LIVING_ALONE",
        "local_register": True,
    } | given


async def register(
    http: httpx.AsyncClient, caller: dict[str, str], key: str | None = None, **given: Any
) -> httpx.Response:
    return await http.post(
        "/v1/elders",
        json=an_elder(**given),
        headers=caller | {"Idempotency-Key": key or str(uuid.uuid4())},
    )


async def test_what_was_written_is_read_at_once(
    http: httpx.AsyncClient, official: dict[str, str]
) -> None:
    elder = (await register(http, official)).json()["elder"]

    read = await http.get(f"/v1/elders/{elder['elder_id']}", headers=official)

    assert (read.status_code, read.json()["elder"], read.json()["name"]) == (200, elder, "李**")
    page = (
        await http.get("/v1/elders", params={"area_code": CITY, "limit": 5}, headers=official)
    ).json()
    assert [row["elder"]["elder_id"] for row in page["rows"]] == [elder["elder_id"]]


async def test_a_change_over_what_somebody_else_has_changed_since_is_refused(
    http: httpx.AsyncClient, official: dict[str, str]
) -> None:
    elder_id = (await register(http, official)).json()["elder"]["elder_id"]
    read = await http.get(f"/v1/elders/{elder_id}", headers=official)

    async def change(match: str, **body: Any) -> httpx.Response:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return await http.post(
            f"/v1/elders/{elder_id}:change", json=body, headers=official | key | {"If-Match": match}
        )

    first = await change(read.headers["etag"], living="LIVING_WITH_FAMILY")
    second = await change(read.headers["etag"], living="LIVING_ALONE")

    assert (read.headers["etag"], first.status_code) == ('"1"', 200)
    assert (second.status_code, second.json()["reason"]) == (412, "OUTDATED")
    assert second.json()["facts"] == {"version": "2"}
    assert (await change("*", living="LIVING_ALONE")).status_code == 200
    for wrong in ("1", 'W/"1"', '"1", "2"', '"0"', '"x"'):
        refused = await change(wrong, living="LIVING_ALONE")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "If-Match")


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ("Authorization", ("Bearer x", "Bearer y")),
        ("Idempotency-Key", ("a key of eight", "another key")),
        ("If-Match", ('"1"', '"2"')),
        ("channel", ("portal", "hotline")),
        ("Content-Type", ("application/json", "text/plain")),
        ("Content-Encoding", ("identity", "gzip")),
        ("Content-Encoding", ("gzip",)),
    ],
)
async def test_a_header_that_may_be_read_in_two_ways_is_refused(
    http: httpx.AsyncClient, official: dict[str, str], header: str, values: tuple[str, ...]
) -> None:
    given = official | {"Idempotency-Key": str(uuid.uuid4())}
    given = {name: value for name, value in given.items() if name != header}

    refused = await http.post(
        "/v1/elders",
        content=json.dumps(an_elder()),
        headers=[*given.items(), *((header, value) for value in values)],
    )

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, header)


async def test_a_write_without_a_key_is_refused(
    http: httpx.AsyncClient, official: dict[str, str]
) -> None:
    for headers in (
        official,
        official | {"Idempotency-Key": "short"},
        official | {"Idempotency-Key": "k" * 129},
    ):
        refused = await http.post("/v1/elders", json=an_elder(), headers=headers)

        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (
            422,
            "Idempotency-Key",
        )


async def test_the_same_key_gives_the_same_answer_and_another_body_is_refused(
    http: httpx.AsyncClient, official: dict[str, str]
) -> None:
    first = await register(http, official, "key-of-a-person")
    again = await register(http, official, "key-of-a-person")
    other = await register(http, official, "key-of-a-person", serial=2)

    assert (first.status_code, again.content) == (200, first.content)
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, "idempotency-replayed" in other.headers) == (409, False)
    assert (await http.get("/v1/elders", headers=official)).json()["next"] == ""
    assert len((await http.get("/v1/elders", headers=official)).json()["rows"]) == 1


async def test_a_refusal_names_field_and_reason(
    http: httpx.AsyncClient, official: dict[str, str]
) -> None:
    await register(http, official)

    known = await register(http, official)
    wrong = await register(http, official, name="")

    assert (known.status_code, known.json()["reason"], known.json()["errors"][0]["field"]) == (
        409,
        "KNOWN_ALREADY",
        "id_number",
    )
    assert (wrong.status_code, wrong.json()["reason"], wrong.json()["errors"][0]["field"]) == (
        422,
        "MALFORMED",
        "name",
    )
    assert known.headers["content-type"] == "application/problem+json"
    assert known.json()["type"] == "/problems/known-already"


async def test_a_stranger_sees_nothing_and_nobody_nothing_at_all(
    http: httpx.AsyncClient, official, bearer
) -> None:
    elder_id = (await register(http, official)).json()["elder"]["elder_id"]
    path = f"/v1/elders/{elder_id}"

    for caller, status in (
        (bearer("official", area=ELSEWHERE), 404),
        (bearer("family", elder_ids=[str(uuid.uuid4())]), 404),
        (bearer("worker"), 403),
        ({}, 401),
        ({"Authorization": "Bearer x"}, 401),
        ({"Authorization": "Basic eDp5"}, 401),
    ):
        refused = await http.get(path, headers=caller)
        assert refused.status_code == status, refused.text
        assert ("www-authenticate" in refused.headers) == (status == 401)
    assert (await http.get(path, headers=bearer("family", elder_ids=[elder_id]))).status_code == 200


async def test_what_is_public_needs_no_token_and_a_wrong_one_is_refused(
    http: httpx.AsyncClient,
) -> None:
    answered = await http.get("/v1/publicity", params={"limit": 5})
    refused = await http.get("/v1/publicity", headers={"Authorization": "Bearer x"})

    assert (answered.status_code, answered.json()) == (200, {"rows": [], "next": ""})
    assert refused.status_code == 401


async def test_only_json_is_taken_where_json_is_meant(
    http: httpx.AsyncClient, official: dict[str, str]
) -> None:
    for kind in (
        "text/plain",
        "application/json; charset=gbk",
        'application/json; charset="UTF-16"',
        "application/json, application/json",
        "",
    ):
        headers = official | {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": kind}
        refused = await http.post("/v1/elders", content=b"{}", headers=headers)
        assert refused.json()["errors"][0]["field"] == "Content-Type", kind

    for kind in ("application/json;charset=utf-8", 'Application/JSON; charset="UTF-8"'):
        headers = official | {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": kind}
        taken = await http.post("/v1/elders", content=b"{}", headers=headers)
        assert taken.json()["errors"][0]["field"] == "name", kind


async def test_a_file_goes_in_and_its_failed_rows_come_out(
    http: httpx.AsyncClient, assessment: Served, official: dict[str, str]
) -> None:
    file = io.StringIO()
    writer = csv.DictWriter(file, ["name", "id_number", "area_code", "living"])
    writer.writeheader()
    for serial in (1, 2):
        elder = an_elder(serial)
        writer.writerow(
            {name: elder[name] for name in writer.fieldnames}
            | {"living": "ALONE"}
            | ({"name": ""} if serial == 2 else {})
        )
    headers = official | {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "text/csv"}

    accepted = await http.post(
        "/v1/elder-imports", content=file.getvalue().encode(), headers=headers
    )
    started = accepted.json()
    await fire(assessment.store, "assessment")
    done = (await http.get(accepted.headers["location"], headers=official)).json()
    path = f"/v1/elder-imports/{started['import_id']}"
    late = await http.post(
        f"{path}:cancel", json={}, headers=official | {"Idempotency-Key": str(uuid.uuid4())}
    )
    failed = await http.get(
        f"/v1/elder-imports/{started['import_id']}/failed-rows", headers=official
    )

    assert (accepted.status_code, accepted.headers["location"]) == (202, path)
    assert (late.status_code, late.json()["reason"]) == (409, "IMPORT_ENDED")
    assert (done["registered"], done["failed"]) == (1, 1), done
    assert failed.headers["content-type"].startswith("text/csv")
    assert failed.headers["x-content-type-options"] == "nosniff"
    assert [
        row["error_field"]
        for row in csv.DictReader(io.StringIO(failed.content.decode("utf-8-sig")))
    ] == ["name"]


async def test_the_callers_trace_goes_on_into_the_message(
    http: httpx.AsyncClient, assessment: Served, official: dict[str, str]
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"

    await register(http, official | {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})
    refused = await register(http, official | {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"})

    async with assessment.store.reading() as session:
        headers = await (await session.driver()).fetchval("select headers from outbox")
    assert trace_id in str(headers)
    assert refused.json()["trace_id"] == trace_id


async def test_a_neighbour_that_is_away_is_unavailable(
    identity, opened, official: dict[str, str]
) -> None:
    client = Client("127.0.0.1:9")
    http = await opened(calls.routes({"assessment": client}, identity))

    answer = await http.get(f"/v1/elders/{uuid.uuid4()}", headers=official)
    await client.close()

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1


def test_a_read_by_id_needs_no_parser_of_json() -> None:
    quick = transcode.from_query(api_pb2.GetElder, [], {"elder_id": "x"})

    assert quick == transcode.parsed(api_pb2.GetElder, {"elder_id": "x"})
