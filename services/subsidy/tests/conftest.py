"""A service that has begun, and short ways to read what it stores."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from kit.contracts.clock import Clock
from kit.db.store import Store
from subsidy.__main__ import begin


@pytest_asyncio.fixture
async def city(store: Store) -> AsyncIterator[Store]:
    """The store of a service that has published its policies and set its timers."""
    await begin(store)
    yield store


@pytest.fixture
def at(clock: Clock) -> Callable[[str], datetime]:
    """`at("2026-04-10 09:00")` moves the business clock to that instant of Shanghai."""

    def move(moment: str) -> datetime:
        return clock.set(datetime.fromisoformat(f"{moment}+08:00"))

    return move


@pytest.fixture
def rows(store: Store) -> Callable[..., Any]:
    """`await rows("select … $1", value)` = dictionaries."""

    async def read(statement: str, *values: Any) -> list[dict[str, Any]]:
        async with store.reading() as session:
            return [dict(row) for row in await (await session.driver()).fetch(statement, *values)]

    return read
