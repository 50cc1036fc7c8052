"""`eldercare archive`: days of the data center's archive leave as files, and come back.

The database is DATACENTER_DATABASE (or DATABASE, in the data center's own container), else that of
a state folder, whose PostgreSQL is started meanwhile where no city runs. Its role owns the tables,
as the one of the migrations does.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from city.cli.options import REFUSED, STATE, WRONG, StateOption, checkout, has_city
from city.names import variable
from city.terminal import console, say

if TYPE_CHECKING:
    from kit.db.store import Store

SERVICE = "datacenter"
Result = TypeVar("Result")
WIDE = 1000  # characters: the path of a file is printed whole, to be copied

app = typer.Typer(
    no_args_is_help=True,
    help="Days of the archive: where they are, out of the database into files, and back.",
)


@app.command("list")
def list_days(state: StateOption = STATE) -> None:
    """Show the days of the archive: rows (of those in the database an estimate), bytes, and where
    they are.
    """
    from datacenter.archive.flows.exporting import listed

    table = Table("day", "rows", "bytes", "where")
    for column in table.columns[1:3]:
        column.justify = "right"
    for day in _done(state, listed):
        table.add_row(str(day.day), str(day.rows), str(day.bytes or ""), day.file or "database")
    Console(width=WIDE).print(table)


@app.command()
def export(
    before: Annotated[
        datetime,
        typer.Option("--before", formats=["%Y-%m-%d"], help="The first day that stays, UTC."),
    ],
    to: Annotated[
        Path,
        typer.Option(
            "--to", help="Folder of the files, one for each day.", exists=True, file_okay=False
        ),
    ],
    keep: Annotated[
        bool,
        typer.Option(
            "--keep", help="Write and compare the files, and leave the days in the database."
        ),
    ] = False,
    state: StateOption = STATE,
) -> None:
    """Write the days before a day into files, read each back and compare it, then drop it from the
    database.

    Where it was cut off, repeat it. Refused for days of the last two weeks, and for those with
    events of the present month or the last one.
    """
    from datacenter.archive.flows import exporting

    with _bars() as progress:
        files = _done(
            state,
            lambda store: exporting.export(
                store, to.absolute(), before.date(), keep=keep, progress=progress
            ),
        )
    for file in files:
        say(f"{file}")
    say(
        f"{len(files)} days written"
        + ("" if keep or not files else f"; set ARCHIVE_FILES={to.absolute()} for the data center")
    )


@app.command(name="import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(help="A file of `export`, under its own name.", exists=True, dir_okay=False),
    ],
    state: StateOption = STATE,
) -> None:
    """Put the day of a file back into the database; the file stays."""
    from datacenter.archive.flows import importing

    with _bars() as progress:
        rows = _done(
            state, lambda store: importing.give_back(store, file.absolute(), progress=progress)
        )
    say(f"{rows} events are back")


@contextmanager
def _bars() -> Iterator[Callable[[date, str, int, int], None]]:
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(day: date, step: str, done: int, total: int) -> None:
            name = f"{day} {step}"
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=total)
            bars.update(tasks[name], completed=done)

        yield progress


def _done(state: Path, act: "Callable[[Store], Awaitable[Result]]") -> Result:
    """What was asked for, done on the database; a refusal ends the program."""
    import asyncpg

    from kit.contracts.clock import Clock
    from kit.contracts.refusals import EldercareError
    from kit.db.store import Store

    async def run(dsn: str, clock: Path | None) -> Result:
        store = Store(dsn, service=SERVICE, clock=Clock(clock), pool_size=2)
        try:
            return await act(store)
        finally:
            await store.close()

    try:
        with _database(state) as (dsn, clock):
            return asyncio.run(run(dsn, clock))
    except (EldercareError, asyncpg.PostgresError, OSError) as error:
        say(str(error))
        raise typer.Exit(REFUSED) from None


@contextmanager
def _database(state: Path) -> Iterator[tuple[str, Path | None]]:
    """The address of the database, and the business clock of a city on one machine."""
    given = os.environ.get(variable(SERVICE)) or os.environ.get("DATABASE")
    if given:
        clock = os.environ.get("CLOCK_FILE")
        yield given, Path(clock) if clock else None
        return
    if not has_city(state):
        say(f"no archive: set {variable(SERVICE)}, or name the state folder of a city with --state")
        raise typer.Exit(WRONG)
    with checkout("a state folder"):
        from city.box.servers import postgres_running
        from city.box.services import database
        from city.box.state import NotAState, State, StateInUse
        from devservers.process import Missing, StartFailed
    kept = State(state)
    try:
        with postgres_running(kept) as server:
            yield database(kept, server, SERVICE), kept.clock
    except (NotAState, StateInUse, Missing, StartFailed) as error:
        say(str(error))
        raise typer.Exit(REFUSED) from None
