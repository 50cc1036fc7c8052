"""What proofs have found."""

from eldercare.datacenter.v1 import api_pb2 as pb
from sqlalchemy import select

from datacenter.flows.folding import holders
from datacenter.rules import months
from datacenter.tables import Differed, Proved
from kit import wire
from kit.access import Caller, area_prefix, scoped
from kit.store import Session


async def newest(session: Session, caller: Caller, area_code: str, month: int) -> pb.Proof | None:
    """The newest proof of a month that covers an area, with what it found inside the area."""
    row = (await session.exec(
        select(Proved).where(Proved.month == month, Proved.area_code.in_(holders(area_code)))
        .order_by(Proved.proved_at.desc(), Proved.proof_id.desc()).limit(1)
    )).scalar_one_or_none()
    if row is None:
        return None
    chosen = scoped(select(Differed), caller, area=Differed.area_code)
    inside = Differed.area_code.startswith(area_prefix(area_code))
    found = (await session.exec(chosen.where(Differed.proof_id == row.proof_id, inside).order_by(Differed.area_code, Differed.code))).scalars()
    return wire.message(pb.Proof, row, month=months.text(row.month), differences=[wire.message(pb.Difference, one) for one in found])
