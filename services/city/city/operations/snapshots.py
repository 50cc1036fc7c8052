"""Aggregates whose owner can publish their full state again: those with a compacted topic."""

OWNERS = {
    "elder": "assessment",
    "policy": "subsidy",
    "organisation": "facility",
    "facility": "facility",
    "worker": "facility",
}


class NotOwned(Exception):
    """No service can publish this aggregate again: its topic is not compacted, its events are facts
    of their day.
    """


def owner(aggregate: str) -> str:
    """The service that can publish an aggregate again. Raises: NotOwned."""
    if aggregate not in OWNERS:
        raise NotOwned(f"aggregate: {aggregate} is none of {', '.join(sorted(OWNERS))}")
    return OWNERS[aggregate]
