"""The registry of benchmarks: each measures one figure of its package and returns the object that
is printed last.
"""

from collections.abc import Callable
from importlib import import_module
from typing import Any


def _of(module: str) -> Callable[[], dict[str, Any]]:
    """`run()` of a module, imported only when it is asked for."""
    return lambda: dict(import_module(module).run())


BENCHES: dict[str, Callable[[], dict[str, Any]]] = {
    "outbox": _of("benchmarks.outbox"),
    "consumer": _of("benchmarks.consumer"),
    "command": _of("benchmarks.command"),
    "projection": _of("datacenter.bench"),
    "board": _of("datacenter.bench.board"),
    "gateway": _of("benchmarks.gateway"),
    "city": _of("city.bench_city"),
}
