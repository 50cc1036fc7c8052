"""Spares the garbage collector what collecting the tests has made: some millions of objects that
live as long as the process. Each full collection would look at all of them, for seconds.
"""

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    gc.disable()  # nearly all that is made here is kept
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
