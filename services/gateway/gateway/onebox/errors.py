"""Why the clock of one box stays where it is."""

from datetime import datetime


class MovesForward(Exception):
    """The clock is behind nothing: it only moves on. now: where it is."""

    def __init__(self, text: str, now: datetime) -> None:
        super().__init__(text)
        self.now = now


class ClockStays(Exception):
    """The last move cannot be taken back."""
