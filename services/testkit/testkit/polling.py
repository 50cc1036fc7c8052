"""Waits for what must become true, never for a fixed time."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

T = TypeVar("T")


async def until(
    check: Callable[[], T | Awaitable[T]],
    timeout: float = 10,
    *,
    pause: float = 0.02,
    what: str = "",
) -> T:
    """Calls `check` until its answer is true and returns that answer.

    timeout: s, real time. what: what was waited for, for the error. Raises: AssertionError with the
    last answer.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = check()
        answer: T = await found if inspect.isawaitable(found) else found
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not true within {timeout} s: "
                f"{what or getattr(check, '__name__', check)}; last answer: {answer!r}"
            )
        await asyncio.sleep(pause)


@pytest.fixture(name="until")
def _until() -> Callable[..., Awaitable[object]]:
    """`await until(check, timeout)`."""
    return until
