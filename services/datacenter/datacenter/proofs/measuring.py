"""What operators see of the figures: whether proofs found them right, how old the newest proof is,
and how new the facts are.
"""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from datacenter.counts.tables import Watermark
from datacenter.proofs.tables import Difference, Proof
from kit.db.store import Session
from kit.observability import names


async def measure(session: Session, city: str, began: datetime) -> None:
    """Sets the gauges once. began: from when on a proof could have been made; where there is none,
    it is missed since then.
    """
    last = select(col(Proof.month), func.max(col(Proof.proved_at)).label("at")).where(
        Proof.area_code == city
    )
    last_of = last.group_by(col(Proof.month)).subquery()
    of_city = select(col(Proof.proof_id), col(Proof.figures), col(Proof.proved_at)).where(
        Proof.area_code == city
    )
    newest = of_city.join(
        last_of,
        (last_of.c.month == col(Proof.month)) & (last_of.c.at == col(Proof.proved_at)),
    )
    proofs = (await session.exec(newest)).all()
    differing = select(func.count()).where(
        col(Difference.proof_id).in_([proof_id for proof_id, _, _ in proofs])
    )
    names.PROOF_DIFFERENCES.set((await session.exec(differing)).one())
    if proofs:
        _, figures, began = max(proofs, key=lambda proof: proof[2])
        names.PROOF_FIGURES.set(figures)
    names.PROOF_AGE.set(max(0.0, (session.now - began).total_seconds()))
    watermarks = select(Watermark.topic, func.max(Watermark.newest)).group_by(col(Watermark.topic))
    names.WATERMARK_AGE.all(
        {
            (topic,): (session.now - at).total_seconds()
            for topic, at in await session.exec(watermarks)
        }
    )
