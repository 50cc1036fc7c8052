"""The servers of a box as its state folder has them: PostgreSQL alone or with a standby, one broker
or several.
"""

from city.state import State
from devservers.kafka import Kafka
from devservers.pair import KEPT, NAMES, Pair
from devservers.postgres import Postgres

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
        return [
            Kafka(state.folder / "kafka", port=state.port("kafka"), log=state.logs / "kafka.log")
        ]
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
