"""The verbs of backup and restore: a folder that holds a city, a city from it, and Kafka fitted to
databases that others restored. Every verb reads this file, so what only these need is imported when
they are called.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from city.cli.options import NOT_RUNNING, REFUSED, STATE, WRONG, StateOption, checkout
from city.names import NAMES, variable
from city.operations.snapshots import OWNERS
from city.terminal import say

app = typer.Typer()
FolderArgument = Annotated[
    Path,
    typer.Argument(
        help="Folder of the backup; it holds personal data, and on one machine their keys."
    ),
]


@app.command()
def backup(
    folder: FolderArgument,
    state: StateOption = STATE,
    server: Annotated[
        str,
        typer.Option(
            envvar="BACKUP_SERVER",
            help="DSN of a role that may replicate, where the city is deployed; without it "
            "only the tail of Kafka is kept.",
        ),
    ] = "",
) -> None:
    """Back up a living city: all databases at one instant, and what Kafka holds that they do not.

    Of a deployed city the databases are SUBSIDY_DATABASE and its like, and the brokers KAFKA.
    """
    from city.backup import making
    from city.operations.brokers import configured_bootstrap

    if databases := _databases():
        source = making.Source(server, configured_bootstrap(_kafka()), databases)
    else:
        with checkout("a state folder"):
            from city.box import backups
            from city.box.state import State
        if State(state).city() is None:
            say(f"no city runs on {state}, and no {variable('subsidy')} or its like is set")
            raise typer.Exit(NOT_RUNNING)
        source = backups.source(State(state))
    _done(lambda: making.backup(folder, source, say))


@app.command()
def restore(folder: FolderArgument, state: StateOption) -> None:
    """Make a city on one machine from its backup, in a new state folder; `eldercare up` runs it."""
    with checkout("`eldercare restore`"):
        from city.box import backups
        from city.box.state import NotAState, State, StateInUse
        from devservers.process import Missing, StartFailed
    expected = (backups.NotNew, NotAState, StateInUse, Missing, StartFailed)
    kept = State(state)
    _done(kept.open, *expected)
    try:
        _done(lambda: backups.restore(folder, kept, say), *expected)
    finally:
        kept.close()


@app.command()
def realign(
    folder: FolderArgument,
    replication: Annotated[
        int | None,
        typer.Option(
            min=1,
            envvar="REPLICATION",
            help=(
                "Copies of each partition of the new topics; default: as many as the old ones have."
            ),
        ),
    ] = None,
) -> None:
    """Fit Kafka to databases that were brought back to an earlier instant: new topics, what is true
    of the tail, a new epoch.

    No service runs meanwhile. The databases are SUBSIDY_DATABASE and its like, the brokers KAFKA.
    Where the folder is new, the tail is first taken from the topics that are there; where it holds
    one that was kept before, that one is used, on whatever brokers.
    """
    databases = _databases()
    if set(databases) != set(NAMES):
        say(
            "every database is realigned, or none: set "
            f"{', '.join(variable(name) for name in NAMES if name not in databases)} as "
            "well"
        )
        raise typer.Exit(WRONG)
    from city.backup import making
    from city.backup.realigning import realign as fit
    from city.operations.brokers import configured_bootstrap

    def act() -> None:
        kafka = configured_bootstrap(_kafka())
        if not (folder / making.MANIFEST).exists():
            making.backup(folder, making.Source("", kafka, databases), say)
        epochs = fit(
            folder, making.Manifest.of(folder), kafka, databases, say, replication=replication
        )
        say(
            f"epoch {max(epochs.values())} begins; start the services, then `eldercare "
            f"republish` {', '.join(sorted(OWNERS))}"
        )

    _done(act)


def _databases() -> dict[str, str]:
    return {name: os.environ[variable(name)] for name in NAMES if variable(name) in os.environ}


def _kafka() -> str:
    if not os.environ.get("KAFKA"):
        say("no brokers: set KAFKA=HOST:PORT")
        raise typer.Exit(WRONG)
    return os.environ["KAFKA"]


def _done(act: Callable[[], object], *expected: type[Exception]) -> None:
    try:
        act()
    except (*_expected(), *expected) as error:
        say(str(error))
        raise typer.Exit(REFUSED) from None


def _expected() -> tuple[type[Exception], ...]:
    """What goes wrong with a backup, and is told without a trace."""
    import asyncpg
    from confluent_kafka import KafkaException

    from city.backup import making, tail
    from city.backup.realigning import CopiesUnknown, InUse

    return (
        making.NoBackup,
        making.Failed,
        tail.Lost,
        tail.Damaged,
        InUse,
        CopiesUnknown,
        KafkaException,
        asyncpg.PostgresError,
        OSError,
    )
