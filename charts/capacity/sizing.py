"""How large a city has to be, from what an event of a measured one costs."""

from dataclasses import dataclass
from math import ceil
from typing import TypedDict

SERVICES = ("assessment", "subsidy", "facility", "dispatch", "supervision", "datacenter", "gateway")

# What a city of ten million does, and what it is sized for.
INHABITANTS = 10_000_000
EVENTS_A_DAY = 2_000_000
BURST = 700
# share of a core that may be taken at the burst: the other half is for what nobody foresaw, and for
# the death of a neighbour
BUSY = 0.5
LEAST_REPLICAS = 2  # one may be replaced or die
PARTITION_STEP = 12
OWN_SERVER_CORES = 2.0  # a database that needs more at the burst gets a server of its own
BROKER_CORES = 4
COPIES = 3
KEPT_DAYS = 7
MONTH_DAYS = 30
# of what a process used: a rest that was measured too high must not make events free
LEAST_SHARE = 0.05
POOL_SIZE = 8  # database.poolSize of the chart


class Result(TypedDict):
    """What one benchmark measured."""

    name: str
    value: float
    unit: str
    machine: str


class Usage(TypedDict):
    """What a simulated city used.

    cpu_s, rest_s: by process, at work, and at rest for as long. grown: what databases and logs grew
    by. shares: share of the events by the service that publishes them.
    """

    events: int
    cpu_s: dict[str, float]
    rest_s: dict[str, float]
    grown: dict[str, float]
    shares: dict[str, float]


class City(Usage):
    machine: str
    note: str


class Run(Usage):
    """As `eldercare bench city` prints it."""

    elders: int
    days: int
    seconds: float


class Table(TypedDict, total=False):
    """`capacity.json`."""

    city: City
    command: Result
    consumer: Result
    outbox: Result
    projection: Result


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


def size(inhabitants: int, measured: Table) -> Size:
    """The sizing of a city; linear in its people, rounded up to what can be bought."""
    scale = inhabitants / INHABITANTS
    events = round(EVENTS_A_DAY * scale)
    burst = BURST * scale
    city = measured["city"]
    per_event = costs(city)
    grown = grown_by(city)
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
        for name, share in city["shares"].items()
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


def unmeasured(city: Usage) -> set[str]:
    """Processes that used no more than they would have at rest: what an event costs them is below
    what can be measured.
    """
    rest = city["rest_s"]
    return {name for name, seconds in city["cpu_s"].items() if rest.get(name, 0.0) >= seconds}


def costs(city: Usage) -> dict[str, float]:
    """Core-seconds of each process for an event of the whole city; what it costs at rest is in the
    reserve.

    One that is unmeasured gets the least share, so that its figures are no measurement.
    """
    rest = city["rest_s"]
    return {
        name: max(LEAST_SHARE * seconds, seconds - rest.get(name, 0.0)) / city["events"]
        for name, seconds in city["cpu_s"].items()
    }


def grown_by(city: Usage) -> dict[str, float]:
    """What came to databases and logs for an event; a table that vacuum made shorter meanwhile did
    not grow.
    """
    return {name: max(0, value) / city["events"] for name, value in city["grown"].items()}


def _servers(cores: dict[str, float]) -> list[list[str]]:
    """Databases by server, the busiest first; those that need little share one."""
    busy = [name for name, need in cores.items() if need > OWN_SERVER_CORES]
    servers = [[name] for name in sorted(busy, key=lambda name: -cores[name])]
    if shared := [name for name in cores if name not in busy]:
        servers.append(shared)
    return servers
