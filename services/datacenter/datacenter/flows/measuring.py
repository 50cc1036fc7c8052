"""What operators see of the figures: whether proofs found them right, how old the newest proof is,
and how new the facts are.
"""

import asyncio
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from datacenter.tables import Differed, Heard, Proved
from kit.contracts.refusals import Unavailable
from kit.db.store import Session, Store
from kit.observability import names
from kit.observability.logs import log

PAUSE_S = 15.0


async def keep_measuring(store: Store, city: str) -> None:
    """Sets the gauges again and again, for as long as the service runs; every replica tells the
    same.
    """
    began = store.clock.now()
    while True:
        try:
            async with store.reading() as session:
                await measure(session, city, began)
        except Unavailable as error:
            log.warning("figures are not measured now", error=type(error).__name__)
        await asyncio.sleep(PAUSE_S)


async def measure(session: Session, city: str, began: datetime) -> None:
    """Sets the gauges once. began: from when on a proof could have been made; where there is none,
    it is missed since then.
    """
    last = select(col(Proved.month), func.max(col(Proved.proved_at)).label("at")).where(
        Proved.area_code == city
    )
    last_of: Any = last.group_by(col(Proved.month)).subquery()
    newest: Any = select(col(Proved.proof_id), col(Proved.figures), col(Proved.proved_at)).where(
        Proved.area_code == city
    )
    newest = newest.join(
        last_of, (last_of.c.month == Proved.month) & (last_of.c.at == Proved.proved_at)
    )
    proofs = list(await session.exec(newest))
    differing: Any = select(func.count()).where(
        col(Differed.proof_id).in_([proof_id for proof_id, _, _ in proofs])
    )
    names.PROOF_DIFFERENCES.set((await session.exec(differing)).one())
    if proofs:
        _, figures, began = max(proofs, key=lambda proof: proof[2])
        names.PROOF_FIGURES.set(figures)
    names.PROOF_AGE.set(max(0.0, (session.now - began).total_seconds()))
    heard: Any = select(Heard.topic, func.max(Heard.newest)).group_by(Heard.topic)
    names.WATERMARK_AGE.all(
        {(topic,): (session.now - at).total_seconds() for topic, at in await session.exec(heard)}
    )
