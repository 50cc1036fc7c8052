"""Who sees what: every method × every role × the caller's own scope and a foreign one, through the
front door of a living city.

The cases are made from the contracts: a new method is tried without a line here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import calls
import grpc
import httpx
import pytest
from calls import NOBODY, PLACES, Document, filled, named
from running_city import CITY, ELDERS, SEED, RunningCity

from city.names import present
from gateway.contracts.methods import Method, apis, methods
from kit.rpc.methods import methods_of
from kit.security.access import AREA_ROLES, ORGANISATION_ROLES, PERSON_ROLES, ROLES
from simulator.world.days import START
from simulator.world.geography import COUNTIES, Geography
from simulator.world.people import population

pytest_plugins = ["city_fixtures"]
pytestmark = [pytest.mark.city, pytest.mark.timeout(900)]

MONTH = "2026-01"


@dataclass
class Seen:
    """What a city office sees: rows by the list that tells them. ids: where a path or body needs
    one that stands in no list.
    """

    town: RunningCity
    rows: dict[str, list[Document]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def of(self, method: Method) -> list[Document]:
        """Rows that a request of this method may be about."""
        if method.path in self.rows:
            return self.rows[method.path]
        places = PLACES.findall(method.path)
        if places and (key := places[0]) in self.ids:
            return [{key: self.ids[key], "area_code": CITY}]
        return self.rows.get(method.path.partition("/{")[0], [])


@dataclass(frozen=True)
class Scope:
    """Columns of the rows of an answer, and how a role's claim is held against them."""

    kind: str
    path: str

    @classmethod
    def of(cls, method: Method, role: str) -> "Scope | None":
        """What binds this role; None where nothing does."""
        access = method.access
        for kind, path, roles in (
            ("area", access.area, AREA_ROLES),
            ("organisation_id", access.organisation, ORGANISATION_ROLES),
            ("elder_ids", access.person, PERSON_ROLES),
        ):
            if role in roles:
                return cls(kind, path)
        return None

    def value(self, row: Document) -> str:
        """What a row says in this column; empty where nothing."""
        found: Any = row
        for name in self.path.split("."):
            # an aggregate's list tells it directly, its records inside
            found = found.get(name, found) if isinstance(found, dict) else found
        return found if isinstance(found, str) else ""

    def claim(self, value: str) -> Document:
        """The claims of somebody to whom a row with this value belongs."""
        if self.kind == "area":
            return {"area": f"{value[:6]}000000"}
        return {"elder_ids": [value]} if self.kind == "elder_ids" else {self.kind: value}

    def holds(self, claims: Document, value: str) -> bool:
        """Whether a row with this value belongs to them."""
        claimed = claims[self.kind]
        if self.kind == "area":
            return value.startswith(claimed.rstrip("0") if claimed == CITY else claimed[:6])
        return value in claimed if self.kind == "elder_ids" else value == claimed

    def foreign(self, rows: list[Document], value: str) -> Document:
        """The claims of somebody of the same kind to whom no such row belongs; of one who owns
        others, if there is one.
        """
        if self.kind == "area":
            return {"area": f"{next(county for county in COUNTIES if county != value[:6])}000000"}
        other = next(
            (found for row in rows if (found := self.value(row)) not in ("", value)), NOBODY[0]
        )
        return self.claim(other)


@pytest.fixture(scope="module")
def seen(town: RunningCity) -> Seen:
    office = town.token("official", "inspector", "hotline", area=CITY)
    found = Seen(town)
    for method in calls.reads():
        if (
            method.verb == "GET"
            and "{" not in method.path
            and "after" in method.request.DESCRIPTOR.fields_by_name
        ):
            found.rows[method.path] = town.rows(method.path, office)
    elder = found.rows["/v1/elders"][0]["elder"]
    lineage = town.get(f"/v1/figures/{elder['area_code']}/{MONTH}/POP01/events", office)
    found.rows["/v1/archive"] = lineage["events"]
    kept = dict(town.kept)
    run = {"run_id": kept.pop("run_id"), "area_code": kept.pop("run_area")}
    found.rows["/v1/proof-runs"] = [run]
    found.ids |= kept
    return found


