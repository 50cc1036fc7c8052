"""The application around the routes: what it refuses, what it serves, how much it takes at once."""

import asyncio
import gzip
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.calls import api as calls
from gateway.contracts.methods import methods
from gateway.http import app
from gateway.http.limits import Bounds
from gateway.http.problems import to_problem
from gateway.http.routing import Index
from gateway.settings import Settings
from kit.contracts import areas
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict
from kit.observability import names


async def echo(request: Request) -> Response:
    return JSONResponse({"bytes": len(await request.body())})


def gated(entered: asyncio.Semaphore, gate: asyncio.Event) -> Route:
    async def wait(_: Request) -> Response:
        entered.release()
        await gate.wait()
        return Response()

    return Route("/v1/gate", wait)


async def test_an_unknown_path_and_a_wrong_verb_are_problems(opened) -> None:
    http = await opened([Route("/v1/echo", echo, methods=["POST"])])

    for answer, status in (
        (await http.get("/v1/nothing"), 404),
        (await http.get("/v1/echo"), 405),
        (await http.get("/v1"), 404),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


async def test_a_body_that_is_too_large_is_refused(opened) -> None:
    http = await opened([Route("/v1/echo", echo, methods=["POST"])], body_bytes=1000)

    assert (await http.post("/v1/echo", content=b"x" * 1000)).json() == {"bytes": 1000}
    refused = await http.post("/v1/echo", content=b"x" * 1001)
    assert (refused.status_code, refused.json()["title"]) == (413, "Too large")


async def test_one_request_too_many_gets_503_and_the_next_is_served(opened) -> None:
    entered, gate = asyncio.Semaphore(0), asyncio.Event()
    http = await opened(
        [gated(entered, gate), Route("/v1/echo", echo, methods=["POST"])], concurrency=2
    )
    waiting = [asyncio.create_task(http.get("/v1/gate")) for _ in range(2)]
    for _ in waiting:
        await entered.acquire()

    refused = await http.post("/v1/echo")
    gate.set()
    await asyncio.gather(*waiting)

    assert (refused.status_code, refused.json()["reason"], refused.headers["retry-after"]) == (
        503,
        "BUSY",
        "1",
    )
    assert (await http.post("/v1/echo")).status_code == 200


async def test_a_defect_tells_nothing_but_where_to_look(opened) -> None:
    async def broken(_: Request) -> Response:
        raise KeyError("李小明")

    answer = await (await opened([Route("/v1/broken", broken)])).get("/v1/broken")

    assert (answer.status_code, answer.json()["reason"]) == (500, "INTERNAL")
    assert "李小明" not in answer.text


async def test_every_answer_is_measured_by_route_and_those_we_owe_are_counted(opened) -> None:
    async def broken(_: Request) -> Response:
        raise KeyError("x")

    http = await opened(
        [Route("/v1/measured/{id}", echo, methods=["POST"]), Route("/v1/owed", broken)]
    )
    owed = names.HTTP_FAILED.series[()]

    await http.post("/v1/measured/7")
    await http.get("/v1/owed")
    await http.get("/v1/nowhere")

    counted = {labels: sum(spread.counts) for labels, spread in names.HTTP_DURATION.series.items()}
    assert (counted["/v1/measured/{id}", "200"], counted["/v1/owed", "500"]) == (1, 1)
    assert counted["none", "404"] >= 1
    assert names.HTTP_FAILED.series[()] == owed + 1


@pytest.mark.parametrize("address", [None, "http://traces/trace/{trace_id}"])
async def test_the_portal_knows_where_traces_are_shown(tmp_path: Path, address: str | None) -> None:
    inside = app.app([], Bounds(), portal=tmp_path, traces_url=address)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=inside), base_url="http://gateway"
    ) as http:
        assert (await http.get("/portal.json")).json() == {"traces_url": address}


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_the_portal_names_every_area_by_its_code(tmp_path: Path, encoding: str) -> None:
    inside = app.app([], Bounds(), portal=tmp_path)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=inside), base_url="http://gateway"
    ) as http:
        answer = await http.get("/areas.json", headers={"Accept-Encoding": encoding})

    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.json() == {area.code: area.name for area in areas.load()}


