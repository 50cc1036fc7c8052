"""What the command prints: one console for all of its verbs."""

import sys

from rich.console import Console

WIDTH = 120  # characters, where the output goes to a file

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)


def say(text: str) -> None:
    """Prints one line as it is; a terminal wraps it."""
    console.print(text, markup=False, soft_wrap=True)