def rows_of(document: Document) -> list[Document]:
    return list(document["rows"]) if isinstance(document.get("rows"), list) else [document]


def question(method: Method, row: Document) -> tuple[str, Document]:
    """Path and parameters of a read about a row."""
    values = {"month": MONTH, "code": "POP01", "month_from": MONTH, "month_to": MONTH} | _flat(row)
    wanted = {name: values[name] for name in calls.least(method) if name in values}
    in_path = PLACES.findall(method.path)
    return filled(method.path, values), {
        name: value for name, value in wanted.items() if name not in in_path
    }


def _flat(row: Document) -> Document:
    """A row with the fields of its aggregate beside its own."""
    inner = [value for value in row.values() if isinstance(value, dict)]
    return {name: value for part in (*inner, row) for name, value in part.items()}


def ask(
    town: RunningCity, method: Method, token: str, row: Document, **more: Any
) -> httpx.Response:
    path, parameters = question(method, row)
    if method.body:
        return town.request(method.verb, path, token, json=parameters)
    return town.request(method.verb, path, token, params=parameters | more)


def cases() -> Iterator[tuple[Method, str]]:
    for method in calls.reads():
        if not method.access.open:
            yield from ((method, role) for role in sorted(method.access.roles))


def about_area(method: Method) -> bool:
    """True for a question that names an area and is answered for it as a whole, or refused."""
    return "area_code" in calls.least(method)


READS = [pytest.param(method, role, id=f"{named(method)} as {role}") for method, role in cases()]
EVERY = [pytest.param(method, id=named(method)) for method in methods()]


@pytest.mark.parametrize(("method", "role"), READS)
def test_a_reader_sees_what_is_in_scope_and_nothing_else(
    seen: Seen, method: Method, role: str
) -> None:
    scope = Scope.of(method, role)
    row = chosen(seen, method, scope)
    claims = scope.claim(scope.value(row)) if scope else {}
    token = seen.town.token(
        role, **claims, worker_id=row.get("worker_id", "") if role == "worker" else ""
    )

    answer = ask(seen.town, method, token, row)

    assert answer.status_code == 200, answer.text
    if method.gives_file:
        return
    rows = rows_of(answer.json())
    assert rows, "this reader's own rows are not told"
    assert [one for one in rows if scope and not scope.holds(claims, scope.value(one))] == []


@pytest.mark.parametrize(("method", "role"), [case for case in READS if Scope.of(*case.values)])
def test_a_foreign_reader_sees_none_of_it(seen: Seen, method: Method, role: str) -> None:
    scope = Scope.of(method, role)
    assert scope
    row = chosen(seen, method, scope)
    claims = scope.foreign(seen.of(method), scope.value(row))
    token = seen.town.token(
        role, **claims, worker_id=row.get("worker_id", "") if role == "worker" else ""
    )

    answer = ask(seen.town, method, token, row)

    if PLACES.findall(method.path) or about_area(method):
        assert (answer.status_code, answer.json()["reason"]) == (404, "NOT_FOUND"), answer.text
        return
    assert answer.status_code == 200, answer.text
    assert [
        one for one in rows_of(answer.json()) if not scope.holds(claims, scope.value(one))
    ] == []


@pytest.mark.parametrize(("method", "role"), [case for case in READS if Scope.of(*case.values)])
def test_a_reader_without_a_scope_sees_nothing(seen: Seen, method: Method, role: str) -> None:
    scope = Scope.of(method, role)
    assert scope
    row = chosen(seen, method, scope)

    answer = ask(seen.town, method, seen.town.token(role), row)

    if PLACES.findall(method.path) or about_area(method):
        assert answer.status_code == 404, answer.text
    else:
        assert [scope.value(one) for one in rows_of(answer.json()) if scope.value(one)] == [], (
            answer.text
        )


