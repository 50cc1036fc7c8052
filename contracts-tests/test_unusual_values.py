"""Every route takes every unusual value that its types allow: it is refused by field and rule, or
taken as documented, and never a defect. The gateway and the services are real, in this process.
"""

import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import calls
import httpx
import pytest
import pytest_asyncio
import unusual_values
from calls import NOBODY, PLACES, Document, filled, named
from google.protobuf.descriptor import FieldDescriptor

from gateway.calls import api
from gateway.contracts.methods import Method, methods
from gateway.http import app
from gateway.http.limits import Bounds
from kit.rpc.client import Client
from kit.security.identity import Identity
from testkit.identity import Issuer
from testkit.running import Served

CITY = "341100000000"
NO_NUMBERS = (b"007", b"-", b"+1", b".5", b"1.", b"1e", b"0x10", b"1_000", b"--1", b"-007", b"1 2")
OF_SERVICE = {
    service: [method for method in methods() if method.service == service]
    for service in sorted({method.service for method in methods()})
}
NEIGHBOURS = {"dispatch": ("assessment", "subsidy")}  # whom it asks before it answers
PATHS = (
    *("%00", "%ff", "%E2%80%8B", "%ED%A0%80", "x" * 300, "9" * 5000, "..", "%0A"),
    *("%2F", "%2e%2e%2F", "a%2Fb", "a%252Fb", ".", "%2e", "...", "%5C", "%20", "+", "%3A"),
    *("%3Achange", "%", "%1", "%zz", "%u0041", ";a=1", "~", "'", "%22", "*", "{}"),
    NOBODY[0].upper(),
    *(f"{NOBODY[0]}{end}" for end in ("/", "//", "/.", "%2F", "%20", "%00")),
)


class Gateway:
    """The gateway before one service, and somebody who has every role."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._http = http
        self._headers = headers

    async def ask(
        self,
        method: Method,
        path: str,
        content: bytes | None = None,
        query: bytes = b"",
        **other: bytes,
    ) -> httpx.Response:
        """other: headers, `_` for `-`."""
        headers: dict[str, Any] = self._headers | {"Idempotency-Key": uuid4().hex}
        headers |= {name.replace("_", "-"): value for name, value in other.items()}
        if content is not None:
            headers["Content-Type"] = "application/json"
        url = httpx.URL("http://gateway").copy_with(
            raw_path=path.encode() + (b"?" + query if query else b"")
        )
        return await self._http.request(method.verb, url, content=content, headers=headers)


@pytest.fixture(scope="module")
def package() -> str:
    """Each database is asked for by its service's name."""
    return "gateway"


