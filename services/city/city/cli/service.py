"""The verbs of one service's operators: parked records, audit records, keys, republishing."""

import base64
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from city.cli.options import STATE, WRONG, StateOption, checkout, refuse
from city.names import present
from city.operations.snapshots import NotOwned, owner

app = typer.Typer()
parked_app = typer.Typer(
    no_args_is_help=True,
    help="Records that could not be applied, and those of the same key behind them.",
)
audit_app = typer.Typer(
    no_args_is_help=True, help="Who read whose personal data: records chained by hash."
)
keys_app = typer.Typer(
    no_args_is_help=True,
    help="Keys of personal data: which are in use, and renewing what old ones have sealed.",
)


@parked_app.command("list")
def parked_list(service: Annotated[str, typer.Argument()] = "", state: StateOption = STATE) -> None:
    """Show parked records with their reasons."""
    names = [service] if service else list(present())
    raise typer.Exit(max(operate(state, name, "parked") for name in names))


@parked_app.command("replay")
def parked_replay(
    service: str,
    topic: Annotated[str, typer.Argument()] = "",
    key: Annotated[str, typer.Argument()] = "",
    state: StateOption = STATE,
) -> None:
    """Let the same handlers try parked records again, in order: all of a service, of one topic, or
    of one key.
    """
    raise typer.Exit(operate(state, service, "replay", topic, key))


@parked_app.command("skip")
def parked_skip(
    service: str, topic: str, partition: int, offset: int, state: StateOption = STATE
) -> None:
    """Let the records behind a parked one go on without it: it stays as evidence and is never
    applied.
    """
    raise typer.Exit(operate(state, service, "skip", topic, str(partition), str(offset)))


@parked_app.command("resume")
def parked_resume(service: str, state: StateOption = STATE) -> None:
    """Let a service that stopped since too many records in a row were parked read on when it is
    started.
    """
    raise typer.Exit(operate(state, service, "resume"))


@parked_app.command("accept-loss")
def parked_accept_loss(
    service: str,
    topic: str,
    partition: int,
    begin: Annotated[int, typer.Argument(help="Offset at which the log begins now.")],
    state: StateOption = STATE,
) -> None:
    """Let a service that stopped since Kafka deleted records unread go on where the log begins now;
    the deleted ones count as gaps.
    """
    raise typer.Exit(operate(state, service, "accept-loss", topic, str(partition), str(begin)))


@audit_app.command("verify")
def audit_verify(
    service: Annotated[str, typer.Argument()] = "", state: StateOption = STATE
) -> None:
    """Check the hash chain of the audit records of a service, or of all; exit code 1 and the first
    broken position if one was changed.
    """
    names = [service] if service else list(present())
    raise typer.Exit(max(operate(state, name, "verify-audit") for name in names))


@app.command()
def republish(aggregate: str, state: StateOption = STATE) -> None:
    """Have the owner of an aggregate publish the full state of every one of them again, at its
    present version: elder, policy, organisation, facility or worker.
    """
    try:
        service = owner(aggregate)
    except NotOwned as error:
        refuse(str(error), WRONG)
    raise typer.Exit(operate(state, service, "republish", aggregate))


app.command("resay", deprecated=True, help="The old name of `republish`.")(republish)


@keys_app.command()
def new(
    key_id: Annotated[
        str, typer.Argument(help="Its id, by which the ring knows it for good: a year, say.")
    ],
) -> None:
    """Print a new random key in the form of PERSONAL_KEYS and HASH_KEYS; append it to a ring, later
    put it first.
    """
    print(f"{key_id}:{base64.b64encode(secrets.token_bytes(32)).decode()}")


@keys_app.command()
def status(service: Annotated[str, typer.Argument()] = "", state: StateOption = STATE) -> None:
    """Count values by key; exit code 1 while any has another key than the first of its ring."""
    names = [service] if service else list(present())
    raise typer.Exit(max(operate(state, name, "keys") for name in names))


@keys_app.command()
def rotate(
    service: str,
    state: StateOption = STATE,
    answers: Annotated[
        bool,
        typer.Option(
            help="Renew the kept answers of commands too; without it they leave after 35 days."
        ),
    ] = False,
    pause: Annotated[float, typer.Option(min=0, help="Seconds of rest after each 200 rows.")] = 0.0,
) -> None:
    """Renew what old keys have sealed and hashed, while the service goes on; repeat it where it was
    cut off.
    """
    raise typer.Exit(operate(state, service, "rotate", "answers" if answers else "", str(pause)))


def operate(state: Path, service: str, *arguments: str) -> int:
    """Runs `city.operations.operate` in a child with the environment of one service: its handlers,
    keys and database. Returns the exit code; the output goes to our terminal.

    Where the environment is that service's already, as in its container, it is taken as it is.
    """
    variables = dict(os.environ)
    if "DATABASE" not in os.environ:
        with checkout("a state folder"):
            from city.box.servers import endpoints
            from city.box.services import environment
            from city.box.state import State
        kept = State(state)
        variables = environment(kept, endpoints(kept), service)
    command = [sys.executable, "-m", "city.operations.operate", service, *arguments]
    return subprocess.call(command, env=variables | {"LOG_LEVEL": "warning"})
