"""Sizing of a city, computed from what was measured: `python charts/capacity.py` writes
`eldercare/docs/capacity.md`.

`python charts/capacity.py FILE…` first takes measurements into `eldercare/docs/capacity.json`: each
file ends with the line that `eldercare bench city`, `outbox`, `consumer`, `projection` or `command`
printed last.
"""

import json
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent / "eldercare" / "docs"
TABLE, PAGE = DOCS / "capacity.json", DOCS / "capacity.md"
SERVICES = ("assessment", "subsidy", "facility", "dispatch", "supervision", "datacenter", "gateway")
CITIES = (1_000_000, 10_000_000, 50_000_000)

# What a city of ten million does, and what it is sized for.
INHABITANTS, EVENTS_A_DAY, BURST = 10_000_000, 2_000_000, 700
# share of a core that may be taken at the burst: the other half is for what nobody foresaw, and for
# the death of a neighbour
BUSY = 0.5
LEAST_REPLICAS = 2  # one may be replaced or die
PARTITION_STEP = 12
OWN_SERVER_CORES = 2.0  # a database that needs more at the burst gets a server of its own
BROKER_CORES = 4
COPIES, KEPT_DAYS, MONTH_DAYS = 3, 7, 30
LEAST_SHARE = (
    0.05  # of what a process used: a rest that was measured too high must not make events free
)
POOL_SIZE = 8  # database.poolSize of the chart

ABOVE = """# Capacity

Written by `python charts/capacity.py` from [capacity.json](capacity.json); a test fails where the two differ. Measure your own machine
(`eldercare bench city > city.txt`, likewise `outbox consumer projection command`), take the results in with
`python charts/capacity.py city.txt …`, and the page is yours.

## What was measured
"""
READ = """## How to read it

- **Partitions** are for good: another number would break the order of every key. So there are twice as many as the busiest service
  has replicas, in steps of {step}: the replicas may double before a partition is missing.
- **Relay parts** (`PARTS` of a service) are one as long as one relay carries the service's share of the burst at half its speed; drain
  the outbox before raising them.
- **Replicas** are never fewer than two. With KEDA the figure is the cap for the busiest hour; the night needs two.
- **Servers of PostgreSQL**: a database that needs more than {cores:.0f} cores at the burst stands alone. Each server has a standby that
  every commit waits for ([day-two.md](day-two.md), Failover): count its disks and cores twice. A flush is a write that reaches both disks;
  commits that meet share one, so the figure is the most.
- **One instant**: a backup can be restored to one instant of all databases where they share one server, and where the page names more than
  one, that is given up: each server is restored to its own newest instant, and to bring the databases of several to one is not covered here
  ([day-two.md](day-two.md), Backup and restore).
- **Connections** are what `max_connections` of each server must hold when every pod has opened all that `database.poolSize` {pool} lets it:
  transactions, half as many to read, as many again for hot flows, and one for each relay part; a rolling upgrade adds a quarter, and
  administrators need some. A smaller `database.poolSize` is the remedy; a transaction-mode pooler is none, since the relay holds a lock
  of its session.
- **Partitioned tables**: the archive of the data center is partitioned by the day of its event, so that a day leaves as a whole and no
  vacuum walks through it; days stay until they are exported. Counts are partitioned by generation. Answers of commands leave after 35
  days, inbox rows after 14, in batches.
- **Memory** of a replica is not part of this measurement; [measured.md](measured.md) tells what each held at rest, and the chart's
  requests and limits leave room above it.
- **Growth** is what stays in the databases; the log of PostgreSQL (WAL) leaves for the backup, where it lies beside the base backups.
- **Proportion** is the assumption: an event of a large city costs what one of a small city costs. Every access is by key or by an index
  that begins with the area, so what grows is the depth of a B-tree. Measure again where your people do other things.
"""


@dataclass(frozen=True)
class Size:
    """What a city needs. Cores are those that are busy at the burst, without the reserve."""

    inhabitants: int
    events_a_day: int
    burst: float
    service_cores: dict[str, float]
    replicas: dict[str, int]
    partitions: int
    parts: dict[str, int]
    database_cores: dict[str, float]
    database_gb_a_month: dict[str, float]
    servers: list[list[str]]
    connections: list[int]
    flushes: float
    wal_mb_s: float
    wal_gb_a_month: float
    brokers: int
    broker_mb_s: float
    broker_disk_gb: float


