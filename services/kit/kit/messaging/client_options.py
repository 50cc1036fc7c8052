"""What an operator may set of our Kafka clients himself, under the names that Kafka's own documents
use.

What a promise rests on is not here: acknowledgements, idempotence, where a group begins, commits,
timeouts that a batch waits for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Role = Literal["read", "write"]
EVERYONE: frozenset[Role] = frozenset({"read", "write"})
READERS: frozenset[Role] = frozenset({"read"})
WRITERS: frozenset[Role] = frozenset({"write"})


@dataclass(frozen=True)
class Option:
    """keyword: as aiokafka calls it. roles: the clients that know it. choices: all its values,
    where it is no whole number.
    """

    keyword: str
    roles: frozenset[Role] = EVERYONE
    choices: tuple[str, ...] = ()


OPTIONS = {
    "connections.max.idle.ms": Option("connections_max_idle_ms"),
    "metadata.max.age.ms": Option("metadata_max_age_ms"),
    "retry.backoff.ms": Option("retry_backoff_ms"),
    "fetch.max.bytes": Option("fetch_max_bytes", READERS),
    "fetch.max.wait.ms": Option("fetch_max_wait_ms", READERS),
    "fetch.min.bytes": Option("fetch_min_bytes", READERS),
    "max.partition.fetch.bytes": Option("max_partition_fetch_bytes", READERS),
    "max.poll.interval.ms": Option("max_poll_interval_ms", READERS),
    "batch.size": Option("max_batch_size", WRITERS),
    "compression.type": Option("compression_type", WRITERS, ("gzip",)),
    "linger.ms": Option("linger_ms", WRITERS),
    "max.request.size": Option("max_request_size", WRITERS),
}


def check(client: Mapping[str, str]) -> None:
    """Raises: ValueError with the name of what cannot be set, or not to that value."""
    for name, value in client.items():
        if name not in OPTIONS:
            raise ValueError(f"{name} cannot be set; what can: {', '.join(sorted(OPTIONS))}")
        choices = OPTIONS[name].choices
        if value not in choices if choices else not (value.isascii() and value.isdigit()):
            raise ValueError(f"{name} is {' or '.join(choices) or 'a whole number'}, not {value}")


def aiokafka(client: Mapping[str, str], role: Role) -> dict[str, int | str]:
    """Keywords of an aiokafka client of this role."""
    known = {name: OPTIONS[name] for name in client if role in OPTIONS[name].roles}
    return {
        option.keyword: client[name] if option.choices else int(client[name])
        for name, option in known.items()
    }


def librdkafka(client: Mapping[str, str]) -> dict[str, str]:
    """Settings of a client of confluent-kafka, whatever its role: it has the same names."""
    return {name: value for name, value in client.items() if OPTIONS[name].roles == EVERYONE}
