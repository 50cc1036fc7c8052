"""Exercises a running platform through its gateway, as a client would: `python -m
city.operations.smoke GATEWAY TIMEOUT_S`.

Variables: CLIENT_ID and CLIENT_SECRET, or USERNAME and PASSWORD; TOKEN_URL where the issuer is not
the gateway; TOKEN instead of all these; PEERS (JSON: management address by service) adds the
readiness of each; CITY is the area whose board is read.

A read that is refused fails: who asks needs the area of the city with the role monitor; or official
for the board, and provider, worker or home with an organisation_id for the feed. Of a service whose
lists are all of somebody's, a monitor sees that it refuses them. It only reads: every command that
others consume leaves a fact in somebody's registers for good.
"""

from kit.runtime import collector

if __name__ == "__main__":
    collector.rest()

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import httpx
import jwt
import protovalidate

from city.names import BUSINESS
from gateway.contracts.methods import Method, methods
from kit.contracts.decoding import WrongType, decoded

CITY = "341100000000"
ANSWER_S = 10.0
PAUSE_S = 0.5
MONITOR = "monitor"  # the role that reads nobody's rows
UNKNOWN = frozenset({"?"})  # roles of a token that only its issuer can read


class Failed(Exception):
    """What the platform answered is not what the contracts say."""


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    check: str
    passed: bool
    text: str
    took_ms: float

    def __str__(self) -> str:
        return (
            f"{'ok  ' if self.passed else 'FAIL'}  {self.check:<24} {self.text:<72} "
            f"{self.took_ms:8.1f} ms"
        )


class Smoke:
    """The checks, in the order in which each needs the ones before it. given: the variables."""

    def __init__(self, gateway: str, given: Mapping[str, str], timeout_s: float) -> None:
        self._given = given
        self._until = time.monotonic() + timeout_s
        self._http = httpx.Client(base_url=gateway.rstrip("/"), timeout=ANSWER_S, trust_env=False)
        self._token = ""
        self._roles: frozenset[str] = frozenset()

    def results(self, report: Callable[[Result], None]) -> list[Result]:
        """Runs all checks; each is reported when it is done."""
        peers: dict[str, str] = json.loads(self._given.get("PEERS") or "{}")
        checks: list[tuple[str, Callable[[], str]]] = [
            *((f"ready {name}", partial(self._ready, address)) for name, address in peers.items()),
            ("interface", self._interface),
            ("token", self._authorised),
            ("no token", self._refused),
            *((f"read {name}", partial(self._read, name)) for name in BUSINESS),
            ("board", self._board),
            ("feed", self._feed),
        ]
        done = []
        with self._http:
            for name, check in checks:
                done.append(_measured(name, check))
                report(done[-1])
        return done

    def _ready(self, address: str) -> str:
        """A service that has just been started may take its time, up to the timeout of all."""
        while True:
            try:
                answer = self._http.get(f"{address.rstrip('/')}/ready")
                text = str(answer.json().get("reason", "")) or str(answer.status_code)
                if answer.status_code == 200:
                    return "ready"
            except (httpx.HTTPError, ValueError) as error:
                text = f"{type(error).__name__}: {error}"
            if time.monotonic() > self._until:
                raise Failed(text)
            time.sleep(PAUSE_S)

    def _interface(self) -> str:
        while True:
            try:
                answer = self._http.get("/openapi.json")
                break
            except httpx.TransportError:
                if time.monotonic() > self._until:
                    raise
                time.sleep(PAUSE_S)
        document = _body(answer, 200)
        paths = decoded(dict[str, object], document["paths"], "paths")
        missing = sorted(
            {method.path.split(":")[0] for method in methods()}
            - {path.split(":")[0] for path in paths}
        )
        if missing:
            raise Failed(f"not in the document: {', '.join(missing[:3])} ({len(missing)})")
        return f"OpenAPI {document['openapi']}, {len(paths)} paths"

    def _authorised(self) -> str:
        given = self._given
        if token := given.get("TOKEN"):
            self._token = token
        else:
            address = given.get("TOKEN_URL") or str(
                _body(self._http.get("/.well-known/openid-configuration"), 200)["token_endpoint"]
            )
            if given.get("CLIENT_ID"):
                login = (given["CLIENT_ID"], given.get("CLIENT_SECRET", ""))
                answer = self._http.post(
                    address, data={"grant_type": "client_credentials"}, auth=login
                )
            elif given.get("USERNAME"):
                form = {
                    "grant_type": "password",
                    "username": given["USERNAME"],
                    "password": given.get("PASSWORD", ""),
                }
                answer = self._http.post(address, data=form)
            else:
                raise Failed("set CLIENT_ID and CLIENT_SECRET, or USERNAME and PASSWORD, or TOKEN")
            self._token = str(_body(answer, 200)["access_token"])
        try:
            claims = jwt.decode(self._token, options={"verify_signature": False})
        except jwt.PyJWTError:
            claims = {"roles": UNKNOWN}
        self._roles = frozenset(claims.get("roles", ()))
        return (
            f"of {claims.get('iss', '?')} for {claims.get('sub', '?')}: "
            f"{', '.join(sorted(self._roles)) or 'no roles'}"
        )

    def _refused(self) -> str:
        _body(self._http.get("/v1/indicators"), 401)
        return "refused with 401"

    def _read(self, service: str) -> str:
        """A list of the service that the caller may read, rather one that not everybody may."""
        lists = sorted(
            (method for method in methods() if method.service == service and _plain(method)),
            key=lambda each: each.access.open,
        )
        if not lists:
            raise Failed("the contracts have no list")
        allowed = [method for method in lists if self._may(method)]
        if not allowed and MONITOR in self._roles:
            return self._denied(lists[0])
        if not allowed:
            wanted = sorted({role for method in lists for role in method.access.roles})
            raise Failed(
                f"these roles may read no list of it; needed is one of {', '.join(wanted)}"
            )
        method = allowed[0]
        if self._roles == UNKNOWN:
            method = next(
                (each for each in allowed if self._asked(each.path).status_code != 403), method
            )
        return self._get(method.path, f"{method.verb} {method.path}")[0]

    def _board(self) -> str:
        board = next(
            method
            for method in methods()
            if method.full_name == "eldercare.datacenter.v1.Boards/Get"
        )
        area = self._given.get("CITY") or CITY
        _, body = self._get(board.path.replace("{area_code}", area), f"area {area}")
        sources = decoded(list[dict[str, object]], body.get("freshness", []), "freshness")
        figures = decoded(list[object], body.get("figures", []), "figures")
        if not body.get("made_at"):
            raise Failed("the board does not say when it was made")
        lag = sum(int(str(source.get("lag", 0))) for source in sources)
        is_unknown = any(source.get("lag_unknown") for source in sources)
        behind = "unknown how far behind" if is_unknown else f"{lag} events behind"
        return f"{len(figures)} figures, {len(sources)} sources, {behind}"

    def _feed(self) -> str:
        _, body = self._get("/v1/feed", "GET /v1/feed")
        first = decoded(int, body["first"], "first")
        last = decoded(int, body["last"], "last")
        events = len(decoded(list[object], body["events"], "events"))
        withheld = decoded(int, body["withheld"], "withheld")
        if last - first + 1 != events + withheld:
            raise Failed("the page does not account for its positions")
        return f"positions {first}…{last}: {events} events, {withheld} withheld"

    def _denied(self, method: Method) -> str:
        """The service itself decides who may call: it has read the token and keeps its rows."""
        body = _body(self._asked(method.path), 403)
        if body.get("reason") != "DENIED":
            raise Failed(f"{method.path}: {body.get('reason')}, not DENIED")
        return f"{method.verb} {method.path}: refused, as it should be"

    def _get(self, path: str, what: str) -> tuple[str, dict[str, object]]:
        answer = self._asked(path)
        body = _body(answer, 200)
        return f"{what}: {len(answer.content)} bytes", body

    def _asked(self, path: str) -> httpx.Response:
        return self._http.get(path, headers={"Authorization": f"Bearer {self._token}"})

    def _may(self, method: Method) -> bool:
        """Whether the contracts let this caller read it; where only the issuer knows its roles, it
        has to be tried.
        """
        return (
            method.access.open
            or self._roles == UNKNOWN
            or bool(self._roles & set(method.access.roles))
        )