def size(inhabitants: int, measured: dict[str, Any]) -> Size:
    """The sizing of a city; linear in its people, rounded up to what can be bought."""
    scale = inhabitants / INHABITANTS
    events, burst = round(EVENTS_A_DAY * scale), BURST * scale
    city = measured["city"]
    per_event = costs(city)
    grown = _grown(city)
    cores = {name: burst * per_event[name] for name in SERVICES}
    replicas = {name: max(LEAST_REPLICAS, ceil(need / BUSY)) for name, need in cores.items()}
    work = sum(city["grown"][f"{name}_us"] for name in SERVICES)
    databases = {
        name: burst * per_event["postgres"] * city["grown"][f"{name}_us"] / work
        for name in SERVICES
    }
    partitions = PARTITION_STEP * ceil(2 * max(replicas.values()) / PARTITION_STEP)
    broker_cores = burst * per_event["kafka"] * COPIES
    brokers = max(COPIES, ceil(broker_cores / BUSY / BROKER_CORES))
    parts = {
        name: max(1, ceil(burst * share / BUSY / measured["outbox"]["value"]))
        for name, share in city["said"].items()
    }
    servers = _servers(databases)
    return Size(
        inhabitants,
        events,
        burst,
        cores,
        replicas,
        partitions,
        parts,
        databases,
        {name: events * MONTH_DAYS * grown[f"{name}_bytes"] / 1e9 for name in SERVICES},
        servers,
        [sum(replicas[name] * (pooled() + parts[name]) for name in server) for server in servers],
        burst * grown["wal_flushes"],
        burst * grown["wal_bytes"] / 1e6,
        events * MONTH_DAYS * grown["wal_bytes"] / 1e9,
        brokers,
        burst * grown["kafka_bytes"] * COPIES / 1e6,
        events * KEPT_DAYS * grown["kafka_bytes"] * COPIES / brokers / 1e9,
    )


