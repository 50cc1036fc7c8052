"""What is wrong with a request is reported by field and rule, and nothing of it is kept.

Bodies are spoiled one fault at a time, after the contract; then Schemathesis invents its own from
the published document.
"""

import os
import secrets
import sys
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import calls
import httpx
import pytest
import schemathesis
from calls import NOBODY, PLACES, Spoiled, filled, named
from google.protobuf import json_format
from hypothesis import HealthCheck, Phase, given, seed, settings
from running_city import CITY, RunningCity
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.contracts.methods import Method, methods
from gateway.contracts.openapi import openapi

pytest_plugins = ["city_fixtures"]
pytestmark = [pytest.mark.city, pytest.mark.timeout(900)]

# What grows by itself: keys of answered commands, records of who looked at whom, and the proofs
# that the data center makes now and then. A run of a proof is kept too: its request has nothing
# but a place and a month, which an invented one may well hit.
KEPT = ("command", "audit_record", "proof", "difference", "proof_run")
KEY = "Idempotency-Key"
WRITES = [pytest.param(method, id=named(method)) for method in calls.writes()]
READS = [pytest.param(method, id=named(method)) for method in calls.reads()]


@pytest.fixture(scope="module", autouse=True)
def _nothing_is_half_stored(town: RunningCity) -> Iterator[None]:
    """Every table of every service has as many rows after all bad requests of this module as
    before.
    """
    before = town.counts(without=KEPT)
    yield
    services = town.quiet()
    assert {
        name: rows for name, rows in town.counts(without=KEPT).items() if rows != before[name]
    } == {}
    assert {name: state["outbox"] for name, state in services.items() if state.get("outbox")} == {}


@pytest.fixture(scope="module")
def everybody(town: RunningCity) -> str:
    """The token of somebody who has every role of the city."""
    roles = {role for method in methods() for role in method.access.roles} - {"operator", "service"}
    return town.token(
        *sorted(roles),
        area=CITY,
        organisation_id=NOBODY[0],
        elder_ids=[NOBODY[0]],
        worker_id=NOBODY[0],
    )


def send(
    town: RunningCity, method: Method, token: str, body: Any = None, **what: Any
) -> httpx.Response:
    path = method.path if method.takes_file else filled(method.path, calls.example(method))
    return town.request(
        method.verb,
        path,
        token,
        **({"key": uuid4().hex, "json": body} | what if body is not None else what),
    )


def body_of(method: Method) -> dict[str, Any]:
    return {
        name: value
        for name, value in calls.telling(method).items()
        if name not in PLACES.findall(method.path)
    }


def refused(answer: httpx.Response, status: int, field: str = "") -> str:
    """What is wrong with a refusal; empty where nothing is. Source: RFC 9457, 3.1."""
    if answer.status_code != status:
        return f"{answer.status_code}, not {status}: {answer.text[:300]}"
    problem = answer.json()
    if answer.headers["content-type"] != "application/problem+json" or problem["status"] != status:
        return f"no problem document: {answer.headers['content-type']} {answer.text[:300]}"
    if not all(
        isinstance(problem.get(name), str) and problem[name]
        for name in ("type", "title", "detail", "reason", "trace_id")
    ):
        return f"lacks a part: {answer.text[:300]}"
    named_fields = [error["field"] for error in problem.get("errors", [])]
    if field and not any(_same(field, named) for named in named_fields):
        return f"names {named_fields}, not {field}: {answer.text[:300]}"
    return ""


def _same(field: str, named: str) -> bool:
    """A position in brackets says more than the field's name, not less; of `skills.skills` it is
    enough to name `skills`.
    """
    outer, _, inner = field.rpartition(".")
    return named.partition("[")[0].lower() == field.lower() or (outer == inner == named)


def test_every_example_satisfies_its_contract() -> None:
    for method in methods():
        if not method.takes_file:
            assert calls.broken(method, calls.least(method)) == []
    assert sum(1 for method in calls.writes() for _ in calls.spoiled(method)) > 400