def _plain(method: Method) -> bool:
    """A list that needs no parameter."""
    if method.verb != "GET" or "{" in method.path or method.gives_file:
        return False
    try:
        protovalidate.validate(method.request())
    except protovalidate.ValidationError:
        return False
    return True


def _body(answer: httpx.Response, status: int) -> dict[str, object]:
    if answer.status_code != status:
        raise Failed(
            f"{answer.request.method} {answer.request.url.path}: {answer.status_code}, not "
            f"{status}: {answer.text[:160]}"
        )
    try:
        body = answer.json()
    except ValueError:
        raise Failed(f"{answer.request.url.path}: no JSON") from None
    if not isinstance(body, dict):
        raise Failed(f"{answer.request.url.path}: no JSON object")
    return body


def _measured(name: str, check: Callable[[], str]) -> Result:
    began = time.perf_counter()
    try:
        text = check()
        passed = True
    except Failed as error:
        text = str(error)
        passed = False
    except (httpx.HTTPError, KeyError, WrongType) as error:
        text = f"{type(error).__name__}: {error}"
        passed = False
    return Result(name, passed, text, (time.perf_counter() - began) * 1000)


def main(gateway: str, timeout_s: float, given: Mapping[str, str] = os.environ) -> int:
    """Prints the table; returns 0 if every check passed."""
    results = Smoke(gateway, given, timeout_s).results(lambda result: print(result, flush=True))
    passed = sum(result.passed for result in results)
    print(f"smoke: {passed} of {len(results)} checks passed on {gateway}", flush=True)
    return 0 if passed == len(results) else 1


if __name__ == "__main__":
    collector.resume()
    sys.exit(main(sys.argv[1], float(sys.argv[2])))
