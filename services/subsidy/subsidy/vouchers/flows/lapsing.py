"""Ends vouchers: what is neither used nor held is gone, at the month's end or before."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import VoucherLapsed, VoucherRestored
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from subsidy.ledger.flows import Move, book, enter
from subsidy.ledger.rules import Account
from subsidy.runs import flows as runs
from subsidy.runs.flows import CHUNK, Progress, Upcoming
from subsidy.runs.rules import first_day, month_after, month_of
from subsidy.vouchers.tables import Voucher

LAPSE = "voucher-lapse"  # timer: the end of a month
LATE = "voucher-late"  # timer: what a voucher of a month that is over may still pay

# not those of whose elder a death is reported and not decided: nobody could use them meanwhile
_LAPSE = """
with chosen as (
    select voucher_id, issued_fen - reserved_fen - captured_fen - lapsed_fen as free_fen
    from voucher
    where coalesce(usable_month, month) = $1 and lapsed_at is null
        and ($2::uuid is null or voucher_id > $2)
        and not exists (
            select 1 from elder
            where elder.elder_id = voucher.elder_id and reported_died_on is not null
        )
    order by voucher_id limit $3
    for update
)
update voucher
set lapsed_at = $4, lapsed_fen = lapsed_fen + free_fen, version = version + (free_fen > 0)::int
from chosen where voucher.voucher_id = chosen.voucher_id
returning voucher.voucher_id, elder_id, area_code, month, free_fen, version
"""


class _Lapsed(NamedTuple):
    """A voucher that has ended. lapsed_fen: what is gone by that."""

    voucher_id: UUID
    elder_id: UUID
    area_code: str
    month: str
    lapsed_fen: int
    version: int


async def schedule(session: Session) -> None:
    """Sets the timer of the present month's end."""
    month = month_of(local_day(session.now))
    await runs.schedule(session, LAPSE, month, _begins_at(month))


def _begins_at(month: str) -> datetime:
    return day_start(first_day(month_after(month)))


async def lapse(session: Session, month: str) -> None:
    """Ends the vouchers of a month, the next chunk of them."""

    async def chunk(session: Session, after: UUID | None) -> Progress:
        return await _lapse_chunk(session, month, after)

    following = month_after(month)
    await runs.step(session, LAPSE, month, chunk, Upcoming(following, _begins_at(following)))


async def _lapse_chunk(session: Session, month: str, after: UUID | None) -> Progress:
    driver = await session.driver()
    rows = await driver.fetch(_LAPSE, month, after, CHUNK, session.now)
    ended = [_Lapsed(*row) for row in rows]
    lapsed = [voucher for voucher in ended if voucher.lapsed_fen]
    for voucher in lapsed:
        event = wire.message(VoucherLapsed, voucher, lapsed_at=session.now)
        emit(session, event, sequence=voucher.version)
    await book(session, *(_lapsed(voucher, voucher.lapsed_fen) for voucher in lapsed))
    last = max(voucher.voucher_id for voucher in ended) if len(ended) == CHUNK else None
    return Progress(last, len(ended))


async def end(session: Session, entitlement_id: UUID) -> None:
    """Ends the vouchers of an entitlement before their month does."""
    wanted = (
        select(Voucher)
        .where(col(Voucher.entitlement_id) == entitlement_id, col(Voucher.lapsed_at).is_(None))
        .order_by(col(Voucher.voucher_id))
        .with_for_update()
    )
    for voucher in (await session.exec(wanted)).all():
        end_voucher(session, voucher)


def end_voucher(session: Session, voucher: Voucher) -> None:
    """Ends a voucher before its month does: what is free is gone, what is held or used stays."""
    voucher.lapsed_at = session.now
    if voucher.free_fen:
        enter(session, lapse_rest(session, voucher))


def restore(session: Session, voucher: Voucher) -> None:
    """Takes back that a voucher was ended before its time; where that is over meanwhile, it can be
    used in the present month. One that ended with its time stays ended.
    """
    usable = voucher.usable_month or voucher.month
    if voucher.lapsed_at is None or voucher.lapsed_at >= _begins_at(usable):
        return
    present = month_of(local_day(session.now))
    if usable < present:
        voucher.usable_month = present
        set_timer(session, session.now, LATE, str(voucher.voucher_id))
    voucher.lapsed_at = None
    if voucher.lapsed_fen:
        restore_part(session, voucher, voucher.lapsed_fen)


async def carry_over(session: Session, voucher: Voucher) -> None:
    """A voucher that the run of its month has left alone, since its elder's death was reported, can
    be used in the present month; any other one that has not ended stays as it is.
    """
    usable = voucher.usable_month or voucher.month
    present = month_of(local_day(session.now))
    if usable < present and await runs.is_finished(session, LAPSE, usable):
        voucher.usable_month = present
        set_timer(session, session.now, LATE, str(voucher.voucher_id))


def restore_part(session: Session, voucher: Voucher, restored_fen: int) -> None:
    """Takes back that so much of a voucher is gone."""
    voucher.lapsed_fen -= restored_fen
    event = wire.message(
        VoucherRestored, voucher, restored_fen=restored_fen, restored_at=session.now
    )
    emit(session, event, voucher)
    enter(
        session,
        Move(
            document="VoucherRestored",
            document_id=voucher.voucher_id,
            area_code=voucher.area_code,
            source=Account.LAPSED,
            target=Account.ISSUED,
            amount_fen=restored_fen,
        ),
    )


def lapse_rest(session: Session, voucher: Voucher) -> Move:
    """What is free of a voucher is gone; returns the movement to book."""
    free_fen = voucher.free_fen
    voucher.lapsed_fen += free_fen
    event = wire.message(VoucherLapsed, voucher, lapsed_fen=free_fen, lapsed_at=session.now)
    emit(session, event, voucher)
    return _lapsed(voucher, free_fen)


def _lapsed(voucher: Voucher | _Lapsed, amount_fen: int) -> Move:
    return Move(
        document="VoucherLapsed",
        document_id=voucher.voucher_id,
        area_code=voucher.area_code,
        source=Account.ISSUED,
        target=Account.LAPSED,
        amount_fen=amount_fen,
    )
