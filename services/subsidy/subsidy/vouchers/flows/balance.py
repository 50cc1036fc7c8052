"""Moves money between the parts of one voucher: free, held, used."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import (
    VoucherCaptured,
    VoucherReleased,
    VoucherReserved,
)
from sqlalchemy import func
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.ledger.flows import Move, enter
from subsidy.ledger.rules import Account
from subsidy.runs.rules import month_of
from subsidy.vouchers.flows.lapsing import lapse_rest, restore_part
from subsidy.vouchers.tables import Voucher


async def usable(
    session: Session, elder_id: UUID, month: str, due_of: Callable[[Voucher], int]
) -> Voucher | None:
    """The elder's voucher that best pays for something in a month, locked; None where there is none
    or all have ended, which they have with the month, also where the run that lapses them is on its
    way.

    It is the oldest that has all that is due free; else the one with the most. due_of: what each
    would pay.
    """
    if month < month_of(local_day(session.now)):
        return None
    wanted = (
        select(Voucher)
        .where(
            col(Voucher.elder_id) == elder_id,
            func.coalesce(col(Voucher.usable_month), col(Voucher.month)) == month,
            col(Voucher.lapsed_at).is_(None),
        )
        .order_by(col(Voucher.month), col(Voucher.voucher_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = (await session.exec(wanted)).all()
    pays = {one.voucher_id: min(one.free_fen, due_of(one)) for one in found}
    return max(found, key=lambda one: pays[one.voucher_id], default=None)


def reserve(session: Session, voucher: Voucher, order_id: UUID, amount_fen: int) -> None:
    """Holds a part of what is free for an order."""
    voucher.reserved_fen += amount_fen
    event = wire.message(
        VoucherReserved,
        voucher,
        order_id=order_id,
        reserved_fen=amount_fen,
        reserved_at=session.now,
    )
    emit(session, event, voucher)
    enter(session, _move("VoucherReserved", voucher, Account.ISSUED, Account.HELD, amount_fen))


def release(session: Session, voucher: Voucher, order_id: UUID, amount_fen: int) -> None:
    """Gives back what is held for an order."""
    voucher.reserved_fen -= amount_fen
    event = wire.message(
        VoucherReleased,
        voucher,
        order_id=order_id,
        released_fen=amount_fen,
        released_at=session.now,
    )
    emit(session, event, voucher)
    give_back(session, voucher, "VoucherReleased", Account.HELD, amount_fen)


class Visit(Protocol):
    """Which visit a part of a voucher pays for."""

    @property
    def order_id(self) -> object:
        """Of its order."""

    @property
    def settlement_id(self) -> object:
        """Of its settlement."""

    @property
    def organisation_id(self) -> object:
        """Who made it."""


def capture(
    session: Session, voucher: Voucher, settlement: Visit, amount_fen: int
) -> VoucherCaptured:
    """Uses what is held for an order: from now on it is owed to the organisation that came
    (核销).
    """
    voucher.reserved_fen -= amount_fen
    voucher.captured_fen += amount_fen
    event = wire.message(
        VoucherCaptured,
        voucher,
        order_id=settlement.order_id,
        settlement_id=settlement.settlement_id,
        organisation_id=settlement.organisation_id,
        captured_fen=amount_fen,
        captured_at=session.now,
    )
    emit(session, event, voucher)
    enter(session, _move("VoucherCaptured", voucher, Account.HELD, Account.OWED, amount_fen))
    return event


def use_again(session: Session, voucher: Voucher, visit: Visit, amount_fen: int) -> int:
    """Uses again for a visit what was taken back of it, also where it is gone since, as far as it
    is there; returns how much. What is left of the voucher stays as it is.
    """
    is_over = voucher.lapsed_at is not None
    used_fen = min(amount_fen, voucher.lapsed_fen if is_over else voucher.free_fen)
    if not used_fen:
        return 0
    if is_over:
        restore_part(session, voucher, used_fen)
    reserve(session, voucher, UUID(str(visit.order_id)), used_fen)
    capture(session, voucher, visit, used_fen)
    return used_fen


def give_back(
    session: Session, voucher: Voucher, document: str, source: Account, amount_fen: int
) -> None:
    """Books what comes back to a voucher; where its time is over it is gone at once.

    document: the event that it books. source: the account it leaves.
    """
    moves = [_move(document, voucher, source, Account.ISSUED, amount_fen)]
    if voucher.lapsed_at:
        moves.append(lapse_rest(session, voucher))
    enter(session, *moves)


def _move(
    document: str, voucher: Voucher, source: Account, target: Account, amount_fen: int
) -> Move:
    return Move(document, voucher.voucher_id, voucher.area_code, source, target, amount_fen)
