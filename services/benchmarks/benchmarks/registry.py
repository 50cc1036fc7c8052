"""The registry of benchmarks: each measures one figure of its package and returns the object that
is printed last.
"""

from collections.abc import Callable
from importlib import import_module

Result = dict[str, object]  # printed as JSON
Benchmark = Callable[[], Result]


def _of(module: str) -> Benchmark:
    """`run()` of a module, imported only when it is asked for."""
    return lambda: dict(import_module(module).run())


BENCHES: dict[str, Benchmark] = {
    "outbox": _of("benchmarks.outbox"),
    "consumer": _of("benchmarks.consumer"),
    "command": _of("benchmarks.command"),
    "projection": _of("benchmarks.datacenter.projection"),
    "board": _of("benchmarks.datacenter.board"),
    "lineage": _of("benchmarks.datacenter.lineage"),
    "gateway": _of("benchmarks.gateway.reading"),
    "flood": _of("benchmarks.gateway.flood"),
    "city": _of("benchmarks.city"),
}
