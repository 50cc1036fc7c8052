"""What flows look up whoever asks: they decide by all rows, what a caller may see is decided in
`queries`.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlmodel import col, select

from assessment.rules import OPEN, WAITING, AssessmentState
from assessment.tables import Application, Assessment, Elder
from kit.db.personal import KeyRing
from kit.db.store import Session


async def known(session: Session, ring: KeyRing, id_numbers: Collection[str]) -> dict[str, Elder]:
    """The elders with these ID numbers, by ID number; digests of all hash keys are looked for."""
    numbers_by_digest = {
        digest: number for number in id_numbers for digest in ring.digests("id_number", number)
    }
    if not numbers_by_digest:
        return {}
    found = await session.exec(
        select(Elder).where(col(Elder.id_number_digest).in_(numbers_by_digest))
    )
    return {numbers_by_digest[row.id_number_digest]: row for row in found}


async def open_application(session: Session, elder_id: UUID) -> UUID | None:
    """The elder's application that is not finished."""
    wanted = select(Application.application_id).where(
        Application.elder_id == elder_id, col(Application.state).in_(OPEN)
    )
    return (await session.exec(wanted)).first()


async def waiting_applications(session: Session, elder_id: UUID) -> Sequence[Application]:
    """The elder's applications without a result, locked."""
    wanted = (
        select(Application)
        .where(Application.elder_id == elder_id, col(Application.state).in_(WAITING))
        .with_for_update()
    )
    return (await session.exec(wanted)).all()


async def in_force(session: Session, elder_id: UUID) -> Assessment | None:
    """The elder's result that is in force, locked."""
    wanted = (
        select(Assessment)
        .where(Assessment.elder_id == elder_id, Assessment.state == AssessmentState.IN_FORCE)
        .with_for_update()
    )
    return (await session.exec(wanted)).first()
