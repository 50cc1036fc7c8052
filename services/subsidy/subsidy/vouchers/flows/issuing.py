"""Issues vouchers, of a month that is over too."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import VoucherIssued

from kit.contracts import ids, wire
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from subsidy.ledger.flows import Move, book
from subsidy.ledger.rules import Account
from subsidy.vouchers.flows.lapsing import LATE
from subsidy.vouchers.rules import Grant

_INSERT = """
insert into voucher (
    voucher_id, entitlement_id, elder_id, area_code, policy_code, policy_version, issued_fen, month,
    usable_month, reserved_fen, captured_fen, lapsed_fen, version)
select issued.*, 0, 0, 0, 1
from unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::date[], $7::bigint[],
    $8::text[], $9::text[]
) as issued
on conflict (elder_id, month, policy_code) do nothing
returning voucher_id
"""


class _NewVoucher(NamedTuple):
    """Columns of a voucher in the order in which a run writes them."""

    voucher_id: UUID
    entitlement_id: UUID
    elder_id: UUID
    area_code: str
    policy_code: str
    policy_version: date
    issued_fen: int
    month: str
    usable_month: str | None


async def issue_many(
    session: Session, grants: Sequence[Grant], month: str, *, usable_month: str | None = None
) -> int:
    """Issues a month's vouchers, one for each person and policy that has none; returns how many.

    usable_month: the month in which they can be used, where their own is over.
    """
    later = usable_month if usable_month != month else None
    if not grants:
        return 0
    driver = await session.driver()
    vouchers = [_NewVoucher(ids.new(), *grant, month, later) for grant in grants]
    columns = [list(column) for column in zip(*vouchers, strict=True)]
    written = {row["voucher_id"] for row in await driver.fetch(_INSERT, *columns)}
    issued = [voucher for voucher in vouchers if voucher.voucher_id in written]
    for voucher in issued:
        event = wire.message(VoucherIssued, voucher, issued_at=session.now)
        emit(session, event, sequence=1)
        if later:
            set_timer(session, session.now, LATE, str(voucher.voucher_id))
    await book(session, *(_issued(voucher) for voucher in issued))
    return len(issued)


def _issued(voucher: _NewVoucher) -> Move:
    return Move(
        document="VoucherIssued",
        document_id=voucher.voucher_id,
        area_code=voucher.area_code,
        source=Account.FUND,
        target=Account.ISSUED,
        amount_fen=voucher.issued_fen,
    )
