"""Speaks to the gateway, like a citizen or a firm: with a key for every command, again and again
until there is an answer.
"""

import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from simulator.wire import Broken, Wire

T = TypeVar("T")
PATIENCE_S = 240.0  # a killed broker or database is back long before
ANSWER_S = 70.0  # the gateway itself gives up after 60
FORM = "application/x-www-form-urlencoded"
AGAIN = frozenset({429, 500, 502, 503, 504})
RENEWED_S = 1800.0  # a token lives for an hour
DOUBLE = (
    0.02  # share of commands that are sent twice at once, as a double click or a bad network does
)


class Refused(Exception):
    """The platform refused; `problem` is its document."""

    def __init__(self, path: str, status: int, problem: dict[str, Any]) -> None:
        self.path, self.status, self.problem, self.reason = (
            path,
            status,
            problem,
            problem.get("reason", ""),
        )
        super().__init__(
            f"{path}: {status} {self.reason}: {problem.get('detail')} {problem.get('errors', '')}"
        )


class NotTheSame(Exception):
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


class Gateway:
    """One address, one person at a time by token."""

    def __init__(
        self, address: str, *, client_id: str, secret: str, seed: int, width: int = 16
    ) -> None:
        self.address, self._random = address.rstrip("/"), Random(f"client:{seed}")
        self._basic = f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"
        self._wire = Wire(self.address, ANSWER_S)
        self.width, self.tally = width, Tally()
        self._operator, self._operator_until = "", 0.0
        self._run = f"{seed}-{int(time.time())}"
        self._number = 0

    async def close(self) -> None:
        """Ends the connections."""
        await self._wire.close()

    async def operator(self) -> str:
        """The simulation's own token."""
        if time.monotonic() > self._operator_until:
            answer = await self._patiently(
                "POST", "/token", Request(FORM, b"grant_type=client_credentials", self._basic)
            )
            self._operator, self._operator_until = (
                answer["access_token"],
                time.monotonic() + answer["expires_in"] * 0.7,
            )
        return self._operator

    async def tokens(self, people: list[dict[str, Any]]) -> list[str]:
        """One token each for people with sub, roles and their scope."""
        tokens: list[str] = []
        for at in range(0, len(people), 2000):
            answer = await self._patiently(
                "POST",
                "/onebox/tokens",
                _asked(await self.operator(), {"people": people[at : at + 2000]}),
            )
            tokens += answer["tokens"]
        return tokens

    async def add_user(self, username: str, title: str, **claims: Any) -> None:
        """Somebody who may log in to the one-box city with a password."""
        await self._patiently(
            "POST",
            "/onebox/users",
            _asked(await self.operator(), {"username": username, "title": title, **claims}),
        )

    async def post(
        self, token: str, path: str, body: dict[str, Any], *, key: str = ""
    ) -> dict[str, Any]:
        """A command; without a key of the caller's it gets one that no other run has. Raises:
        Refused, NotTheSame.
        """
        self._number += 1
        key = key or f"{self._run}-{self._number:09d}"
        began, asked = time.perf_counter(), _asked(token, body, key)
        if self._random.random() < DOUBLE:
            self.tally.doubled += 1
            answers = await asyncio.gather(
                *(self._patiently("POST", path, asked) for _ in range(2)), return_exceptions=True
            )
            if isinstance(answers[0], BaseException):
                raise answers[0]
            if answers[0] != answers[1]:
                raise NotTheSame(f"{path}: {answers[0]} and {answers[1]}")
            answer: dict[str, Any] = answers[0]
        else:
            answer = await self._patiently("POST", path, asked)
        self.tally.commands += 1
        self.tally.seconds.append(time.perf_counter() - began)
        return answer

    async def upload(self, token: str, path: str, text: str) -> dict[str, Any]:
        """A CSV file."""
        self._number += 1
        self.tally.commands += 1
        key = f"{self._run}-{self._number:09d}"
        return await self._patiently(
            "POST", path, Request("text/csv", text.encode(), f"Bearer {token}", key)
        )

    async def get(self, token: str, path: str, **query: Any) -> dict[str, Any]:
        """A question."""
        self.tally.reads += 1
        return await self._patiently("GET", path, Request("", b"", f"Bearer {token}"), query)

    async def text(self, token: str, path: str) -> str:
        """A file."""
        self.tally.reads += 1
        return str(
            (await self._patiently("GET", path, Request("", b"", f"Bearer {token}")))["text"]
        )

    async def _patiently(
        self, verb: str, path: str, asked: "Request", query: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        until, pause = time.monotonic() + PATIENCE_S, 0.05
        while True:
            try:
                answer = await self._wire.request(verb, path, asked.headers, asked.body, query)
            except Broken as error:
                if time.monotonic() > until:
                    raise TimeoutError(f"{error} for {PATIENCE_S:.0f} s") from error
            else:
                if answer.status == 200:
                    return answer.document()
                if answer.status not in AGAIN or time.monotonic() > until:
                    problem = answer.document()
                    self.tally.refused[problem.get("reason", str(answer.status))] += 1
                    raise Refused(path, answer.status, problem)
            self.tally.repeated += 1
            await asyncio.sleep(pause * (0.5 + self._random.random()))
            pause = min(pause * 2, 2.0)

    async def each(
        self,
        work: Callable[[T], Awaitable[None]],
        items: Iterable[T],
        *,
        done: Callable[[], None] = lambda: None,
    ) -> None:
        """Does the work for every item, `width` at a time; the first error ends all."""
        waiting = iter(list(items))

        async def one() -> None:
            for item in waiting:
                await work(item)
                done()

        async with asyncio.TaskGroup() as group:
            for _ in range(self.width):
                group.create_task(one())

    async def clock(self, now: str) -> None:
        """Moves the business clock on."""
        await self._patiently("POST", "/onebox/clock", _asked(await self.operator(), {"now": now}))

    async def quiet(self) -> dict[str, Any]:
        """Waits until nothing is under way; what each part says of itself."""
        answer = await self._patiently(
            "GET", "/onebox/quiet", Request("", b"", f"Bearer {await self.operator()}")
        )
        return dict(answer["services"])


class Request:
    """What is sent, the same at every try."""

    __slots__ = ("body", "headers")

    def __init__(self, kind: str, body: bytes, authorization: str, key: str = "") -> None:
        self.body = body
        self.headers = {"Authorization": authorization}
        if kind:
            self.headers["Content-Type"] = kind
        if key:
            self.headers["Idempotency-Key"] = key


def _asked(token: str, body: dict[str, Any], key: str = "") -> Request:
    return Request(
        "application/json", json.dumps(body, ensure_ascii=False).encode(), f"Bearer {token}", key
    )


class Identities:
    """Tokens by the names the simulation gives to people; they are renewed long before they end."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._people: dict[str, dict[str, Any]] = {}
        self._tokens: dict[str, str] = {}
        self._until = 0.0

    def know(self, name: str, **claims: Any) -> None:
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
