"""What flows stand on beside the session: keys for personal text, the city's areas, the norms'
numbers.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from kit.contracts import areas, standards
from kit.contracts.areas import Areas
from kit.contracts.standards import Standards
from kit.db.personal import KeyRing
from kit.db.store import Store


@dataclass(frozen=True, slots=True)
class Ground:
    """Built once in `__main__`, passed to every flow and query that needs it."""

    ring: KeyRing
    areas: Areas
    standards: Standards

    def value(self, name: str, on: date) -> Any:
        """A norm's number on a day. name: file and key, `staffing.persons_per_caregiver`."""
        return self.standards.value(name, on=on)


@cache
def of(store: Store) -> Ground:
    """The ground under a store. Raises: TypeError where the store has no keys."""
    if not isinstance(store.vault, KeyRing):
        raise TypeError(
            "settings personal_keys and hash_keys are empty: this service keeps personal text"
        )
    return Ground(store.vault, areas.load(), standards.load(__package__))
