"""A service's gRPC side in this process, on a database of its own: real channel, real tokens, real
PostgreSQL.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from importlib import import_module
from typing import Unpack
from uuid import UUID

import pytest_asyncio
from google.protobuf.message import Message

from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.rpc.client import Client
from kit.rpc.server import Server
from kit.runtime.parts import Parts
from kit.runtime.settings import Settings
from testkit.databases import Databases, key_ring
from testkit.identity import Issuer, Spoken

# nobody brokers Kafka there: messages stay in the outbox, where a test can read them
NOWHERE = "127.0.0.1:9"


class Served:
    """A service that answers. address: host:port. store: its database, for looking into."""

    def __init__(self, parts: Parts, server: Server, issuer: Issuer) -> None:
        self.parts = parts
        self.store = parts.store
        self._server = server
        self._issuer = issuer
        self.address = f"127.0.0.1:{server.port}"
        self._client = Client(self.address)

    async def call(
        self,
        method: str,
        request: Message,
        *,
        roles: Sequence[str] = ("operator",),
        token: str | None = None,
        key: str | UUID | None = None,
        **claims: Unpack[Spoken],
    ) -> Message:
        """The reply of "pkg.Service/Method" to a caller with these roles and claims.

        key: idempotency key; without one each call brings a new one. Raises: the refusal that the
        service answers.
        """
        spoken = token or self._issuer.token(roles, **claims)
        return await self._client.call(
            method, request, token=spoken, key=str(key or ids.new()), timeout=10
        )

    async def close(self) -> None:
        await self._client.close()
        await self._server.drain(grace_s=1)
        await self.parts.close()


@pytest_asyncio.fixture
async def served(
    database: Databases, issuer: Issuer, clock: Clock
) -> AsyncIterator[Callable[..., Awaitable[Served]]]:
    """`await served("assessment", **settings)` = that service's gRPC, ready; its settings are made
    for the test, given ones win.
    """
    started: list[Served] = []

    async def serve(package: str, **given: object) -> Served:
        kind: type[Settings] = import_module(f"{package}.settings").Settings
        issuer.clients.setdefault(package, f"secret of {package}")
        settings = kind.model_validate(
            {
                "service": package,
                "database": await database(package),
                "kafka": NOWHERE,
                "issuer": issuer.url,
                "keys_url": issuer.keys_url,
                "token_url": issuer.token_url,
                "client_secret": issuer.clients[package],
                "personal_keys": key_ring(),
                "hash_keys": key_ring(),
                "clock_file": clock.file,
                "one_box": True,
                **given,
            }
        )
        parts = Parts(settings)
        answers = import_module(f"{package}.__main__").servicers(parts)
        server = Server(answers, store=parts.store, identity=parts.identity)
        await server.start()
        await server.ready(True)
        started.append(Served(parts, server, issuer))
        return started[-1]

    yield serve
    for service in reversed(started):
        await service.close()