@pytest.mark.parametrize(
    "method",
    [
        case
        for case in EVERY
        if "after" in case.values[0].request.DESCRIPTOR.fields_by_name
        and "{" not in case.values[0].path
        and not case.values[0].access.public
    ],
)
def test_no_filter_leads_out_of_the_scope(seen: Seen, method: Method) -> None:
    """Each filter of a list, given a foreign value by somebody of another county, finds nothing."""
    row = seen.of(method)[0]
    role = next(role for role in sorted(method.access.roles) if role in AREA_ROLES)
    scope = Scope("area", method.access.area)
    token = seen.town.token(role, **scope.foreign([], scope.value(row)))
    filters = {
        name: value
        for name, value in _flat(row).items()
        if name in method.request.DESCRIPTOR.fields_by_name and isinstance(value, str) and value
    }

    for name, value in filters.items():
        answer = seen.town.request("GET", method.path, token, params={name: value})
        rows = rows_of(answer.json()) if answer.status_code == 200 else []
        assert answer.status_code in (200, 404), f"{name}={value}: {answer.text}"
        assert [
            one
            for one in rows
            if not scope.holds(
                {"area": scope.foreign([], scope.value(row))["area"]}, scope.value(one)
            )
        ] == []


def test_no_search_for_a_person_leads_out_of_the_county(seen: Seen) -> None:
    person = population(ELDERS, SEED, START, Geography(SEED))[0]
    at_home, elsewhere = (
        f"{person.area_code[:6]}000000",
        f"{next(one for one in COUNTIES if one != person.area_code[:6])}000000",
    )
    searches = {"id_number": person.id_number, "phone": person.phone, "name": person.name}

    for name, value in searches.items():
        if not value:
            continue
        own = seen.town.get(
            "/v1/elders", seen.town.token("official", area=at_home), **{name: value}
        )["rows"]
        foreign = seen.town.get(
            "/v1/elders", seen.town.token("official", area=elsewhere), **{name: value}
        )["rows"]
        assert own, name
        assert [
            row for row in foreign if not row["elder"]["area_code"].startswith(elsewhere[:6])
        ] == []


@pytest.mark.parametrize("method", EVERY)
def test_a_role_that_is_not_named_is_denied(town: RunningCity, method: Method) -> None:
    strangers = [] if method.access.open else sorted(ROLES - set(method.access.roles))
    for role in strangers:
        everything = {
            "area": CITY,
            "organisation_id": NOBODY[0],
            "elder_ids": [NOBODY[0]],
            "worker_id": NOBODY[0],
        }
        answer = knock(town, method, town.token(role, **everything))
        assert (answer.status_code, answer.json()["reason"]) == (403, "DENIED"), (
            f"{role}: {answer.text}"
        )


@pytest.mark.parametrize("method", EVERY)
def test_nobody_enters_without_a_token(town: RunningCity, method: Method) -> None:
    none = () if method.access.public else ("",)
    for token in (*none, "nonsense", _unsigned(town.token("official", area=CITY))):
        answer = knock(town, method, token)
        assert (answer.status_code, answer.json()["reason"]) == (401, "UNAUTHENTICATED"), (
            answer.text
        )
        assert answer.headers["www-authenticate"] == "Bearer"


def _unsigned(token: str) -> str:
    """A token whose signature is another one's."""
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{signature[::-1]}"


def knock(town: RunningCity, method: Method, token: str) -> httpx.Response:
    """A request that satisfies the contract, about nobody."""
    document = {} if method.takes_file else calls.example(method)
    path, in_path = filled(method.path, document), PLACES.findall(method.path)
    if method.takes_file:
        return town.request(
            method.verb,
            path,
            token,
            key=uuid4().hex,
            content=b"name\n",
            headers={"Content-Type": "text/csv"},
        )
    if method.body:
        body = {name: value for name, value in document.items() if name not in in_path}
        return town.request(method.verb, path, token, key=uuid4().hex, json=body)
    return town.request(
        method.verb,
        path,
        token,
        params={name: document[name] for name in calls.least(method) if name not in in_path},
    )


