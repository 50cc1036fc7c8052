"""Which months are proved each day without anybody asking."""

from datetime import date
from pathlib import Path

from sqlalchemy import and_, func
from sqlmodel import col, select

from datacenter import months
from datacenter.counts.flows.renewing import outdated
from datacenter.counts.tables import Watermark
from datacenter.proofruns.flows.running import prove
from datacenter.proofs.tables import Proof
from kit.contracts.clock import local_day
from kit.db.store import Store


class Outdated(Exception):
    """What is shown was counted by other rules."""


async def prove_due(
    store: Store, city: str, proved_on: date | None, folder: Path | None = None
) -> date:
    """Makes what is due today: the present month unless it is proved, and a closed month unless one
    was proved on this day by this loop.

    A closed month comes in turn, since late facts still change it: a recovery, a captured voucher,
    a complaint that is closed. Returns the day for which this is done. Raises: Outdated while the
    counts are another release's: their difference is known.
    """
    async with store.reading() as session:
        if await outdated(session):
            raise Outdated("the counts are made anew first")
    today = store.clock.today()
    present = months.of_day(today)
    if not await is_proved(store, city, present):
        await prove(store, city, present, folder)
    if today != proved_on and (closed := await closed_in_turn(store, city, present)) is not None:
        await prove(store, city, closed, folder)
    return today


async def closed_in_turn(store: Store, city: str, present: int) -> int | None:
    """The month before the present one that was never proved, or whose newest proof is the oldest;
    None where no event is of one.
    """
    proved = and_(col(Proof.month) == Watermark.month, col(Proof.area_code) == city)
    chosen = (
        select(Watermark.month)
        .outerjoin(Proof, proved)
        .where(col(Watermark.month) < present)
        .group_by(col(Watermark.month))
        .order_by(func.max(col(Proof.proved_at)).nulls_first(), col(Watermark.month))
        .limit(1)
    )
    async with store.reading() as session:
        return (await session.exec(chosen)).first()


async def is_proved(store: Store, city: str, month: int) -> bool:
    """Whether today's proof is made; one from before the first event proves nothing, and is made
    anew when there is one.
    """
    async with store.reading() as session:
        chosen = select(Proof.proved_at, Proof.events).where(
            Proof.area_code == city, Proof.month == month
        )
        newest = (
            await session.exec(
                chosen.order_by(col(Proof.proved_at).desc(), col(Proof.proof_id).desc()).limit(1)
            )
        ).first()
        if newest is None or local_day(newest[0]) != local_day(session.now):
            return False
        return bool(newest[1]) or not await (await session.driver()).fetchval(
            "select exists (select from archive)"
        )
