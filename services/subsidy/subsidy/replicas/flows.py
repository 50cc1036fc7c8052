"""Facts of other services as rules take them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from kit.db.store import Session
from subsidy.replicas.rules import ApprovedLevel
from subsidy.replicas.tables import Result


async def results_of(
    session: Session, elder_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Result]]:
    """The approved levels of these elders, by elder; none where an elder has none."""
    found: defaultdict[UUID, list[Result]] = defaultdict(list)
    wanted = select(Result).where(col(Result.elder_id) == func.any(elder_ids))
    for result in (await session.exec(wanted)).all():
        found[result.elder_id].append(result)
    return found


def approved_levels(results: Sequence[Result]) -> list[ApprovedLevel]:
    """Approved levels as the rules take them."""
    return [
        ApprovedLevel(result.level, result.valid_from, result.valid_to, result.approved_at)
        for result in results
    ]
