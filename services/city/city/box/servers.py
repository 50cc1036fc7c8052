"""The servers of a city as its state folder has them: PostgreSQL alone or with a standby, one
broker or several; and where they answer.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from city.box.services import GIVEN, Endpoints
from city.box.state import State
from city.names import PARTITIONS
from devservers.kafka import Kafka
from devservers.pair import KEPT, NAMES, Pair
from devservers.postgres import Postgres

MOST_COPIES = 3  # of a record
CLUSTER_HEAP_MB = 384  # of each broker where there are several


def postgres(state: State, *, standby: bool = False) -> Postgres | Pair:
    """The embedded server. A folder that has a standby keeps it, whatever is asked for: one of the
    two alone would wait for the other.
    """
    password = state.secret("postgres")
    if standby or (state.folder / KEPT).exists():
        first, second = (state.port(name) for name in NAMES)
        return Pair(state.folder, ports=(first, second), password=password, logs=state.logs)
    return Postgres(
        state.folder / "postgres",
        port=state.port("postgres"),
        password=password,
        log=state.logs / "postgres.log",
    )


def nodes(server: Postgres | Pair) -> list[Postgres]:
    """The processes of a server, the one that is written to first."""
    return [server] if isinstance(server, Postgres) else [server.primary, server.standby]


def brokers(state: State, wished: int) -> list[Kafka]:
    """As many brokers as the folder has had from its beginning."""
    number, identity = state.brokers(wished)
    if number == 1:
        log = state.logs / "kafka.log"
        return [Kafka(state.folder / "kafka", port=state.port("kafka"), log=log)]
    voters = {node: state.port(f"kafka-{node}.controller") for node in range(1, number + 1)}
    return [
        Kafka(
            state.folder / f"kafka-{node}",
            port=state.port(f"kafka-{node}"),
            node=node,
            voters=voters,
            cluster_id=identity,
            heap_mb=CLUSTER_HEAP_MB,
            log=state.logs / f"kafka-{node}.log",
        )
        for node in voters
    ]


def copies(brokers: Sequence[object]) -> int:
    """On how many brokers a record lies."""
    return max(1, min(MOST_COPIES, len(brokers)))


def endpoints(state: State) -> Endpoints:
    """Where the servers of this state folder answer, as its last city had them."""
    facts = state.city()
    kafka = facts.get("kafka") if facts else None
    kind = facts.get("kafka_kind", GIVEN) if facts else GIVEN
    server = (state.server() if facts else None) or postgres(state).dsn()
    kafka = kafka or f"127.0.0.1:{state.port('kafka')}"
    return Endpoints(server, kafka, PARTITIONS, replication=1, kafka_kind=kind)


@contextmanager
def postgres_running(state: State) -> Iterator[str]:
    """The superuser's address of a state folder's PostgreSQL, which is started meanwhile where no
    city runs.
    """
    if state.city() is not None:
        yield endpoints(state).postgres
        return
    state.open()
    server = postgres(state)
    try:
        server.start()
        yield endpoints(state).postgres
    finally:
        server.stop()
        state.close()
