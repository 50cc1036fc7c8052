"""Speaks to the gateway, like a citizen or a firm: with a key for every command, again and again
until there is an answer.
"""

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar

from simulator.http_client import Disconnected, HttpClient, Json, Query, Response

T = TypeVar("T")
PATIENCE_S = 240.0  # a killed broker or database is back long before
ANSWER_S = 70.0  # the gateway itself gives up after 60
# between two tries; doubled each time
PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
FORM = "application/x-www-form-urlencoded"
DONE = frozenset({200, 202})  # 202: a job has begun
RETRIED = frozenset({429, 500, 502, 503, 504})
# a gateway of the release before does not know a route or field of this one: it is being replaced
REPLACED_S = 900.0
RENEWED_S = 1800.0  # a token lives for an hour
TOKEN_SHARE = 0.7  # of the operator's token's life, after which it is renewed
TOKENS_A_REQUEST = 2000
# share of commands that are sent twice at once, as a double click or a bad network does
DOUBLE = 0.02


class Refused(Exception):
    """The platform refused; `problem` is its document."""

    def __init__(self, path: str, status: int, problem: Json) -> None:
        self.path = path
        self.status = status
        self.problem = problem
        self.reason: str = problem.get("reason", "")
        super().__init__(
            f"{path}: {status} {self.reason}: {problem.get('detail')} {problem.get('errors', '')}"
        )


class InconsistentAnswers(Exception):
    """The same command, sent twice, was answered in two ways."""


@dataclass
class Tally:
    """What was sent, and how long it took (seconds, the slow ones included)."""

    commands: int = 0
    reads: int = 0
    repeated: int = 0
    doubled: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, the same at every try."""

    authorization: str
    content_type: str = ""
    body: bytes = b""
    key: str = ""

    def headers(self) -> dict[str, str]:
        """Those that are not empty."""
        headers = {"Authorization": self.authorization}
        if self.content_type:
            headers["Content-Type"] = self.content_type
        if self.key:
            headers["Idempotency-Key"] = self.key
        return headers


class Gateway:
    """One address, one person at a time by token."""

    def __init__(
        self, address: str, *, client_id: str, secret: str, seed: int, width: int = 16
    ) -> None:
        self.width = width
        self.tally = Tally()
        self._random = Random(f"client:{seed}")
        self._basic = f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"
        self._http = HttpClient(address, ANSWER_S)
        self._operator = ""
        self._operator_until = 0.0
        self._run = f"{seed}-{int(time.time())}"
        self._number = 0

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.close()

    async def operator(self) -> str:
        """The simulation's own token."""
        if time.monotonic() > self._operator_until:
            request = Request(self._basic, FORM, b"grant_type=client_credentials")
            answer = await self._retried("POST", "/token", request)
            self._operator = answer["access_token"]
            self._operator_until = time.monotonic() + answer["expires_in"] * TOKEN_SHARE
        return self._operator

    async def tokens(self, people: list[Json]) -> list[str]:
        """One token each for people with sub, roles and their scope."""
        tokens: list[str] = []
        for at in range(0, len(people), TOKENS_A_REQUEST):
            body = {"people": people[at : at + TOKENS_A_REQUEST]}
            request = _json_request(await self.operator(), body)
            tokens += (await self._retried("POST", "/onebox/tokens", request))["tokens"]
        return tokens

    async def add_user(self, user: Mapping[str, object]) -> None:
        """Somebody who may log in to the one-box city with a password: username, title, claims."""
        request = _json_request(await self.operator(), dict(user))
        await self._retried("POST", "/onebox/users", request)

    async def post(self, token: str, path: str, body: Json, *, key: str = "") -> Json:
        """A command; without a key of the caller's it gets one that no other run has.

        Raises: Refused, InconsistentAnswers.
        """
        own_key = self._next_key()
        request = _json_request(token, body, key or own_key)
        began = time.perf_counter()
        if self._random.random() < DOUBLE:
            answer = await self._doubled(path, request)
        else:
            answer = await self._retried("POST", path, request)
        self.tally.commands += 1
        self.tally.seconds.append(time.perf_counter() - began)
        return answer

    async def upload(self, token: str, path: str, text: str) -> Json:
        """A CSV file."""
        self.tally.commands += 1
        request = Request(f"Bearer {token}", "text/csv", text.encode(), self._next_key())
        return await self._retried("POST", path, request)

    async def get(self, token: str, path: str, **query: str | int) -> Json:
        """A question."""
        self.tally.reads += 1
        return await self._retried("GET", path, Request(f"Bearer {token}"), query)

    async def text(self, token: str, path: str) -> str:
        """A file."""
        return str((await self.get(token, path))["text"])

    async def each(self, work: Callable[[T], Awaitable[None]], items: Iterable[T]) -> None:
        """Does the work for every item, `width` at a time; the first error ends all."""
        waiting = iter(list(items))

        async def one() -> None:
            for item in waiting:
                await work(item)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.width):
                group.create_task(one())

    async def clock(self, now: str) -> None:
        """Moves the business clock on."""
        request = _json_request(await self.operator(), {"now": now})
        await self._retried("POST", "/onebox/clock", request)

    async def quiet(self) -> Json:
        """Waits until nothing is under way; the status of each part."""
        request = Request(f"Bearer {await self.operator()}")
        answer = await self._retried("GET", "/onebox/quiet", request)
        return dict(answer["services"])

    def _next_key(self) -> str:
        self._number += 1
        return f"{self._run}-{self._number:09d}"

    async def _doubled(self, path: str, request: Request) -> Json:
        """The command twice at once; both must be answered alike."""
        self.tally.doubled += 1
        both = (self._retried("POST", path, request) for _ in range(2))
        first, second = await asyncio.gather(*both, return_exceptions=True)
        if isinstance(first, BaseException):
            raise first
        if first != second:
            raise InconsistentAnswers(f"{path}: {first} and {second}")
        return first

    async def _retried(
        self, verb: str, path: str, request: Request, query: Query | None = None
    ) -> Json:
        began = time.monotonic()
        pause_s = PAUSE_S
        headers = request.headers()
        while True:
            try:
                response = await self._http.request(verb, path, headers, request.body, query)
            except Disconnected as error:
                if time.monotonic() > began + PATIENCE_S:
                    raise TimeoutError(f"{error} for {PATIENCE_S:.0f} s") from error
            else:
                if response.status in DONE:
                    return response.document()
                if time.monotonic() > began + _patience_s(response):
                    raise self._refused(path, response)
            self.tally.repeated += 1
            await asyncio.sleep(pause_s * (0.5 + self._random.random()))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _refused(self, path: str, response: Response) -> Refused:
        problem = response.document()
        self.tally.refused[problem.get("reason", str(response.status))] += 1
        return Refused(path, response.status, problem)


