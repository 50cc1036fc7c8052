"""Issues vouchers: one at the opening of an entitlement, many in a run."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import VoucherIssued
from sqlmodel import col, select

from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.ledger.flows import Move, book, enter
from subsidy.ledger.rules import Account
from subsidy.runs.rules import month_of
from subsidy.vouchers.rules import Grant
from subsidy.vouchers.tables import Voucher

_INSERT = """
insert into voucher (
    voucher_id, entitlement_id, elder_id, area_code, policy_code, policy_version, issued_fen, month,
    reserved_fen, captured_fen, lapsed_fen, version)
select issued.*, 0, 0, 0, 1
from unnest(
    $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::date[], $7::bigint[],
    $8::text[]
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


async def issue_again(session: Session, grant: Grant) -> None:
    """Issues the present month's voucher to somebody who was entitled before, unless an earlier
    entitlement has given one.
    """
    known = select(Voucher.voucher_id).where(
        col(Voucher.elder_id) == grant.elder_id,
        col(Voucher.policy_code) == grant.policy_code,
        col(Voucher.month) == month_of(local_day(session.now)),
    )
    if not (await session.exec(known)).first():
        issue(session, grant)


def issue(session: Session, grant: Grant) -> None:
    """Issues the present month's voucher of a new entitlement."""
    voucher = Voucher(
        voucher_id=ids.new(),
        entitlement_id=grant.entitlement_id,
        elder_id=grant.elder_id,
        area_code=grant.area_code,
        policy_code=grant.policy_code,
        policy_version=grant.policy_version,
        month=month_of(local_day(session.now)),
        issued_fen=grant.issued_fen,
    )
    session.add(voucher)
    emit(session, wire.message(VoucherIssued, voucher, issued_at=session.now), voucher)
    enter(session, _issued(voucher))


async def issue_many(session: Session, grants: Sequence[Grant], month: str) -> int:
    """Issues a month's vouchers, one for each person and policy that has none; returns how many."""
    if not grants:
        return 0
    driver = await session.driver()
    vouchers = [_NewVoucher(ids.new(), *grant, month) for grant in grants]
    columns = [list(column) for column in zip(*vouchers, strict=True)]
    written = {row["voucher_id"] for row in await driver.fetch(_INSERT, *columns)}
    issued = [voucher for voucher in vouchers if voucher.voucher_id in written]
    for voucher in issued:
        event = wire.message(VoucherIssued, voucher, issued_at=session.now)
        emit(session, event, sequence=1)
    await book(session, *(_issued(voucher) for voucher in issued))
    return len(issued)


def _issued(voucher: Voucher | _NewVoucher) -> Move:
    return Move(
        document="VoucherIssued",
        document_id=voucher.voucher_id,
        area_code=voucher.area_code,
        source=Account.FUND,
        target=Account.ISSUED,
        amount_fen=voucher.issued_fen,
    )
