"""The verbs that a container runs: one service, migrations, topics, waiting, a smoke test. They
begin at once, since they import little.

Each takes what it needs from the environment alone; with a state folder they also serve the city of
one machine.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from city.cli.options import (
    NOT_RUNNING,
    REFUSED,
    STATE,
    StateOption,
    checkout,
    has_city,
    refuse,
)
from city.names import NAMES, PARTITIONS, present, variable

if TYPE_CHECKING:
    from kit.messaging.bootstrap import Bootstrap

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
topics_app = typer.Typer(no_args_is_help=True, help="The topics that the contracts name.")
app.add_typer(topics_app, name="topics")
VERBS = frozenset({"run", "migrate", "wait", "smoke", "topics"})


@app.command(name="run")
def run_service(service: str, state: StateOption = STATE) -> None:
    """Run one service in this terminal, with the environment alone, or with that of a state folder
    if there is one.
    """
    _known(service)
    variables = dict(os.environ)
    if "DATABASE" not in os.environ and has_city(state):
        with checkout("a state folder"):
            from city.box.servers import endpoints
            from city.box.services import environment
            from city.box.state import State
        kept = State(state)
        variables = environment(kept, endpoints(kept), service)
    _become(service, environment=variables)


@app.command()
def migrate(service: Annotated[str, typer.Argument()] = "", state: StateOption = STATE) -> None:
    """Bring one database, or each whose address is there, to its newest revision.

    Addresses: DATABASE, if a service is named; SUBSIDY_DATABASE and its like; else those of a state
    folder. RUNTIME_ROLE, SERVICE_app say, is the role that services run as where these addresses
    are of the owner of the tables: it is granted rows, and no schema.
    """
    if service:
        _known(service)
    names = [service] if service else [name for name in NAMES if variable(name) in os.environ]
    variables = dict(os.environ)
    if service and "DATABASE" in os.environ:
        variables[variable(service)] = os.environ["DATABASE"]
    elif not names or variable(names[0]) not in os.environ:
        if not has_city(state):
            wanted = (
                f"set {variable(service)} or DATABASE"
                if service
                else f"set {', '.join(map(variable, NAMES))}, or some of them"
            )
            refuse(
                f"no database to migrate: {wanted}; or name the state folder of a city with --state"
            )
        with checkout("a state folder"):
            from city.box.servers import endpoints
            from city.box.services import databases
            from city.box.state import State
        names = names or list(present())
        kept = State(state)
        variables |= databases(kept, endpoints(kept).postgres, names)
    _become("city.operations.migrate", *names, environment=variables)


@app.command()
def wait(
    service: str,
    timeout: Annotated[
        float, typer.Option(min=0, help="Seconds after which to give up, with exit code 1.")
    ] = 600,
) -> None:
    """Wait until the database of a service has the schema that this program needs; DATABASE or
    SUBSIDY_DATABASE is its address.
    """
    _known(service)
    known = next((name for name in ("DATABASE", variable(service)) if name in os.environ), None)
    if known is None:
        refuse(f"no database to look at: set DATABASE or {variable(service)}")
    _become("city.operations.waiting", service, known, str(timeout))


@app.command()
def smoke(
    gateway: Annotated[
        str, typer.Option(envvar="GATEWAY", help="Address of the gateway, http://…")
    ] = "",
    timeout: Annotated[
        float,
        typer.Option(
            min=0, help="Seconds that a platform which has just been started may take to be ready."
        ),
    ] = 60,
) -> None:
    """Exercise a running platform through its gateway as a client would; exit code 1 if anything
    fails.

    CLIENT_ID and CLIENT_SECRET, or USERNAME and PASSWORD, or TOKEN say who asks; TOKEN_URL, PEERS
    and CITY are optional.
    """
    if not gateway.startswith(("http://", "https://")):
        refuse(f"gateway: {gateway or 'nothing'} is no address; set GATEWAY=http://HOST:PORT")
    _become("city.operations.smoke", gateway, str(timeout))


@topics_app.command("list")
def topics_list() -> None:
    """Print the topics, how long they keep records, and the events on them."""
    from rich.console import Console
    from rich.table import Table

    from city.operations import topics

    table = Table("topic", "keeps", "events")
    for topic in topics.declared():
        events = ", ".join(event.rpartition(".")[2] for event in topic.events)
        table.add_row(topic.name, "the last of each key" if topic.compacted else "7 days", events)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


@topics_app.command("apply")
def topics_apply(
    kafka: Annotated[
        str,
        typer.Option(
            envvar="KAFKA", help="HOST:PORT of brokers; default: those of the running city."
        ),
    ] = "",
    partitions: Annotated[int, typer.Option(envvar="PARTITIONS")] = PARTITIONS,
    replication: Annotated[int, typer.Option(envvar="REPLICATION")] = 1,
    state: StateOption = STATE,
) -> None:
    """Make missing topics and set what differs; a number of partitions is never changed."""
    from confluent_kafka import KafkaException

    from city.operations import topics

    brokers = _brokers(kafka, state)
    try:
        done = topics.apply(brokers, partitions=partitions, replication=replication)
    except (topics.PartitionsFixed, KafkaException) as error:
        refuse(f"topics: {error}", REFUSED)
    for line in done or ["all topics are as declared"]:
        print(line, flush=True)


def _brokers(kafka: str, state: Path) -> "Bootstrap":
    """The brokers with this address, or those of the city that runs on the state folder."""
    if ":" in kafka:
        from city.operations.brokers import configured_bootstrap

        return configured_bootstrap(kafka)
    if has_city(state):
        with checkout("a state folder"):
            from city.box.services import bootstrap
            from city.box.state import State
        facts = State(state).city()
        if facts and facts["kafka"]:
            return bootstrap(facts["kafka_kind"], facts["kafka"])
    refuse(f"no brokers: set KAFKA=HOST:PORT; no city runs on {state}", NOT_RUNNING)


def _known(service: str) -> None:
    if service not in present():
        refuse(f"service: {service} is none of {', '.join(present())}")


def _become(module: str, *arguments: str, environment: dict[str, str] | None = None) -> NoReturn:
    """Turns this process into that module's, so that whoever started it ends it with a signal: in a
    container it is PID 1.
    """
    os.execve(
        sys.executable, [sys.executable, "-m", module, *arguments], environment or dict(os.environ)
    )
