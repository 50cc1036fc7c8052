"""What proofs have found."""

from eldercare.datacenter.v1 import api_pb2 as pb
from sqlmodel import col, select

from datacenter import months
from datacenter.counts.queries import unapplied
from datacenter.counts.rollup import holders
from datacenter.proofs.tables import Difference, Proof
from kit.contracts import wire
from kit.db.store import Session
from kit.security.access import Caller, area_prefix, scoped


async def newest(session: Session, caller: Caller, area_code: str, month: int) -> pb.Proof | None:
    """The newest proof of a month that covers an area, with what it found inside the area."""
    chosen = select(Proof).where(Proof.month == month, col(Proof.area_code).in_(holders(area_code)))
    row = (
        await session.exec(
            chosen.order_by(col(Proof.proved_at).desc(), col(Proof.proof_id).desc()).limit(1)
        )
    ).first()
    return None if row is None else await described(session, caller, row, area_code)


async def described(session: Session, caller: Caller, row: Proof, area_code: str) -> pb.Proof:
    """A proof with what it found inside an area."""
    inside = scoped(select(Difference), caller, area=Difference.area_code).where(
        Difference.proof_id == row.proof_id,
        col(Difference.area_code).startswith(area_prefix(area_code)),
    )
    found = await session.exec(inside.order_by(col(Difference.area_code), col(Difference.code)))
    return wire.message(
        pb.Proof,
        row,
        month=months.text(row.month),
        unapplied=sum(map(sum, (await unapplied(session)).values())),
        differences=[wire.message(pb.Difference, one) for one in found],
    )
