"""What was changed, as it was kept."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from facility.changes.tables import RegisterChange
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def changes_of(
    session: Session, subject_id: UUID, caller: Caller
) -> Sequence[RegisterChange]:
    """The changes of one entry of a register, the oldest first."""
    wanted = access.scoped(
        select(RegisterChange),
        caller,
        area=RegisterChange.area_code,
        organisation=RegisterChange.organisation_id,
    )
    wanted = wanted.where(RegisterChange.subject_id == subject_id)
    return (await session.exec(wanted.order_by(col(RegisterChange.version)))).all()