@pytest.mark.parametrize("method", WRITES)
def test_a_spoiled_body_is_refused_by_field(
    town: RunningCity, everybody: str, method: Method
) -> None:
    faults = (
        (spoiled.why, refused(send(town, method, everybody, spoiled.body), 422, spoiled.field))
        for spoiled in calls.spoiled(method)
    )

    assert [f"{why}: {fault}" for why, fault in faults if fault] == []


@pytest.mark.parametrize("method", WRITES)
def test_what_is_no_json_object_is_refused(
    town: RunningCity, everybody: str, method: Method
) -> None:
    wrong = []
    for content in (
        b"{",
        b"[]",
        b'"text"',
        b"5",
        b"\xff\xfe",
        b"{" * 3000,
        b'{"a": 1, "a"',
        b"[" * 100_000,
    ):
        answer = send(
            town,
            method,
            everybody,
            key=uuid4().hex,
            content=content,
            headers={"Content-Type": "application/json"},
        )
        if fault := refused(answer, 422, "body"):
            wrong.append(f"{content[:10]!r}: {fault}")

    assert wrong == []


@pytest.mark.parametrize("method", WRITES)
def test_another_kind_of_content_is_refused(
    town: RunningCity, everybody: str, method: Method
) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        answer = send(
            town, method, everybody, key=uuid4().hex, content=b"{}", headers={"Content-Type": kind}
        )
        assert refused(answer, 422, "Content-Type") == "", kind


@pytest.mark.parametrize(
    "method",
    [
        *WRITES,
        *(pytest.param(method, id=named(method)) for method in methods() if method.takes_file),
    ],
)
@pytest.mark.parametrize(
    "key",
    ["", "short", "k" * 129, "钥匙钥匙钥匙", "tab\tin the middle"],
    ids=["none", "short", "long", "no ASCII", "unprintable"],
)
def test_a_command_needs_a_key_of_its_own(
    town: RunningCity, everybody: str, method: Method, key: str
) -> None:
    answer = send(town, method, everybody, {} if method.takes_file else body_of(method), key=key)

    assert refused(answer, 422, KEY) == ""


@pytest.mark.parametrize("method", [case for case in WRITES if PLACES.findall(case.values[0].path)])
def test_an_id_in_the_path_that_is_none_is_refused(
    town: RunningCity, everybody: str, method: Method
) -> None:
    (place,) = PLACES.findall(method.path)
    path = filled(method.path, {place: "no-id"})

    assert (
        refused(
            town.request("POST", path, everybody, key=uuid4().hex, json=body_of(method)), 422, place
        )
        == ""
    )


@pytest.mark.parametrize("method", [case for case in WRITES if PLACES.findall(case.values[0].path)])
def test_path_and_body_must_agree(town: RunningCity, everybody: str, method: Method) -> None:
    (place,) = PLACES.findall(method.path)

    assert (
        refused(send(town, method, everybody, body_of(method) | {place: NOBODY[1]}), 422, place)
        == ""
    )


@pytest.mark.parametrize("channel", ["nowhere", "渠道"])
def test_a_way_in_that_there_is_not_is_refused(
    town: RunningCity, everybody: str, channel: str
) -> None:
    answer = town.request("GET", "/v1/orders", everybody, headers={"Channel": channel.encode()})

    assert refused(answer, 422, "channel") == ""


def test_a_key_belongs_to_one_body(town: RunningCity) -> None:
    assert len(town.deeds) >= 3
    for deed in town.deeds:
        again = town.request("POST", deed.path, deed.token, key=deed.key, json=deed.body)
        other = deed.body | (
            {"channel": "CHANNEL_TERMINAL"} if "channel" in deed.body else {"order_id": NOBODY[0]}
        )
        reused = town.request("POST", deed.path, deed.token, key=deed.key, json=other)

        assert (again.status_code, again.json()) == (200, deed.answer), deed.path
        assert refused(reused, 409 if "channel" in deed.body else 422) == "", deed.path
        if "channel" in deed.body:
            assert reused.json()["reason"] == "KEY_REUSED"


def _meaningless() -> list[Any]:
    return [
        pytest.param(method, spoiled, id=f"{named(method)}: {spoiled.why}")
        for method in methods()
        if not method.takes_file
        for spoiled in calls.nonsense(method)
    ]


