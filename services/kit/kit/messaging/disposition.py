"""What becomes of a record: got through, waits, or is parked."""

from dataclasses import dataclass, field
from typing import NamedTuple

from kit.messaging.records import Item, OrderingKey

# also the names of a position's counters, see kit.messaging.positions.Tally
APPLIED, REPEATED, IGNORED = "applied", "repeated", "ignored"
WAITING, PARKED, HELD = "waiting", "parked", "held"


class Disposition(NamedTuple):
    """What becomes of a record.

    why: kind and id it waits for, or reason and detail of its parking.
    """

    item: Item
    name: str
    why: tuple[str, str] = ("", "")
    attempts: int = 0


@dataclass(slots=True)
class Outcome:
    """What a run of records has come to, before it is certain that it stays.

    waiting: keys that wait, and for what. blocked: keys that stand behind a parked record.
    """

    dispositions: list[Disposition] = field(default_factory=list)
    waiting: dict[OrderingKey, tuple[str, str]] = field(default_factory=dict)
    blocked: set[OrderingKey] = field(default_factory=set)

    def add(self, disposition: Disposition) -> None:
        """Notes it, and that later records of its key must queue where it did not get through."""
        self.dispositions.append(disposition)
        key = disposition.item.ordering_key
        if key is None:
            return
        if disposition.name == WAITING:
            self.waiting[key] = disposition.why
        elif disposition.name in (PARKED, HELD):
            self.blocked.add(key)

    def take(self, other: "Outcome") -> None:
        """Adds what has come after it."""
        self.dispositions += other.dispositions
        self.waiting |= other.waiting
        self.blocked |= other.blocked
