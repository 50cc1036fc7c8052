"""What flows look up whoever asks: they decide by all rows, what a caller may see is decided in
`queries`.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import exists, func, or_
from sqlmodel import col, select

from facility.rules import WorkerStatus
from facility.tables import Bed, Stay, Worker
from kit.db.store import Session


async def works_there(session: Session, organisation_id: UUID, digests: Sequence[bytes]) -> bool:
    """True where a person with one of these digests is an active worker of the organisation."""
    wanted = select(Worker.worker_id).where(
        Worker.organisation_id == organisation_id,
        col(Worker.id_number_digest).in_(digests),
        Worker.status == WorkerStatus.ACTIVE,
    )
    return (await session.exec(wanted)).first() is not None


async def residents(session: Session, facility_id: UUID, today: date) -> int:
    """Elders who stay in the facility today or later."""
    wanted = select(func.count()).where(
        Stay.facility_id == facility_id,
        or_(col(Stay.ended_on).is_(None), col(Stay.ended_on) > today),
    )
    return (await session.exec(wanted)).one()


async def free_bed(session: Session, facility_id: UUID, began_on: date) -> Bed | None:
    """A bed without a stay from that day on; a plain one before a nursing bed."""
    days = func.daterange(Stay.began_on, Stay.ended_on)
    taken = exists().where(
        col(Stay.bed_id) == Bed.bed_id, days.op("&&")(func.daterange(began_on, None))
    )
    wanted = (
        select(Bed)
        .where(Bed.facility_id == facility_id, ~taken)
        .order_by(col(Bed.nursing), col(Bed.bed_id))
        .limit(1)
    )
    return (await session.exec(wanted)).first()


async def open_stays(session: Session, elder_id: UUID) -> Sequence[Stay]:
    """The stay of an elder that has no end yet, locked."""
    return (
        await session.exec(
            select(Stay)
            .where(Stay.elder_id == elder_id, col(Stay.ended_on).is_(None))
            .with_for_update()
        )
    ).all()