@pytest.mark.parametrize(("method", "spoiled"), _meaningless())
def test_a_day_month_or_place_that_does_not_exist_is_no_defect(
    town: RunningCity, everybody: str, method: Method, spoiled: Spoiled
) -> None:
    """Refused in words, or found empty; never answered as a defect of ours."""
    path = filled(method.path, spoiled.body)
    wanted = {*calls.least(method), spoiled.field}
    given_ = {
        name: value
        for name, value in spoiled.body.items()
        if name in wanted and name not in PLACES.findall(method.path)
    }

    if method.body:
        answer = town.request(method.verb, path, everybody, key=uuid4().hex, json=given_)
    else:
        answer = town.request(method.verb, path, everybody, params=given_)

    assert answer.status_code in ((404, 409, 422) if method.access.writes else (200, 404, 422)), (
        answer.text
    )
    if answer.status_code != 200:
        assert refused(answer, answer.status_code) == ""
    elif "rows" in answer.json():
        assert answer.json()["rows"] == []


@pytest.mark.parametrize("method", READS)
def test_a_bad_question_is_refused_by_field(
    town: RunningCity, everybody: str, method: Method
) -> None:
    least = {
        name: value
        for name, value in calls.least(method).items()
        if name not in PLACES.findall(method.path)
    }
    wrong = []
    if method.body:
        faults = [(spoiled.body, spoiled.field) for spoiled in calls.spoiled(method)]
    else:
        fields = method.request.DESCRIPTOR.fields_by_name
        faults = [(least | {"nobody_knows": "1"}, "nobody_knows")]
        faults += [
            (least | {name: value}, name)
            for name in fields
            if name not in PLACES.findall(method.path)
            for value in ("\u0000", "many", "-1", "1.5", "501", "99999999999999999999", "x" * 3000)
            if _spoils(method, name, value)
        ]
    for parameters, field in faults:
        path = filled(method.path, calls.example(method))
        answer = town.request(
            method.verb,
            path,
            everybody,
            **({"json": parameters} if method.body else {"params": parameters}),
        )
        if fault := refused(answer, 422, field):
            wrong.append(f"{field}={str(parameters.get(field))[:30]!r}: {fault}")

    assert wrong == []


def _spoils(method: Method, name: str, value: str) -> bool:
    """True where the contract refuses this text for this parameter."""
    try:
        return name in calls.broken(method, calls.example(method) | {name: value})
    except json_format.ParseError:
        return True


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/csv", b""),
        ("text/csv", b"\xff\xfe\x00"),
        ("text/csv", b"name;id\n"),
        ("text/csv", b'"unclosed\n'),
        ("application/json", b"{}"),
    ],
)
def test_a_file_that_is_no_list_of_elders_is_refused(
    town: RunningCity, everybody: str, kind: str, content: bytes
) -> None:
    answer = town.request(
        "POST",
        "/v1/elder-imports",
        everybody,
        key=uuid4().hex,
        content=content,
        headers={"Content-Type": kind},
    )

    assert 400 <= answer.status_code < 500, answer.text
    assert refused(answer, answer.status_code) == ""


SEED = int(os.environ.get("SEED") or secrets.randbelow(1 << 32))
EXAMPLES = 4  # of each kind for each operation; SEED=… repeats a run
DOCUMENT = schemathesis.openapi.from_dict(openapi())
# a file may hold anything, and one that is taken leaves an import behind
OPERATIONS = [
    found.ok()
    for found in DOCUMENT.get_all_operations()
    if found.ok().label != "POST /v1/elder-imports"
]
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_whatever_is_sent_the_answer_is_as_documented(
    town: RunningCity,
    everybody: str,
    operation: Any,
    mode: GenerationMode,
) -> None:
    sys.stdout.write(f"SEED={SEED}\n")

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def sent(case: Any) -> None:
        if str((case.query or {}).get("wait", "")).isdecimal():
            case.query["wait"] = 0  # a long poll that waits tries our patience only
        answer = case.call(
            base_url=str(town.http.base_url).rstrip("/"),
            headers={"Authorization": f"Bearer {everybody}"},
            timeout=30,
        )
        case.validate_response(answer, checks=CHECKS)

    sent()