def pooled(size: int = POOL_SIZE) -> int:
    """Connections of a pod beside its relays': for transactions, for reading, for hot flows
    (kit.db.store).
    """
    return size + 2 * max(2, size // 2)


def unmeasured(city: dict[str, Any]) -> set[str]:
    """Processes that used no more than they would have at rest: what an event costs them is below
    what can be measured.
    """
    rest = city.get("rest_s", {})
    return {name for name, seconds in city["cpu_s"].items() if rest.get(name, 0.0) >= seconds}


def costs(city: dict[str, Any]) -> dict[str, float]:
    """Core-seconds of each process for an event of the whole city; what it costs at rest is in the
    reserve.

    One that is unmeasured gets the least share, so that its figures are no measurement.
    """
    rest = city.get("rest_s", {})
    return {
        name: max(LEAST_SHARE * seconds, seconds - rest.get(name, 0.0)) / city["events"]
        for name, seconds in city["cpu_s"].items()
    }


def _grown(city: dict[str, Any]) -> dict[str, float]:
    """What came to databases and logs for an event; a table that vacuum made shorter meanwhile did
    not grow.
    """
    return {name: max(0, value) / city["events"] for name, value in city["grown"].items()}


def _servers(cores: dict[str, float]) -> list[list[str]]:
    """Databases by server, the busiest first; those that need little share one."""
    alone = sorted(
        (name for name, need in cores.items() if need > OWN_SERVER_CORES),
        key=lambda name: -cores[name],
    )
    return [
        *([name] for name in alone),
        *([shared] if (shared := [name for name in cores if name not in alone]) else []),
    ]


def page(measured: dict[str, Any]) -> str:
    """The text of the page."""
    sizes = [size(inhabitants, measured) for inhabitants in CITIES]
    city = measured["city"]
    grown = _grown(city)
    used = city["events"] * sum(cost for name, cost in costs(city).items() if name != "simulator")
    lines = [
        ABOVE,
        f"{city['machine']}; {city['note']}.",
        "",
        "| What | Figure | Command |",
        "|---|---|---|",
        f"| the whole city, every process and server counted | {city['events'] / used:.0f} "
        "events/s a core | `eldercare bench city` |",
        *(
            f"| {one['name']} | {one['value']:,.0f} {one['unit']} | `eldercare bench {bench}` |"
            for bench, one in measured.items()
            if bench != "city"
        ),
        "",
        "| Process | Core-ms for an event | Database: bytes for an event | Share of the "
        "databases' work |",
        "|---|---|---|---|",
        *(_cost(name, city) for name in (*SERVICES, "postgres", "kafka")),
        "",
        f"For an event PostgreSQL writes {grown['wal_bytes']:,.0f} bytes of log in "
        f"{grown['wal_flushes']:.1f} flushes,",
        f"and one copy of Kafka {grown['kafka_bytes']:,.0f} bytes.",
        "",
        "## What that asks for",
        "",
        f"A city of {_people(INHABITANTS)} says {EVENTS_A_DAY:,} events a day and {BURST} "
        "a second at its busiest; another in proportion.",
        f"Nothing is more than {BUSY:.0%} busy at that moment. A replica is one process on "
        "one core.",
        "",
        _row("Inhabitants", (_people(one.inhabitants) for one in sizes)),
        "|---|" + "---|" * len(sizes),
        _row("Events a day", (f"{one.events_a_day:,}" for one in sizes)),
        _row("Burst, events/s", (f"{one.burst:,.0f}" for one in sizes)),
        *(
            _row(f"`services.{name}.replicas`", (one.replicas[name] for one in sizes))
            for name in SERVICES
        ),
        _row("Cores of the services", (sum(one.replicas.values()) for one in sizes)),
        _row("`kafka.partitions` of each topic", (one.partitions for one in sizes)),
        _row("Relay parts of the busiest service", (max(one.parts.values()) for one in sizes)),
        _row(
            "Servers of PostgreSQL",
            ("; ".join(" + ".join(server) for server in one.servers) for one in sizes),
        ),
        _row(
            "Cores of PostgreSQL, all servers",
            (ceil(sum(one.database_cores.values()) / BUSY) for one in sizes),
        ),
        _row(
            f"Connections at most, each server, at `database.poolSize` {POOL_SIZE}",
            ("; ".join(map(str, one.connections)) for one in sizes),
        ),
        _row("Flushes of its log a second", (f"{one.flushes:,.0f}" for one in sizes)),
        _row(
            "Its log, MB/s at the burst; GB a month",
            (f"{one.wal_mb_s:,.1f}; {one.wal_gb_a_month:,.0f}" for one in sizes),
        ),
        _row(
            "Growth of all databases, GB a month",
            (f"{sum(one.database_gb_a_month.values()):,.0f}" for one in sizes),
        ),
        _row(
            "of which the data center",
            (f"{one.database_gb_a_month['datacenter']:,.0f}" for one in sizes),
        ),
        _row(
            f"Brokers of Kafka, {BROKER_CORES} cores "
            f"each{', their cores not measured' * ('kafka' in unmeasured(city))}",
            (one.brokers for one in sizes),
        ),
        _row("Kafka, MB/s written with all copies", (f"{one.broker_mb_s:,.1f}" for one in sizes)),
        _row("Disk of a broker, GB", (f"{one.broker_disk_gb:,.0f}" for one in sizes)),
        "",
        READ.format(step=PARTITION_STEP, cores=OWN_SERVER_CORES, pool=POOL_SIZE),
    ]
    return "\n".join(lines)


def _cost(name: str, city: dict[str, Any]) -> str:
    grown = _grown(city)
    work = sum(grown[f"{one}_us"] for one in SERVICES)
    own = (
        f"{grown[f'{name}_bytes']:,.0f} | {grown[f'{name}_us'] / work:.0%}"
        if name in SERVICES
        else " | "
    )
    told = (
        "below what can be measured"
        if name in unmeasured(city)
        else f"{1000 * costs(city)[name]:.2f}"
    )
    return f"| `{name}` | {told} | {own} |"


def _row(what: str, values: Any) -> str:
    return f"| {what} | " + " | ".join(str(value) for value in values) + " |"


def _people(inhabitants: int) -> str:
    return f"{inhabitants // 1_000_000} million"


def taken(measured: dict[str, Any], printed: str) -> dict[str, Any]:
    """The table with one more result: the last line of what a benchmark printed.

    Raises: ValueError where a service or PostgreSQL used no more than at rest: the run was too
    short, or the machine too crowded.
    """
    told = json.loads(printed.strip().splitlines()[-1])
    bench = told["name"].partition(",")[0]
    if bench != "city":
        return measured | {
            bench: {name: told[name] for name in ("name", "value", "unit", "machine")}
        }
    made = told["made_of"]
    note = (
        f"{made['elders']} elders, {made['days']} days, {made['events']} events in "
        f"{made['seconds']:.0f} s"
    )
    if still := unmeasured(made) & {*SERVICES, "postgres"}:
        raise ValueError(
            f"no measurement: {', '.join(sorted(still))} used no more than at rest; "
            "measure longer, on a machine that is idle"
        )
    kept = {name: made[name] for name in ("events", "cpu_s", "rest_s", "grown", "said")}
    return measured | {"city": {"machine": told["machine"], "note": note, **kept}}


def main(files: list[str]) -> None:
    """Takes the files in, writes the page."""
    measured = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    for file in files:
        measured = taken(measured, Path(file).read_text())
    TABLE.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(measured))


if __name__ == "__main__":
    main(sys.argv[1:])
