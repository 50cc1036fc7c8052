"""What the command line asks of a city on one machine."""

from dataclasses import dataclass
from pathlib import Path

from city.names import DEFAULT_PORT


@dataclass(frozen=True)
class CityOptions:
    """The options of `up` and `demo`.

    kafka: auto, apache, memory or host:port. postgres: a superuser's DSN; None for the embedded
    one. brokers: of an Apache Kafka of our own; a topic has a copy on each of up to three. standby:
    a second embedded PostgreSQL that every commit waits for. replicas: processes of each service.
    release: the folder of another release, whose code the services run until they are upgraded.
    """

    kafka: str = "auto"
    postgres: str | None = None
    port: int = DEFAULT_PORT
    brokers: int = 1
    standby: bool = False
    replicas: int = 1
    release: Path | None = None
