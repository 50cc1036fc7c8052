"""The gateway's application in this process, over real services, tokens and databases."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.routing import Route

from gateway.http import app
from gateway.http.limits import Bounds
from kit.security.identity import Identity
from testkit.identity import Issuer

Opened = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest_asyncio.fixture
async def identity(issuer: Issuer) -> AsyncIterator[Identity]:
    made = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Opened]:
    """`await opened(routes)` = a client of the application around these routes, whose portal is
    `tmp_path`.
    """
    async with AsyncExitStack() as ends:

        async def open_(
            routes: list[Route],
            *,
            identity: Identity | None = None,
            concurrency: int = 8,
            body_bytes: int = 1 << 20,
        ) -> httpx.AsyncClient:
            bounds = Bounds(concurrency=concurrency, json_bytes=body_bytes, body_bytes=body_bytes)
            inside = app.app(routes, bounds, identity=identity, portal=tmp_path)
            transport = httpx.ASGITransport(app=inside, raise_app_exceptions=False)
            return await ends.enter_async_context(
                httpx.AsyncClient(transport=transport, base_url="http://gateway")
            )

        yield open_


@pytest.fixture
def bearer(issuer: Issuer) -> Callable[..., dict[str, str]]:
    """`bearer("official", area=…)` = the header of such a caller."""

    def made(*roles: str, **claims: object) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer.token(roles, **claims)}"}  # type: ignore[arg-type]

    return made
