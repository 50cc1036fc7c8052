"""`eldercare keys`: which keys of personal data are in use, and renewing what old ones have sealed."""

import base64
import secrets
from pathlib import Path
from typing import Annotated

import typer

from city import operations
from city.names import present
from city.state import State

app = typer.Typer(
    no_args_is_help=True,
    help="Keys of personal data: which are in use, and renewing what old ones have sealed.",
)

StateOption = Annotated[
    Path, typer.Option("--state", envvar="ELDERCARE_STATE", help="State folder of the city.")
]
STATE = Path(".state")


@app.command()
def new(
    key_id: Annotated[
        str, typer.Argument(help="Its id, by which the ring knows it for good: a year, say.")
    ],
) -> None:
    """Print a new random key in the form of PERSONAL_KEYS and HASH_KEYS; append it to a ring, later
    put it first.
    """
    print(f"{key_id}:{base64.b64encode(secrets.token_bytes(32)).decode()}")


@app.command()
def status(service: Annotated[str, typer.Argument()] = "", state: StateOption = STATE) -> None:
    """Count values by key; exit code 1 while any stands under another than the first of its ring."""
    names = [service] if service else list(present())
    raise typer.Exit(max(operations.operate(State(state), name, "keys") for name in names))


@app.command()
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
    raise typer.Exit(
        operations.operate(
            State(state), service, "rotate", "answers" if answers else "", str(pause)
        )
    )
