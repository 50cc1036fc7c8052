"""Why the clock of one box stays where it is."""

from datetime import datetime

from kit.contracts.phrases import Phrase


class MovesForward(Exception):
    """The clock is behind nothing: it only moves on. now: where it is."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.now = now


class ClockStays(Exception):
    """The last move cannot be taken back."""

    def __init__(self, why: Phrase) -> None:
        super().__init__(why)
        self.why = why