@pytest_asyncio.fixture
async def door(
    request: pytest.FixtureRequest,
    served: Callable[..., Any],
    issuer: Issuer,
    tmp_path: Path,
) -> AsyncIterator[Gateway]:
    service: str = request.param
    neighbours = {
        f"{name}_address": (await served(name)).address for name in NEIGHBOURS.get(service, ())
    }
    running: Served = await served(service, **neighbours)
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    client = Client(running.address)
    inside = app.app(
        api.routes({service: client}, identity), Bounds(), identity=identity, portal=tmp_path
    )
    roles = {role for method in methods() for role in method.access.roles} - {"operator", "service"}
    token = issuer.token(
        sorted(roles),
        area=CITY,
        organisation_id=NOBODY[0],
        elder_ids=[NOBODY[1]],  # no official decides about an elder of the own family
        worker_id=NOBODY[0],
    )
    transport = httpx.ASGITransport(app=inside, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport) as http:
        yield Gateway(
            http, {"Authorization": f"Bearer {token}", "Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
        )
    await client.close()
    await identity.close()


def fault(answer: httpx.Response, field: str, *, wrong: bool) -> str:
    """What is wrong with an answer; empty where nothing is."""
    if answer.status_code >= 400 and (found := untranslated(answer)):
        return f"not in Chinese: {found}"
    if answer.status_code in (200, 404, 409) and not wrong:
        return ""
    if answer.status_code != 422:
        return f"{answer.status_code}: {answer.text[:200]}"
    problem = answer.json()
    errors = problem.get("errors", [])
    if not any(error["rule"] and _names(error["field"], field) for error in errors):
        return f"names {[error['field'] for error in errors]}: {answer.text[:200]}"
    if len(answer.content) > 4000 or any(word in answer.text for word in LIBRARIES):
        return f"not our own words: {answer.text[:200]}"
    return ""


def untranslated(answer: httpx.Response) -> list[str]:
    """The sentences of a problem that are not in the language that was asked for."""
    problem = answer.json()
    texts = [problem["title"], problem["detail"], *problem.get("facts", {}).values()]
    texts += [error["rule"] for error in problem.get("errors", [])]
    wrong = [text for text in texts if LATIN_SENTENCE.search(text)]
    return wrong or ([] if answer.headers["content-language"] == "zh-CN" else ["Content-Language"])


def _names(reported: str, field: str) -> bool:
    """True for the field, one of its values, or what stands inside it."""
    return reported == field or reported.startswith((f"{field}[", f"{field}."))


# two words; names of fields and members are no sentence
LATIN_SENTENCE = re.compile("[a-z]{2,} [a-z]{2,}")
# words of Python and its libraries that a problem repeated once
LIBRARIES = ("recursion", "codec", "Expecting", "delimiter", "Failed to parse", "Couldn't parse")
SERVICES = pytest.mark.parametrize("door", OF_SERVICE, indirect=True, ids=str)


def bodies(method: Method) -> Iterator[tuple[str, Document, bool]]:
    """Field, body without what stands in the path, whether it must be refused."""
    whole = calls.example(method)
    in_path = PLACES.findall(method.path)
    body = {name: value for name, value in whole.items() if name not in in_path}
    for path, field in fields(method, whole):
        if path[0] not in in_path:
            for value, wrong in unusual_values.unusual(field):
                yield ".".join(path), changed(body, path, value), wrong


def fields(method: Method, whole: Document) -> Iterator[tuple[tuple[str, ...], FieldDescriptor]]:
    """The fields of a request; of those inside a message, the first two."""
    for field in method.request.DESCRIPTOR.fields:
        yield (field.name,), field
        if isinstance(whole.get(field.name), dict):
            for inner in list(field.message_type.fields)[:2]:
                yield (field.name, inner.name), inner


def changed(body: Document, path: tuple[str, ...], value: Any) -> Document:
    first, *rest = path
    return body | {first: changed(body[first], tuple(rest), value) if rest else value}


def least_beside_path(method: Method) -> Document:
    """The least request, without what stands in the path."""
    in_path = PLACES.findall(method.path)
    return {name: value for name, value in calls.least(method).items() if name not in in_path}


@SERVICES
async def test_every_body_with_an_unusual_value_is_refused_or_taken(
    door: Gateway, request: pytest.FixtureRequest
) -> None:
    faults = []
    for method in OF_SERVICE[request.node.callspec.params["door"]]:
        if not method.body or method.takes_file:
            continue
        path = filled(method.path, calls.example(method))
        for field, document, wrong in bodies(method):
            answer = await door.ask(method, path, unusual_values.body(document))
            if found := fault(answer, field, wrong=wrong):
                faults.append(f"{named(method)} {field}: {found}")

    assert faults == []


@SERVICES
async def test_every_question_with_an_unusual_parameter_is_refused_or_answered(
    door: Gateway, request: pytest.FixtureRequest
) -> None:
    faults = []
    for method in OF_SERVICE[request.node.callspec.params["door"]]:
        if method.body:
            continue
        in_path = PLACES.findall(method.path)
        path = filled(method.path, calls.example(method))
        least = least_beside_path(method)
        for field in method.request.DESCRIPTOR.fields:
            if field.name in in_path:
                continue
            rest = "&".join(
                f"{name}={value}" for name, value in least.items() if name != field.name
            )
            for value, wrong in unusual_values.unusual(field):
                text = unusual_values.parameter(value, field)
                if text is None:
                    continue
                query = b"&".join((f"{field.name}=".encode() + text, rest.encode()))
                answer = await door.ask(method, path, query=query)
                if found := fault(answer, field.name, wrong=wrong):
                    faults.append(f"{named(method)} {field.name}={text[:40]!r}: {found}")
            if not field.is_repeated and (given := least.get(field.name)) is not None:
                twice = f"{field.name}={given}&{rest}&{field.name}={given}".encode()
                answer = await door.ask(method, path, query=twice)
                if found := fault(answer, field.name, wrong=True):
                    faults.append(f"{named(method)} {field.name} twice: {found}")
        answer = await door.ask(method, path, query=b"nobody%00knows=1")
        if found := fault(answer, "nobody\ufffdknows", wrong=True):
            faults.append(f"{named(method)} nobody%00knows: {found}")

    assert faults == []


@SERVICES
async def test_every_path_with_an_unusual_id_is_refused_or_leads_nowhere(
    door: Gateway, request: pytest.FixtureRequest
) -> None:
    faults = []
    for method in OF_SERVICE[request.node.callspec.params["door"]]:
        for place in PLACES.findall(method.path):
            least = least_beside_path(method)
            content = unusual_values.body(least) if method.body else None
            query = b"" if method.body else str(httpx.QueryParams(least)).encode()
            for unusual in PATHS:
                path = filled(method.path, calls.example(method) | {place: unusual})
                answer = await door.ask(method, path, content, query)
                if answer.status_code == 405 and not untranslated(answer):
                    continue  # a dot names the folder above, which may take another method alone
                if found := fault(answer, place, wrong=False):
                    faults.append(f"{named(method)} {unusual[:20]}: {found}")

    assert faults == []


@SERVICES
async def test_every_body_that_is_no_object_of_json_is_refused(
    door: Gateway, request: pytest.FixtureRequest
) -> None:
    faults = []
    for method in OF_SERVICE[request.node.callspec.params["door"]]:
        if not method.body or method.takes_file:
            continue
        path = filled(method.path, calls.example(method))
        for content, field, rule in (
            (b"{", "body", "JSON"),
            (b"[" * 100_000, "body", "LESS_NESTED"),
            (b'{"a": ' * 50_000, "body", "LESS_NESTED"),
            (b'{"a": "\xff"}', "body", "IN_UTF8"),
            (b'{"a": 1, "a": 2}', "a", "GIVEN_ONCE"),
            (b'{"a": {"b": [{"c": 1, "c": 1}]}}', "a.b[0].c", "GIVEN_ONCE"),
            (b'{"a\\u0000\\ud800": 1}', "a\ufffd\ufffd", ""),
            *((b'{"a": %s}' % number, "body", "JSON") for number in NO_NUMBERS),
        ):
            answer = await door.ask(method, path, content)
            errors = answer.json().get("errors", [])
            rules = [error["code"] if rule else "" for error in errors if error["field"] == field]
            if answer.status_code != 422 or rule not in rules or untranslated(answer):
                faults.append(f"{named(method)} {content[:20]!r}: {answer.text[:200]}")

    assert faults == []


# a header, and values that a proxy, a library or an attacker gives it
HEADERS: dict[str, tuple[bytes, ...]] = {
    "Authorization": (
        b"",
        b"Basic \xc3\xa9",
        b"Bearer",
        b"Bearer \xff\xfe",
        b"Bearer " + b"x" * 9000,
    ),
    "Idempotency_Key": (b"", b"short", b"\xff" * 20, b"x" * 5000),
    "If_Match": (b"", b"7", b'W/"7"', b'"0"', b'"' + b"9" * 5000 + b'"', b"*", b"\xff"),
    "Accept_Language": (b"zh;q=\xff", b"zh;q=nan, en;q=-1", b"zh," * 2000, b";;;==,,"),
    "Content_Type": (b"", b"text/plain", b"application/json; charset=\xff", b";" * 500),
    "Accept_Encoding": (b"gzip;q=\xff", b"x" * 3000),
    "channel": (b"", b"carrier pigeon", b"\xff"),
    "traceparent": (b"", b"00-" + b"0" * 32, b"\xff" * 50),
    "X_Forwarded_For": (b"::1, \xff", b"," * 500),
    "Prefer": (b"respond-async, \xff",),
}
CLAIMS: dict[str, tuple[Any, ...]] = {
    "roles": ([], "official", [None], [["official"]], ["official"] * 5000, {"official": 1}),
    "area": ("", "x", "9" * 5000, 341100000000, None, ["341100000000"], "3411\u0000"),
    "organisation_id": ("x", 5, "\u0000", ["x"], "0" * 5000),
    "worker_id": ("x", {}, "\ud800"),
    "elder_ids": ("x", [5], ["x"], [[]], {"a": 1}),
    "sub": ("", "x" * 5000, "a\u0000b", 5),
    "azp": ("x" * 5000, 5, "\u202e"),
}


@SERVICES
async def test_whatever_the_headers_and_claims_a_request_is_refused_or_answered(
    door: Gateway, issuer: Issuer, request: pytest.FixtureRequest
) -> None:
    of_service = OF_SERVICE[request.node.callspec.params["door"]]
    read = next(method for method in of_service if not method.access.writes)
    write = next(method for method in of_service if method.body and not method.takes_file)
    given = [{name: value} for name, values in HEADERS.items() for value in values]
    for name, values in CLAIMS.items():
        for value in values:
            claims = {"area": CITY, "organisation_id": NOBODY[0], name: value}
            roles = claims.pop("roles", ["official", "provider", "worker", "elder"])
            token = issuer.token(roles, **claims)
            given.append({"Authorization": f"Bearer {token}".encode()})
    faults = []
    for method in (read, write):
        path = filled(method.path, calls.example(method))
        content = b"{}" if method.body else None
        for headers in given:
            answer = await door.ask(method, path, content, **headers)
            wrong = answer.status_code >= 500 or (
                answer.status_code >= 400
                and "Accept_Language" not in headers
                and untranslated(answer)
            )
            if wrong:
                faults.append(
                    f"{named(method)} {headers}: {answer.status_code} {answer.text[:200]}"
                )

    assert faults == []