def _patience_s(refused: Response) -> float:
    """For how long the same request is sent again."""
    if refused.status in RETRIED:
        return PATIENCE_S
    problem = refused.document()
    rules = [str(error.get("rule", "")) for error in problem.get("errors", ())]
    unknown_route = refused.status == 405 or problem.get("detail") == "Not Found"
    unknown_field = refused.status == 422 and any(rule.startswith("is one of") for rule in rules)
    return REPLACED_S if unknown_route or unknown_field else 0


def _json_request(token: str, body: Json, key: str = "") -> Request:
    encoded = json.dumps(body, ensure_ascii=False).encode()
    return Request(f"Bearer {token}", "application/json", encoded, key)


class Identities:
    """Tokens by the names the simulation gives to people; they are renewed long before they end."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._people: dict[str, Json] = {}
        self._tokens: dict[str, str] = {}
        self._until = 0.0

    def add(self, name: str, **claims: object) -> None:
        """Somebody with roles and their scope; the token comes with the next `renew`."""
        self._people[name] = {"sub": f"sim-{name.replace(' ', '-')}", **claims}

    async def renew(self) -> None:
        """Tokens for those who have none, or for all where the oldest is half an hour old."""
        if time.monotonic() > self._until:
            self._tokens.clear()
            self._until = time.monotonic() + RENEWED_S
        missing = [name for name in self._people if name not in self._tokens]
        if missing:
            tokens = await self._gateway.tokens([self._people[name] for name in missing])
            self._tokens |= dict(zip(missing, tokens, strict=True))

    def __getitem__(self, name: str) -> str:
        return self._tokens[name]
