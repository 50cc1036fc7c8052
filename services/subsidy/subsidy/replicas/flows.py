"""Facts of other services as rules take them."""

from collections.abc import Sequence

from subsidy.replicas.rules import ApprovedLevel
from subsidy.replicas.tables import Result


def approved_levels(results: Sequence[Result]) -> list[ApprovedLevel]:
    """Approved levels as the rules take them."""
    return [
        ApprovedLevel(result.level, result.valid_from, result.valid_to, result.approved_at)
        for result in results
    ]
