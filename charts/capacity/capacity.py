"""Sizing of a city, computed from what was measured: `python charts/capacity/capacity.py` writes
`eldercare/docs/capacity.md`.

`python charts/capacity/capacity.py FILE…` first takes measurements into
`eldercare/docs/capacity.json`: each file ends with the line that `eldercare bench city`, `outbox`,
`consumer`, `projection` or `command` printed last.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from math import ceil
from pathlib import Path
from typing import Literal, get_args

from sizing import (
    BROKER_CORES,
    BURST,
    BUSY,
    EVENTS_A_DAY,
    INHABITANTS,
    OWN_SERVER_CORES,
    PARTITION_STEP,
    POOL_SIZE,
    SERVICES,
    City,
    Result,
    Run,
    Size,
    Table,
    costs,
    grown_by,
    size,
    unmeasured,
)

DOCS = Path(__file__).parents[1] / "eldercare" / "docs"
TABLE = DOCS / "capacity.json"
PAGE = DOCS / "capacity.md"
TEMPLATE = Path(__file__).with_name("capacity.template.md")
CITIES = (1_000_000, 10_000_000, 50_000_000)
Bench = Literal["command", "consumer", "outbox", "projection"]
BENCHES: tuple[Bench, ...] = get_args(Bench)


def page(measured: Table) -> str:
    """The text of the page."""
    sizes = [size(inhabitants, measured) for inhabitants in CITIES]
    return TEMPLATE.read_text().format(
        measured="\n".join(_measured(measured)),
        needed="\n".join(_needed(sizes, unmeasured(measured["city"]))),
        step=PARTITION_STEP,
        cores=OWN_SERVER_CORES,
        pool=POOL_SIZE,
    )


def _measured(measured: Table) -> Iterator[str]:
    city = measured["city"]
    grown = grown_by(city)
    used = city["events"] * sum(cost for name, cost in costs(city).items() if name != "simulator")
    yield f"{city['machine']}; {city['note']}."
    yield ""
    yield "| What | Figure | Command |"
    yield "|---|---|---|"
    whole = f"{city['events'] / used:.0f} events/s a core"
    yield f"| the whole city, every process and server counted | {whole} | `eldercare bench city` |"
    for bench in BENCHES:
        if bench in measured:
            one = measured[bench]
            figure = f"{one['value']:,.0f} {one['unit']}"
            yield f"| {one['name']} | {figure} | `eldercare bench {bench}` |"
    yield ""
    work = "Share of the databases' work"
    yield f"| Process | Core-ms for an event | Database: bytes for an event | {work} |"
    yield "|---|---|---|---|"
    for name in (*SERVICES, "postgres", "kafka"):
        yield _cost(name, city)
    yield ""
    log = f"{grown['wal_bytes']:,.0f} bytes of log in {grown['wal_flushes']:.1f} flushes"
    yield f"For an event PostgreSQL writes {log},"
    yield f"and one copy of Kafka {grown['kafka_bytes']:,.0f} bytes."


def _needed(sizes: list[Size], unmeasured: set[str]) -> Iterator[str]:
    yield (
        f"A city of {_people(INHABITANTS)} publishes {EVENTS_A_DAY:,} events a day and {BURST} "
        "a second at its busiest; another in proportion."
    )
    yield (
        f"Nothing is more than {BUSY:.0%} busy at that moment. A replica is one process on "
        "one core."
    )
    yield ""
    yield _row("Inhabitants", (_people(one.inhabitants) for one in sizes))
    yield "|---|" + "---|" * len(sizes)
    yield _row("Events a day", (f"{one.events_a_day:,}" for one in sizes))
    yield _row("Burst, events/s", (f"{one.burst:,.0f}" for one in sizes))
    for name in SERVICES:
        yield _row(f"`services.{name}.replicas`", (one.replicas[name] for one in sizes))
    yield _row("Cores of the services", (sum(one.replicas.values()) for one in sizes))
    yield _row("`kafka.partitions` of each topic", (one.partitions for one in sizes))
    yield _row("Relay parts of the busiest service", (max(one.parts.values()) for one in sizes))
    yield from _postgres_rows(sizes)
    cores = ", their cores not measured" * ("kafka" in unmeasured)
    yield _row(
        f"Brokers of Kafka, {BROKER_CORES} cores each{cores}", (one.brokers for one in sizes)
    )
    yield _row("Kafka, MB/s written with all copies", (f"{one.broker_mb_s:,.1f}" for one in sizes))
    yield _row("Disk of a broker, GB", (f"{one.broker_disk_gb:,.0f}" for one in sizes))


def _postgres_rows(sizes: list[Size]) -> Iterator[str]:
    servers = ("; ".join(" + ".join(server) for server in one.servers) for one in sizes)
    yield _row("Servers of PostgreSQL", servers)
    cores = (ceil(sum(one.database_cores.values()) / BUSY) for one in sizes)
    yield _row("Cores of PostgreSQL, all servers", cores)
    yield _row(
        f"Connections at most, each server, at `database.poolSize` {POOL_SIZE}",
        ("; ".join(map(str, one.connections)) for one in sizes),
    )
    yield _row("Flushes of its log a second", (f"{one.flushes:,.0f}" for one in sizes))
    log = (f"{one.wal_mb_s:,.1f}; {one.wal_gb_a_month:,.0f}" for one in sizes)
    yield _row("Its log, MB/s at the burst; GB a month", log)
    growth = (f"{sum(one.database_gb_a_month.values()):,.0f}" for one in sizes)
    yield _row("Growth of all databases, GB a month", growth)
    datacenter = (f"{one.database_gb_a_month['datacenter']:,.0f}" for one in sizes)
    yield _row("of which the data center", datacenter)


def _cost(name: str, city: City) -> str:
    grown = grown_by(city)
    work = sum(grown[f"{one}_us"] for one in SERVICES)
    own = " | "
    if name in SERVICES:
        own = f"{grown[f'{name}_bytes']:,.0f} | {grown[f'{name}_us'] / work:.0%}"
    cost = f"{1000 * costs(city)[name]:.2f}"
    if name in unmeasured(city):
        cost = "below what can be measured"
    return f"| `{name}` | {cost} | {own} |"


def _row(what: str, values: Iterable[object]) -> str:
    return f"| {what} | " + " | ".join(str(value) for value in values) + " |"


def _people(inhabitants: int) -> str:
    return f"{inhabitants // 1_000_000} million"


def taken(measured: Table, printed: str) -> Table:
    """The table with one more result: the last line of what a benchmark printed.

    Raises: ValueError where a service or PostgreSQL used no more than at rest: the run was too
    short, or the machine too crowded.
    """
    result = json.loads(printed.strip().splitlines()[-1])
    table = measured.copy()
    name = result["name"].partition(",")[0]
    if name == "city":
        table["city"] = _city(result["machine"], result["made_of"])
        return table
    bench = next(bench for bench in BENCHES if bench == name)
    table[bench] = Result(
        name=result["name"], value=result["value"], unit=result["unit"], machine=result["machine"]
    )
    return table


def _city(machine: str, run: Run) -> City:
    people = f"{run['elders']} elders, {run['days']} days"
    if still := unmeasured(run) & {*SERVICES, "postgres"}:
        raise ValueError(
            f"no measurement: {', '.join(sorted(still))} used no more than at rest; "
            "measure longer, on a machine that is idle"
        )
    return City(
        machine=machine,
        note=f"{people}, {run['events']} events in {run['seconds']:.0f} s",
        events=run["events"],
        cpu_s=run["cpu_s"],
        rest_s=run["rest_s"],
        grown=run["grown"],
        shares=run["shares"],
    )


def main(files: list[str]) -> None:
    """Takes the files in, writes the page."""
    measured: Table = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    for file in files:
        measured = taken(measured, Path(file).read_text())
    TABLE.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(measured))


if __name__ == "__main__":
    main(sys.argv[1:])
