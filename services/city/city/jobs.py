"""The verbs that a container runs: one service, migrations, topics, waiting, a smoke test. They
begin at once, since they import little.

Each takes what it needs from the environment alone; with a state folder they also serve the city of
one machine.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from city.names import NAMES, PARTITIONS, present, variable

NOT_RUNNING, WRONG = 3, 2

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
topics_app = typer.Typer(no_args_is_help=True, help="The topics that the contracts name.")
app.add_typer(topics_app, name="topics")

StateOption = Annotated[
    Path, typer.Option("--state", envvar="ELDERCARE_STATE", help="State folder of the city.")
]
STATE = Path(".state")


@app.command(name="run")
def run_service(service: str, state: StateOption = STATE) -> None:
    """Run one service in this terminal, with the environment alone, or with that of a state folder
    if there is one.
    """
    _known(service)
    variables = dict(os.environ)
    if "DATABASE" not in os.environ and _has_city(state):
        from city import operations
        from city.services import environment
        from city.state import State

        kept = State(state)
        variables = environment(kept, operations.places(kept), service)
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
        if not _has_city(state):
            wanted = (
                f"set {variable(service)} or DATABASE"
                if service
                else f"set {', '.join(map(variable, NAMES))}, or some of them"
            )
            _refuse(
                f"no database to migrate: {wanted}; or name the state folder of a city with --state"
            )
        from city import operations
        from city.state import State

        names = names or list(present())
        variables |= operations.databases(State(state), names)
    _become("city.migrate", *names, environment=variables)


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
        _refuse(f"no database to look at: set DATABASE or {variable(service)}")
    _become("city.waiting", service, known, str(timeout))


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
        _refuse(f"gateway: {gateway or 'nothing'} is no address; set GATEWAY=http://HOST:PORT")
    _become("city.smoke", gateway, str(timeout))


@topics_app.command("list")
def topics_list() -> None:
    """Print the topics, how long they keep, and what is said on them."""
    from rich.console import Console
    from rich.table import Table

    from city import topics

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
    """Make the topics that are missing and set what differs; never changes a number of partitions."""
    from confluent_kafka import KafkaException

    from city import topics
    from city.services import GIVEN, guarded
    from kit.messaging.bootstrap import Bootstrap

    if ":" in kafka:
        brokers = guarded(kafka)
    else:
        from city.state import State

        city = State(state).city() if _has_city(state) else None
        if city is None:
            _refuse(f"no brokers: set KAFKA=HOST:PORT; no city runs on {state}", NOT_RUNNING)
        brokers = (
            guarded(city["kafka"]) if city["kafka_kind"] == GIVEN else Bootstrap(city["kafka"])
        )
    try:
        done = topics.apply(brokers, partitions=partitions, replication=replication)
    except (topics.PartitionsFixed, KafkaException) as error:
        _refuse(f"topics: {error}", 1)
    for line in done or ["all topics are as declared"]:
        print(line, flush=True)


def _known(service: str) -> None:
    if service not in present():
        _refuse(f"service: {service} is none of {', '.join(present())}")


def _has_city(state: Path) -> bool:
    return (state / "ports.json").exists()


def _refuse(text: str, code: int = WRONG) -> NoReturn:
    print(text, file=sys.stderr, flush=True)
    raise typer.Exit(code)


def _become(module: str, *arguments: str, environment: dict[str, str] | None = None) -> NoReturn:
    """Turns this process into that module's, so that whoever started it ends it with a signal: in a
    container it is PID 1.
    """
    os.execve(
        sys.executable, [sys.executable, "-m", module, *arguments], environment or dict(os.environ)
    )


VERBS = frozenset({"run", "migrate", "wait", "smoke", "topics"})


def main() -> None:
    """The entry of the command: what a container runs is not kept waiting by what the others
    import.
    """
    if sys.argv[1:2] and sys.argv[1] in VERBS:
        app()
    else:
        from city.__main__ import app as whole

        whole()


if __name__ == "__main__":
    main()
