"""Runs over the whole population: chunk by chunk, each in a transaction of its own, resumed where a
kill stopped them.
"""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import VoucherLapsed

from kit.contracts import wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from subsidy.flows import entitlements, issuing, payments, policies
from subsidy.flows.ledger import Move, book
from subsidy.rules import calendar
from subsidy.rules.kinds import Account
from subsidy.tables import Run

ISSUE, LAPSE, CASH, SETTLE, REVIEW = (
    "voucher-issue",
    "voucher-lapse",
    "cash-pay",
    "settlement-pay",
    "policy-review",
)

# rows per transaction: large enough that the commit does not count, small enough that no lock is
# held for a second
CHUNK = 1000
ORGANISATIONS = 20  # a large one has some thousand debts a week
REVIEWED = 200  # elders, decided one by one

Chunk = Callable[[Session, UUID | None], Awaitable[tuple[UUID | None, int]]]

_OPEN = """select entitlement_id, elder_id, area_code, policy_code, policy_version, monthly_fen as issued_fen from entitlement
    where state = 1 and kind = 1 and ($1::uuid is null or entitlement_id > $1) and valid_from <= $2
    order by entitlement_id limit $3 for update"""
_LAPSE = """with chosen as (
        select voucher_id, issued_fen - reserved_fen - captured_fen - lapsed_fen as free_fen from voucher
        where month = $1 and lapsed_at is null and ($2::uuid is null or voucher_id > $2) order by voucher_id limit $3 for update
    )
    update voucher set lapsed_at = $4, lapsed_fen = lapsed_fen + free_fen, version = version + (free_fen > 0)::int
    from chosen where voucher.voucher_id = chosen.voucher_id
    returning voucher.voucher_id, elder_id, area_code, month, free_fen, version"""


async def schedule_runs(session: Session) -> None:
    """Sets the timers of the present period, unless its run has ended: each run sets the timer of
    the next one itself.
    """
    today = local_day(session.now)
    month = calendar.month_of(today)
    weekday = policies.standards().value("payment.settlement_weekday", today)
    friday = calendar.weekday_after(today - timedelta(days=1), weekday).isoformat()
    for kind, period in ((ISSUE, month), (LAPSE, month), (CASH, month), (SETTLE, friday)):
        run = await session.get(Run, (kind, period))
        if run is None or run.finished_at is None:
            set_timer(session, begins_at(kind, period), kind, period)


def begins_at(kind: str, period: str) -> datetime:
    """The instant at which a run of a period is due."""
    if kind == ISSUE:
        return day_start(calendar.first_day(period))
    if kind == LAPSE:
        return day_start(calendar.first_day(calendar.month_after(period)))
    if kind == CASH:
        return day_start(pay_day(period))
    day = date.fromisoformat(period)
    return day_start(day) + timedelta(
        hours=policies.standards().value("payment.settlement_hour", day)
    )


def pay_day(month: str) -> date:
    """The day on which a month's cash is paid."""
    return calendar.pay_day(
        month, policies.standards().value("payment.cash_day", calendar.first_day(month))
    )


async def issue(session: Session, month: str) -> None:
    """Issues the month's vouchers to everybody who is entitled; a month that is over gets none."""
    over = month < calendar.month_of(local_day(session.now))

    async def chunk(session: Session, after: UUID | None) -> tuple[UUID | None, int]:
        return (None, 0) if over else await _issue(session, month, after)

    await _step(session, ISSUE, month, chunk, calendar.month_after(month))


async def lapse(session: Session, month: str) -> None:
    """Ends the vouchers of a month: what is neither used nor held is gone."""

    async def chunk(session: Session, after: UUID | None) -> tuple[UUID | None, int]:
        return await _lapse(session, month, after)

    await _step(session, LAPSE, month, chunk, calendar.month_after(month))


async def pay_cash(session: Session, month: str) -> None:
    """Pays the month's cash to everybody who is entitled when the pay day begins."""

    async def chunk(session: Session, after: UUID | None) -> tuple[UUID | None, int]:
        return await payments.pay_cash(session, month, pay_day(month), after, CHUNK)

    await _step(session, CASH, month, chunk, calendar.month_after(month))


async def pay_debts(session: Session, day: str) -> None:
    """Pays organisations what audited visits have earned them until now."""

    async def chunk(session: Session, after: UUID | None) -> tuple[UUID | None, int]:
        return await payments.pay_debts(session, after, ORGANISATIONS)

    # days that were slept through need no run of their own: this one pays all that is owed
    last = max(date.fromisoformat(day), local_day(session.now) - timedelta(days=1))
    weekday = policies.standards().value("payment.settlement_weekday", last)
    await _step(session, SETTLE, day, chunk, calendar.weekday_after(last, weekday).isoformat())


async def review(session: Session, key: str) -> None:
    """Decides again about everybody, because a version of a policy begins: `code/first day/version
    of the row`.
    """

    async def chunk(session: Session, after: UUID | None) -> tuple[UUID | None, int]:
        reviewed = await entitlements.review_many(session, after, REVIEWED)
        return reviewed[-1] if len(reviewed) == REVIEWED else None, len(reviewed)

    await _step(session, REVIEW, key, chunk, None)


async def _step(
    session: Session, kind: str, period: str, chunk: Chunk, next_period: str | None
) -> None:
    """One chunk of a run; the timer fires at once for the next chunk, and in time for the next
    period.
    """
    run = await session.get(Run, (kind, period), with_for_update=True)
    if run is None:
        run = Run(kind=kind, period=period, started_at=session.now)
        session.add(run)
        await session.flush()
    if run.finished_at is None:
        last, done = await chunk(session, run.cursor)
        run.done += done
        run.cursor = last or run.cursor
        if last is not None:
            set_timer(session, session.now, kind, period)
            return
        run.finished_at = session.now
    if next_period is not None:
        set_timer(session, begins_at(kind, next_period), kind, next_period)


async def _issue(session: Session, month: str, after: UUID | None) -> tuple[UUID | None, int]:
    driver = await session.driver()
    rows = await driver.fetch(_OPEN, after, local_day(session.now), CHUNK)
    issued = await issuing.issue_many(session, [dict(row) for row in rows], month)
    return rows[-1]["entitlement_id"] if len(rows) == CHUNK else None, issued


async def _lapse(session: Session, month: str, after: UUID | None) -> tuple[UUID | None, int]:
    driver = await session.driver()
    rows = await driver.fetch(_LAPSE, month, after, CHUNK, session.now)
    gone = [row for row in rows if row["free_fen"]]
    for row in gone:
        lapsed = wire.message(
            VoucherLapsed, dict(row), lapsed_fen=row["free_fen"], lapsed_at=session.now
        )
        emit(session, lapsed, sequence=row["version"])
    await book(
        session,
        *(
            Move(
                "VoucherLapsed",
                row["voucher_id"],
                row["area_code"],
                Account.ISSUED,
                Account.LAPSED,
                row["free_fen"],
            )
            for row in gone
        ),
    )
    return max(row["voucher_id"] for row in rows) if len(rows) == CHUNK else None, len(rows)
