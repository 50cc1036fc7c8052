"""What flows and queries need beside the session: keys for personal text, the city's areas."""

from dataclasses import dataclass
from functools import cache

from kit.contracts import areas
from kit.contracts.areas import Areas
from kit.db.personal import KeyRing
from kit.db.store import Store

GROUP = "facility"  # the consumer group of this service
PAGE = 50  # rows of a page where the caller names none


@dataclass(frozen=True, slots=True)
class Context:
    """Built once for a store, passed to every flow and query that needs it."""

    ring: KeyRing
    areas: Areas


@cache
def context_of(store: Store) -> Context:
    """The context of a store. Raises: TypeError where the store has no keys."""
    if not isinstance(store.vault, KeyRing):
        raise TypeError(
            "settings personal_keys and hash_keys are empty: this service keeps personal text"
        )
    return Context(store.vault, areas.load())
