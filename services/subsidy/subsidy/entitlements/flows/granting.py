"""Brings what was given for months in line with what is due for them: what is missing is given, as
arrears where its month is over; what was given and is not due is ended or claimed back.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from kit.contracts.clock import local_day
from kit.db.store import Session
from subsidy.entitlements.flows.courses import Beneficiary, Course, Due
from subsidy.entitlements.rules import State
from subsidy.entitlements.tables import Entitlement
from subsidy.payments.flows.cash import CashDue, pay_cash, pay_day
from subsidy.policies.rules import Kind, Span
from subsidy.recoveries.flows.cash import GivenMonth, claim_back, claim_no_more, given_to
from subsidy.replicas.flows import histories
from subsidy.replicas.rules import Status
from subsidy.replicas.tables import Elder
from subsidy.runs.rules import first_day, january, month_after, month_of
from subsidy.vouchers.flows.issuing import issue_many
from subsidy.vouchers.flows.lapsing import carry_over, end_voucher, restore
from subsidy.vouchers.rules import Grant
from subsidy.vouchers.tables import Voucher


def reaching(kind: Kind, month: str) -> SelectOfScalar[Entitlement]:
    """The entitlements that may give something of this month, in the order of their ids: not
    refused, begun by its first day, and not ended before it.

    Their lock orders this with a death or a refusal, which end their vouchers.
    """
    first = first_day(month)
    return (
        select(Entitlement)
        .where(
            col(Entitlement.kind) == kind,
            col(Entitlement.state) != State.REFUSED,
            col(Entitlement.valid_from) < first_day(month_after(month)),
            or_(col(Entitlement.valid_to).is_(None), col(Entitlement.valid_to) >= first),
        )
        .order_by(col(Entitlement.entitlement_id))
        .with_for_update()
    )


async def beneficiaries(session: Session, entitlements: Sequence[Entitlement]) -> list[Beneficiary]:
    """The elders and policies of these entitlements, each once; not those whose death is reported:
    what they are given pauses.
    """
    together = defaultdict[tuple[UUID, str], list[Entitlement]](list)
    for one in entitlements:
        together[one.elder_id, one.policy_code].append(one)
    within = sorted({one.elder_id for one in entitlements})
    wanted = select(Elder).where(col(Elder.elder_id) == func.any(within))
    elders = {elder.elder_id: elder for elder in (await session.exec(wanted)).all()}
    known = await histories(session, list(elders.values()))
    return [
        Beneficiary(elders[elder_id], Course(policy_code, known[elder_id]), own)
        for (elder_id, policy_code), own in together.items()
        if elders[elder_id].reported_died_on is None
    ]


async def issue_month(session: Session, found: Sequence[Beneficiary], month: str) -> int:
    """Issues the vouchers of a month, the next one at most, that these grounds give, as far as is
    known now, and returns how many; doing it twice changes nothing.
    """
    today = local_day(session.now)
    dues = {id(person): _voucher_due(person, month, today) for person in found}
    vouchers = await _vouchers(session, found)
    missing = []
    for person in found:
        voucher = vouchers.get((person.elder.elder_id, person.course.policy_code), {}).get(month)
        due = dues[id(person)]
        if voucher is not None:
            await _bring_in_line(session, person, voucher, is_due=due is not None)
        elif due and person.may_grant(month):
            missing.append(_grant(person, due))
    present = month_of(today)
    return await issue_many(session, missing, month, usable_month=max(month, present))


async def pay_month(session: Session, found: Sequence[Beneficiary], month: str) -> int:
    """Pays the cash of a month that these grounds give; returns how many were paid."""
    return await _pay(session, found, month)


async def bring_in_line(session: Session, found: Sequence[Beneficiary]) -> None:
    """Gives what is missing of all months until now, and takes back what is not due."""
    await _bring_vouchers_in_line(session, found)
    await _pay(session, found, None)


async def _bring_vouchers_in_line(session: Session, found: Sequence[Beneficiary]) -> None:
    today = local_day(session.now)
    present = month_of(today)
    vouchers = await _vouchers(session, found)
    missing = defaultdict[str, list[Grant]](list)
    for person in found:
        own = vouchers.get((person.elder.elder_id, person.course.policy_code), {})
        dues = _voucher_dues(person, today)
        for month, voucher in own.items():
            is_due = month in dues or _voucher_due(person, month, today) is not None
            await _bring_in_line(session, person, voucher, is_due=is_due)
        for month, due in dues.items():
            if month not in own and person.may_grant(month) and _is_here(person, today):
                missing[month].append(_grant(person, due))
    for month, grants in missing.items():
        await issue_many(session, grants, month, usable_month=present)


def _voucher_dues(person: Beneficiary, today: date) -> dict[str, Due]:
    dues = person.course.dues(today)
    return {month: due for month, due in dues.items() if due.kind is Kind.VOUCHER}


def _voucher_due(person: Beneficiary, month: str, today: date) -> Due | None:
    due = person.course.due_in(month, today)
    return due if due and due.kind is Kind.VOUCHER else None


async def _bring_in_line(
    session: Session, person: Beneficiary, voucher: Voucher, *, is_due: bool
) -> None:
    """Ends a voucher that is not due, or whose elder is gone; gives back one that was ended so and
    is due after all, and one whose time passed while a death was reported.
    """
    here = _is_here(person, local_day(session.now))
    if voucher.lapsed_at is None:
        if not here or (not is_due and person.may_grant(voucher.month)):
            end_voucher(session, voucher)
        else:
            await carry_over(session, voucher)
    elif is_due and here and _was_wanted(person, voucher):
        restore(session, voucher)


def _was_wanted(person: Beneficiary, voucher: Voucher) -> bool:
    own = [one for one in person.entitlements if one.entitlement_id == voucher.entitlement_id]
    refused = any(one.state == State.REFUSED for one in own)
    return not refused and person.may_grant(voucher.month)


def _is_here(person: Beneficiary, today: date) -> bool:
    history = person.course.history
    return history.died_on is None and history.status_on(today) is Status.ALIVE


async def _vouchers(
    session: Session, found: Sequence[Beneficiary]
) -> dict[tuple[UUID, str], dict[str, Voucher]]:
    """Their vouchers by elder and policy, and by month, locked."""
    within = sorted({person.elder.elder_id for person in found})
    wanted = (
        select(Voucher)
        .where(col(Voucher.elder_id) == func.any(within))
        .order_by(col(Voucher.voucher_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    by_month = defaultdict[tuple[UUID, str], dict[str, Voucher]](dict)
    for voucher in (await session.exec(wanted)).all():
        by_month[voucher.elder_id, voucher.policy_code][voucher.month] = voucher
    return by_month


def _grant(person: Beneficiary, due: Due) -> Grant:
    return Grant(
        entitlement_id=person.entitlement_id(due.month),
        elder_id=person.elder.elder_id,
        area_code=due.area_code,
        policy_code=person.course.policy_code,
        policy_version=due.policy_version,
        issued_fen=due.fen,
    )


async def _pay(session: Session, found: Sequence[Beneficiary], month: str | None) -> int:
    """Pays what months lack, and claims back what they do not give. month: which one; None: all
    whose pay day has come. Returns how many payments were made.
    """
    today = local_day(session.now)
    dues_of = [(person, _cash_dues(person, month, today)) for person in found]
    since = month
    if month and any(due.span is Span.YEAR for _, dues in dues_of for due in dues.values()):
        since = january(month)
    given = await given_to(session, {person.elder.elder_id for person in found}, since, month)
    missing: list[CashDue] = []
    for person, dues in dues_of:
        own = given[person.elder.elder_id, person.course.policy_code]
        lacking = await _settle(session, person, _where_given(dues, own), own, month)
        missing.extend(lacking)
    return await pay_cash(session, missing)


async def _settle(
    session: Session,
    person: Beneficiary,
    dues: Mapping[str, Due],
    own: Mapping[str, GivenMonth],
    month: str | None,
) -> list[CashDue]:
    """What one elder lacks; what is too much is claimed back."""
    today = local_day(session.now)
    missing: list[CashDue] = []
    for one in sorted({*dues, *own}) if month is None else [month]:
        if pay_day(one) > today:
            continue
        due, given = dues.get(one), own.get(one) or GivenMonth()
        due_fen = due.fen if due else 0
        lacks = due_fen - given.kept_fen
        if any(paid.missed_fen for paid in given.paid) and lacks > 0:
            lacks -= await claim_no_more(session, given, lacks)
        excess = given.left_fen - due_fen
        if lacks > 0 and due and person.may_grant(one):
            is_first = not given.paid
            known_on = person.known_on(one) if is_first else today
            due_on = max(pay_day(one), known_on)
            missing.append(_cash_due(person, due, lacks, due_on, is_first))
        elif excess > 0 and _may_claim(person, one, today):
            await claim_back(session, given, excess, person.course.cause_in(one))
    return missing


def _where_given(dues: Mapping[str, Due], own: Mapping[str, GivenMonth]) -> dict[str, Due]:
    """The amount of a year stays that of the month for which it was given, whichever month turns
    out to be the first one.
    """
    found = {}
    for month, due in dues.items():
        given = [one for one in sorted(own) if own[one].paid and january(one) == january(month)]
        if due.span is Span.YEAR and given:
            month = next((one for one in given if own[one].kept_fen), given[0])
        found[month] = replace(due, month=month)
    return found


def _cash_dues(person: Beneficiary, month: str | None, today: date) -> dict[str, Due]:
    if month is None:
        dues = person.course.dues(today)
    else:
        due = person.course.due_in(month, today)
        dues = {month: due} if due else {}
    return {month: due for month, due in dues.items() if due.kind is Kind.CASH}


def _may_claim(person: Beneficiary, month: str, today: date) -> bool:
    # what a release before has decided stays, but for those who were dead then
    dated = person.elder.dated_since
    is_dated = dated is None or month >= month_of(dated)
    return is_dated or person.course.history.status_on(first_day(month)) is Status.DEAD


def _cash_due(person: Beneficiary, due: Due, fen: int, due_on: date, is_first: bool) -> CashDue:
    return CashDue(
        entitlement_id=person.entitlement_id(due.month),
        elder_id=person.elder.elder_id,
        area_code=due.area_code,
        policy_code=person.course.policy_code,
        month=due.month,
        paid_fen=fen,
        due_on=due_on,
        is_first=is_first,
    )