def written() -> list[Any]:
    return [
        pytest.param(method, role, id=f"{named(method)} as {role}")
        for method in calls.writes()
        for role in sorted(method.access.roles)
    ]


@pytest.mark.parametrize(("method", "role"), written())
def test_nobody_changes_what_is_foreign(seen: Seen, method: Method, role: str) -> None:
    scope = Scope.of(method, role)
    assert scope, "a role that writes has a scope"
    row = subject(seen, method, scope)
    ids = _flat(row)
    claims = scope.foreign(seen.of(method), scope.value(row) or ids.get("area_code", CITY))
    document = {
        name: ids[name] if name in ids and (name.endswith("_id") or name == "area_code") else value
        for name, value in calls.telling(method).items()
    }
    body = {
        name: value for name, value in document.items() if name not in PLACES.findall(method.path)
    }

    answer = seen.town.request(
        "POST",
        filled(method.path, document),
        seen.town.token(role, **claims, worker_id=NOBODY[0]),
        key=uuid4().hex,
        json=body,
    )

    assert (answer.status_code, answer.json()["reason"]) == (404, "NOT_FOUND"), (
        f"{body} by {claims}: {answer.text}"
    )


def chosen(seen: Seen, method: Method, scope: Scope | None) -> Document:
    """A row that a request of this method can be about, with something in the column that binds the
    caller.
    """
    rows = seen.of(method)
    if about_area(method):
        rows = [
            {"area_code": f"{row['elder']['area_code'][:6]}000000"}
            for row in seen.rows["/v1/elders"]
        ]
    elif method.path.endswith("/address"):
        rows = [row for row in rows if row["state"] == "STATE_ACCEPTED"]
    elif not rows:
        rows = [{"area_code": f"{COUNTIES[0]}000000"}]  # the ledger has no rows of its own
    fitting = [row for row in rows if scope is None or scope.value(row)]
    assert fitting, f"{named(method)}: nothing was told to the city's office that has a {scope}"
    return fitting[0]


def subject(seen: Seen, method: Method, scope: Scope) -> Document:
    """A row of somebody else that a write can be about: what its path names, or the first id in its
    body.
    """
    wanted = [
        name
        for name in (*PLACES.findall(method.path), *calls.least(method))
        if name.endswith("_id") or name == "area_code"
    ]
    first = wanted[0]
    rows = [
        _flat(row) for path, found in seen.rows.items() if path != "/v1/archive" for row in found
    ]
    column = {"area": "area_code", "organisation_id": "organisation_id", "elder_ids": "elder_id"}[
        scope.kind
    ]
    fitting = [
        row
        for row in rows
        if row.get(first) and row.get(column) and all(row.get(name) for name in wanted[:1])
    ]
    assert fitting, f"{named(method)}: no row has {first} and {column}"
    return fitting[0] | {scope.path: fitting[0][column]}


def internal() -> list[str]:
    public = {method.full_name for method in methods()}
    services = [service for api in apis() for service in api.services_by_name.values()]
    every = [
        f"{service.full_name}/{method.name}" for service in services for method in service.methods
    ]
    return [name for name in every if name not in public]


@pytest.mark.parametrize("name", internal())
def test_an_internal_method_has_no_way_in_from_outside(town: RunningCity, name: str) -> None:
    service, _, method = name.rpartition("/")
    short = service.rpartition(".")[2].lower()
    for path in (
        f"/{name}",
        f"/v1/{short}:{method.lower()}",
        f"/v1/{short}/{NOBODY[0]}:{method.lower()}",
        f"/v1/{method.lower()}",
    ):
        answer = town.request(
            "POST",
            path,
            town.token(*sorted(ROLES - {"service"}), area=CITY),
            key=uuid4().hex,
            json={},
        )
        assert answer.status_code in (404, 405), f"{path}: {answer.status_code}"


