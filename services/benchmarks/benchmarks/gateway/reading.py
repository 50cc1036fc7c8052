"""Measures `GET /v1/elders/{elder_id}`: gateway and assessment as their own processes, elders in a
PostgreSQL, tokens of the issuer.
"""

import os
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import uvloop

from benchmarks.gateway import load
from benchmarks.gateway.system import ELDERS, SERVICE, System, system
from benchmarks.outbox import machine
from benchmarks.registry import Result

CONNECTIONS = 32
SECONDS, WARM_S = 4.0, 1.5
KINDS = ("plain", "edge", "whole")
GOAL = {"ratio": 0.5, "per_s": 700, "p99_ms": 50}


@dataclass(frozen=True)
class Load:
    """What one kind of route takes. cpu_ms: of each process, for an answer."""

    per_s: float
    p99_ms: float
    cpu_ms: dict[str, float]


@dataclass(frozen=True)
class Measured:
    """One run. most: by kind of route, as many requests as it takes. paced: the whole read at half
    its rate.
    """

    most: dict[str, Load]
    paced: dict[str, float]


def run(runs: int = 3, seconds: float = SECONDS) -> Result:
    """Measures the bare routes and the whole read in turn, `runs` times; medians of the figures."""
    with system() as running:
        measured = [uvloop.run(_measured(running, seconds)) for _ in range(runs)]
    return _figures(measured)


async def _measured(running: System, seconds: float) -> Measured:
    most = {kind: await _most(running, kind, seconds) for kind in KINDS}
    got = await load.paced(
        running.ports["whole"],
        running.requests["whole"],
        per_s=most["whole"].per_s / 2,
        connections=2 * CONNECTIONS,
        seconds=seconds,
        warm_s=WARM_S,
    )
    paced = {"per_s": got.per_s, "p99_ms": got.p99_ms, "late_p99_ms": got.late_p99_ms}
    return Measured(most, paced)


async def _most(running: System, kind: str, seconds: float) -> Load:
    names = ("gateway", SERVICE, "postgres") if kind == "whole" else (kind,)
    before = {name: _used_s(running.processes[name]) for name in names} | {"client": _own_s()}
    got = await load.most(
        running.ports[kind],
        running.requests[kind],
        connections=CONNECTIONS,
        seconds=seconds,
        warm_s=WARM_S,
    )
    after = {name: _used_s(running.processes[name]) for name in names} | {"client": _own_s()}
    cpu_ms = {name: 1000 * (after[name] - before[name]) / got.answers for name in before}
    return Load(got.per_s, got.p99_ms, cpu_ms)


def _used_s(processes: Sequence[psutil.Process]) -> float:
    """CPU seconds of processes and of their children that live."""
    used = 0.0
    for process in processes:
        for one in (process, *process.children(recursive=True)):
            try:
                times = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            used += times.user + times.system
    return used


def _own_s() -> float:
    return sum(os.times()[:2])


def _median(loads: Sequence[Load]) -> Load:
    return Load(
        statistics.median(one.per_s for one in loads),
        statistics.median(one.p99_ms for one in loads),
        {
            name: round(statistics.median(one.cpu_ms[name] for one in loads), 3)
            for name in loads[0].cpu_ms
        },
    )


def _figures(measured: Sequence[Measured]) -> Result:
    middle = {kind: _median([run.most[kind] for run in measured]) for kind in KINDS}
    half = {
        name: round(statistics.median(run.paced[name] for run in measured), 1)
        for name in measured[0].paced
    }
    value, limit, edge = (middle[kind].per_s for kind in ("whole", "plain", "edge"))
    return {
        "name": "gateway",
        "value": round(value),
        "unit": "requests/s",
        "limit": round(limit),
        "ratio": round(value / limit, 3),
        "edge": round(edge),
        "edge_ratio": round(value / edge, 3),
        "p99_ms": round(middle["whole"].p99_ms, 1),
        "half": half,
        "goal": GOAL,
        "cpu_ms": {kind: one.cpu_ms for kind, one in middle.items()},
        "runs": [
            {kind: round(one.per_s) for kind, one in run.most.items()}
            | {"half_p99_ms": round(run.paced["p99_ms"], 1)}
            for run in measured
        ],
        "machine": machine(),
        "made_of": (
            f"GET /v1/elders/{{elder_id}}, {CONNECTIONS} connections, {ELDERS} elders; "
            "gateway, assessment, PostgreSQL and client"
            " share the machine. limit: the same route of the same application, whose "
            "endpoint answers the same bytes;"
            " edge: with identity, trace, request and JSON, but the reply at hand; half: "
            "requests come at half the rate reached,"
            " counted from when they were due; cpu_ms: CPU per request, which a busy "
            "machine changes less"
        ),
    }