@pytest.mark.parametrize(
    "address",
    [
        "traces/{trace_id}",
        "http://traces/",
        "javascript:alert({trace_id})",
        "http://traces/ {trace_id}",
    ],
)
def test_an_address_of_traces_that_leads_to_none_is_refused(address: str) -> None:
    with pytest.raises(ValidationError, match="traces_url"):
        Settings(
            database="postgresql://x",
            kafka="x:1",
            issuer="x",
            keys_url="x",
            services={},
            hash_keys="x",
            traces_url=address,
        )


async def test_a_portal_that_was_not_built_is_named(opened) -> None:
    http = await opened([])

    for path in ("/", "/docs"):
        assert (await http.get(path)).json()["reason"] == "PORTAL_NOT_BUILT"
    assert (await http.get("/openapi.json")).json()["openapi"] == "3.1.0"


async def test_pages_are_guarded_and_their_assets_kept_for_ever(opened, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<html></html>")
    (tmp_path / "assets" / "index-Bm9SWHxJ.js").write_text("let a = 1;" * 1000)
    http = await opened([])

    page, asset = (
        await http.get("/"),
        await http.get("/assets/index-Bm9SWHxJ.js", headers={"Accept-Encoding": "gzip"}),
    )

    assert page.headers["cache-control"] == "no-cache"
    assert "immutable" in asset.headers["cache-control"]
    assert (asset.headers["content-encoding"], asset.text) == ("gzip", "let a = 1;" * 1000)
    for answer in (page, asset):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert (answer.headers["x-content-type-options"], answer.headers["x-frame-options"]) == (
            "nosniff",
            "DENY",
        )
    plain = await http.get("/assets/index-Bm9SWHxJ.js", headers={"Accept-Encoding": "identity"})
    assert len(gzip.compress(plain.content)) < len(plain.content) == 10_000


@pytest.mark.parametrize(
    "path", ["/assets/..%2findex.html", "/assets/%2e%2e%2findex.html", "/assets/none.js"]
)
async def test_no_path_leads_out_of_the_assets(opened, tmp_path: Path, path: str) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<html></html>")

    assert (await (await opened([])).get(path)).status_code == 404


def test_every_path_finds_its_own_route() -> None:
    async def nobody(_: Request) -> Response:
        return Response()

    index = Index(
        [
            Route(method.path, nobody, methods=[method.verb], name=method.full_name)
            for method in calls.ordered()
        ]
    )

    for method in methods():
        path = method.path.format_map(
            dict.fromkeys(method.request.DESCRIPTOR.fields_by_name, "0190")
        )
        _, child = index.matches(
            {"type": "http", "method": method.verb, "path": path, "path_params": {}}
        )
        assert child["gateway.route"].name == method.full_name


class OddlyNamed(Conflict):
    """A refusal whose facts have the names of what a problem has."""

    text = Phrase("it is {status}", "状态为{status}")


@pytest.mark.parametrize("name", ["status", "reason", "detail", "errors", "facts", "headers"])
async def test_a_fact_of_a_refusal_may_have_any_name(opened, name: str) -> None:
    async def refuse(_: Request) -> Response:
        return to_problem(OddlyNamed(**{"status": "dead", name: "dead"}))

    http = await opened([Route("/v1/refused", refuse)])

    answer = await http.get("/v1/refused")

    assert (answer.status_code, answer.json()["reason"]) == (409, "ODDLY_NAMED")
    assert answer.json()["facts"] == {"status": "dead", name: "dead"}


@pytest.mark.parametrize("name", ["a" * 300, "%00", "%ff", "%E2%80%8B", "a%0Ab"])
async def test_an_asset_of_an_odd_name_is_no_asset(opened, name: str) -> None:
    http = await opened([])

    answer = await http.get(f"/assets/{name}")

    assert answer.status_code == 404, answer.text


async def test_what_no_route_takes_is_refused_in_our_own_words(opened) -> None:
    http = await opened([Route("/v1/echo", echo, methods=["POST"])])

    nowhere, otherwise = await http.get("/v1/nowhere"), await http.get("/v1/echo")

    assert nowhere.json()["detail"] == "no route has this path; /openapi.json names all"
    assert (otherwise.status_code, otherwise.headers["allow"]) == (405, "POST")