@pytest.mark.parametrize("name", internal())
def test_an_internal_method_listens_to_its_callers_alone(town: RunningCity, name: str) -> None:
    service, _, method = name.rpartition("/")
    users = town.token(
        *sorted(ROLES - {"service"}), area=CITY, organisation_id=NOBODY[0], elder_ids=[NOBODY[0]]
    )

    assert spoken(town, name, f"Bearer {users}") == grpc.StatusCode.PERMISSION_DENIED
    assert spoken(town, name, f"Bearer {town.operator()}") == grpc.StatusCode.PERMISSION_DENIED
    assert spoken(town, name, "") == grpc.StatusCode.UNAUTHENTICATED
    assert (
        spoken(town, name, f"Bearer {users}", f"Bearer {users}") == grpc.StatusCode.UNAUTHENTICATED
    )
    callers = set(methods_of(service)[method].callers)
    for caller in callers:  # is let in, and then its empty request is refused
        assert (
            spoken(town, name, f"Bearer {town.client_token(caller)}")
            == grpc.StatusCode.INVALID_ARGUMENT
        )
    for stranger in set(present()) - callers:
        assert (
            spoken(town, name, f"Bearer {town.client_token(stranger)}")
            == grpc.StatusCode.PERMISSION_DENIED
        )


def spoken(
    town: RunningCity, name: str, authorization: str, on_behalf_of: str = ""
) -> grpc.StatusCode:
    """The status of an empty request over gRPC."""
    metadata = [("idempotency-key", uuid4().hex)]
    metadata += [("authorization", authorization)] if authorization else []
    metadata += [("on-behalf-of", on_behalf_of)] if on_behalf_of else []
    with grpc.insecure_channel(town.grpc(name.split(".")[1])) as channel:
        try:
            channel.unary_unary(f"/{name}")(b"", timeout=20, metadata=metadata)
        except grpc.RpcError as error:
            code: grpc.StatusCode = error.code()
            return code
    return grpc.StatusCode.OK


def test_nobody_may_speak_on_behalf_of_somebody_who_did_not_give_a_token(town: RunningCity) -> None:
    assert (
        spoken(
            town,
            "eldercare.assessment.v1.Elders/List",
            f"Bearer {town.token('elder', elder_ids=[NOBODY[0]])}",
            f"Bearer {town.token('official', area=CITY)}",
        )
        == grpc.StatusCode.UNAUTHENTICATED
    )


def test_a_feed_tells_an_organisation_its_own_and_nobody_elses(seen: Seen) -> None:
    organisations = sorted(
        {row["organisation_id"] for row in seen.rows["/v1/orders"] if row["organisation_id"]}
    )[:2]
    pages = {}
    for organisation in organisations:
        pages[organisation] = seen.town.get(
            "/v1/feed", seen.town.token("provider", organisation_id=organisation), limit=500
        )
        owners = {event["data"]["organisation_id"] for event in pages[organisation]["events"]}
        assert owners == {organisation}
    first, second = organisations
    foreign = seen.town.request(
        "GET",
        "/v1/feed",
        seen.town.token("provider", organisation_id=first),
        params={"cursor": pages[second]["cursor"]},
    )
    assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (422, "cursor")
    assert (
        seen.town.get("/v1/feed", seen.town.token("provider", organisation_id=str(UUID(int=7))))[
            "events"
        ]
        == []
    )


@pytest.mark.parametrize("role", sorted(ROLES - ORGANISATION_ROLES - {"monitor"}))
def test_a_feed_is_for_organisations_alone(town: RunningCity, role: str) -> None:
    answer = town.request(
        "GET",
        "/v1/feed",
        town.token(role, area=CITY, organisation_id=NOBODY[0], elder_ids=[NOBODY[0]]),
    )

    assert (answer.status_code, answer.json()["reason"]) == (403, "DENIED"), answer.text
