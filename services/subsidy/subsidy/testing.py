"""Builders of facts, valid by default, and short ways to read what was published."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility
from eldercare.supervision.v1 import events_pb2 as supervision
from google.protobuf.message import Message

from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.db.store import Session, Store
from kit.rpc.methods import Call
from kit.security.access import Caller
from subsidy.policies.rules import Kind
from subsidy.replicas.rules import Hardship, Status

VILLAGE = "341102001001"
COUNTY = "341102000000"
CITY = "341100000000"
ELSEWHERE = "341103001001"
BEGIN = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)

_ENTITLE = """
with person as (
    insert into elder (elder_id, area_code, hardships, status, version)
    select gen_random_uuid(), $2, $6, 1, 1 from generate_series(1, $1)
    returning elder_id
), approved as (
    insert into result (assessment_id, elder_id, level, valid_from, valid_to, approved_at)
    select gen_random_uuid(), elder_id, 3, '2026-02-01', '2199-01-01', now() from person
)
insert into entitlement (
    entitlement_id, elder_id, area_code, policy_code, policy_version, kind, level, monthly_fen,
    state, valid_from, opened_at, version)
select gen_random_uuid(), elder_id, $2, $3, '2026-01-01', $4, 3, $5, 1, '2026-02-01', now(), 1
from person
"""

Published = TypeVar("Published", bound=Message)
Dispute = TypeVar(
    "Dispute",
    supervision.SettlementHeld,
    supervision.SettlementReleased,
    supervision.SettlementClosed,
)
Rows = Callable[[str], Awaitable[list[dict[str, object]]]]


def an_elder(
    elder_id: UUID | None = None,
    *,
    area_code: str = VILLAGE,
    hardships: Sequence[Hardship] = (),
    status: Status = Status.ALIVE,
    died_on: date | None = None,
    since: Mapping[Hardship, date] | None = None,
    ended: Sequence[tuple[Hardship, date, date]] = (),
    born_on: date = date(1950, 5, 1),
    reported_died_on: date | None = None,
    effective_on: date | None = None,
    moved_out_on: date | None = None,
) -> assessment.ElderRegistered | assessment.ElderDied:
    """The state of an elder: a death is an ElderDied.

    since: first days of hardships, where they are stated. ended: groups that the elder belonged to,
    their first days and their first days without.
    """
    stated = [(hardship, first, None) for hardship, first in (since or {}).items()]
    periods = [
        assessment.Elder.HardshipPeriod(
            hardship=assessment.Elder.Hardship.ValueType(hardship),
            since_on=first.isoformat(),
            until_on=end.isoformat() if end else None,
        )
        for hardship, first, end in (*stated, *ended)
    ]
    elder = wire.message(
        assessment.Elder,
        {
            "elder_id": elder_id or ids.new(),
            "area_code": area_code,
            "hardships": hardships,
            "status": status,
        },
        sex=assessment.Elder.SEX_FEMALE,
        born_on=born_on,
        hardship_periods=periods,
        reported_died_on=reported_died_on,
        moved_out_on=moved_out_on,
        effective_on=effective_on,
        living=assessment.Elder.LIVING_ALONE,
        local_register=True,
        complete=True,
        registered_at=BEGIN,
        died_on=died_on,
    )
    return (
        assessment.ElderDied(elder=elder)
        if status == Status.DEAD
        else assessment.ElderRegistered(elder=elder)
    )


def an_approval(
    elder_id: UUID,
    level: int = 3,
    *,
    valid_from: date = date(2026, 3, 1),
    valid_to: date = date(2026, 9, 1),
    approved_at: datetime = BEGIN,
    application_id: UUID | None = None,
) -> assessment.AssessmentApproved:
    """A level in force."""
    return assessment.AssessmentApproved(
        assessment_id=str(ids.new()),
        application_id=str(application_id or ids.new()),
        elder_id=str(elder_id),
        area_code=VILLAGE,
        level=level,
        valid_from=valid_from.isoformat(),
        valid_to=valid_to.isoformat(),
        approved_at=wire.timestamp(approved_at),
    )


def an_application(
    application_id: UUID, elder_id: UUID, submitted_at: datetime
) -> assessment.ApplicationSubmitted:
    """The bureau asks for a new level by itself."""
    return assessment.ApplicationSubmitted(
        application_id=str(application_id),
        elder_id=str(elder_id),
        area_code=VILLAGE,
        reason=assessment.ASSESSMENT_REASON_ROUTINE,
        channel=assessment.CHANNEL_PLATFORM,
        submitted_at=wire.timestamp(submitted_at),
    )


def a_withdrawal(
    application_id: UUID, elder_id: UUID, withdrawn_at: datetime
) -> assessment.ApplicationWithdrawn:
    """No level will come of an application."""
    return assessment.ApplicationWithdrawn(
        application_id=str(application_id),
        elder_id=str(elder_id),
        area_code=VILLAGE,
        withdrawn_at=wire.timestamp(withdrawn_at),
    )


def a_rejection(
    assessment_id: UUID, application_id: UUID, elder_id: UUID, rejected_at: datetime
) -> assessment.AssessmentRejected:
    """A result that is not put in force."""
    return assessment.AssessmentRejected(
        assessment_id=str(assessment_id),
        application_id=str(application_id),
        elder_id=str(elder_id),
        area_code=VILLAGE,
        rejected_at=wire.timestamp(rejected_at),
    )


def an_appeal(
    assessment_id: UUID, review_application_id: UUID, elder_id: UUID, appealed_at: datetime
) -> assessment.AssessmentAppealed:
    """A review is asked for."""
    return assessment.AssessmentAppealed(
        assessment_id=str(assessment_id),
        review_application_id=str(review_application_id),
        elder_id=str(elder_id),
        area_code=VILLAGE,
        appealed_at=wire.timestamp(appealed_at),
    )


def an_organisation(organisation_id: UUID) -> facility.OrganisationRegistered:
    """A provider of home services."""
    return facility.OrganisationRegistered(
        organisation=facility.Organisation(
            organisation_id=str(organisation_id),
            credit_code="91341100MA2N000001",
            name="Home care",
            kind=facility.Organisation.KIND_ENTERPRISE,
            area_code=COUNTY,
            home_services=True,
            status=facility.Organisation.STATUS_ACTIVE,
        )
    )


def an_order(
    order_id: UUID, elder_id: UUID, voucher_fen: int, *, wanted_from: datetime = BEGIN
) -> dispatch.OrderPlaced:
    """An order of twice the voucher's part."""
    return dispatch.OrderPlaced(
        order_id=str(order_id),
        elder_id=str(elder_id),
        area_code=VILLAGE,
        item_code="bath-home",
        price_fen=voucher_fen * 2,
        voucher_fen=voucher_fen,
        wanted_from=wire.timestamp(wanted_from),
        wanted_to=wire.timestamp(wanted_from + timedelta(hours=2)),
        placed_at=wire.timestamp(BEGIN),
    )


def a_cancellation(order_id: UUID, elder_id: UUID) -> dispatch.OrderCancelled:
    """The elder does not want the visit any more."""
    return dispatch.OrderCancelled(
        order_id=str(order_id),
        elder_id=str(elder_id),
        area_code=VILLAGE,
        cause=dispatch.OrderCancelled.CAUSE_ELDER,
        cancelled_at=wire.timestamp(BEGIN),
    )


def an_audit(
    order_id: UUID,
    elder_id: UUID,
    organisation_id: UUID,
    voucher_fen: int,
    *,
    approved_at: datetime = BEGIN,
    settlement_id: UUID | None = None,
    visited_on: date | None = None,
) -> supervision.SettlementApproved:
    """A visit that is to be paid, of the day of its approval unless another one is named."""
    return supervision.SettlementApproved(
        settlement_id=str(settlement_id or ids.new()),
        order_id=str(order_id),
        elder_id=str(elder_id),
        organisation_id=str(organisation_id),
        worker_id=str(ids.new()),
        area_code=VILLAGE,
        price_fen=voucher_fen * 2,
        voucher_fen=voucher_fen,
        automatic=True,
        approved_at=wire.timestamp(approved_at),
        visited_on=(visited_on or local_day(approved_at)).isoformat(),
    )


def a_refused_audit(
    order_id: UUID, elder_id: UUID, organisation_id: UUID, voucher_fen: int
) -> supervision.SettlementRefused:
    """A visit that is not paid."""
    return supervision.SettlementRefused(
        settlement_id=str(ids.new()),
        order_id=str(order_id),
        elder_id=str(elder_id),
        organisation_id=str(organisation_id),
        worker_id=str(ids.new()),
        area_code=VILLAGE,
        price_fen=voucher_fen * 2,
        voucher_fen=voucher_fen,
        refused_at=wire.timestamp(BEGIN),
    )


def a_dispute(
    kind: type[Dispute],
    order_id: UUID,
    elder_id: UUID,
    organisation_id: UUID,
    voucher_fen: int,
    settlement_id: UUID | None = None,
    at: datetime = BEGIN,
) -> Dispute:
    """What is said of a settlement after its approval."""
    event = kind(
        settlement_id=str(settlement_id or ids.new()),
        order_id=str(order_id),
        elder_id=str(elder_id),
        organisation_id=str(organisation_id),
        worker_id=str(ids.new()),
        area_code=VILLAGE,
    )
    if isinstance(event, supervision.SettlementHeld):
        event.held_at.FromDatetime(at)
        return event
    event.voucher_fen = voucher_fen
    stamp = (
        event.released_at if isinstance(event, supervision.SettlementReleased) else event.closed_at
    )
    stamp.FromDatetime(at)
    return event


def a_stay(
    charge_id: UUID,
    elder_id: UUID,
    organisation_id: UUID,
    price_fen: int,
    *,
    last_on: date | None = date(2026, 3, 31),
    month: str = "2026-03",
) -> facility.StayChargeApproved:
    """An approved month of a stay."""
    return facility.StayChargeApproved(
        charge_id=str(charge_id),
        stay_id=str(ids.new()),
        facility_id=str(ids.new()),
        organisation_id=str(organisation_id),
        elder_id=str(elder_id),
        area_code=ELSEWHERE,
        month=month,
        days=last_on.day if last_on else 0,
        price_fen=price_fen,
        last_on=last_on.isoformat() if last_on else "",
        approved_at=wire.timestamp(BEGIN),
    )


async def entitle(
    store: Store,
    count: int,
    policy_code: str = "national-voucher",
    kind: Kind = Kind.VOUCHER,
    monthly_fen: int = 80000,
) -> None:
    """Entitles people of level 3 to a policy; those to cash live on dibao."""
    hardships = [Hardship.DIBAO] if kind == Kind.CASH else []
    async with store.transaction() as session:
        driver = await session.driver()
        await driver.execute(_ENTITLE, count, VILLAGE, policy_code, kind, monthly_fen, hardships)


def a_call(
    session: Session,
    role: str = "official",
    *,
    area: str | None = None,
    elder_ids: frozenset[str] = frozenset(),
) -> Call:
    """A call through the portal. area, elder_ids: whom the caller may see."""
    caller = Caller("li", "tests", frozenset({role}), area=area, elder_ids=elder_ids)
    return Call(caller, "1", "portal", session.now, "1")


def an_official(subject: str = "official-1", area: str | None = None) -> Caller:
    """Somebody of civil affairs; of the whole city, unless an area is named."""
    return Caller(subject, "portal", frozenset({"official"}), area=area or CITY)


async def messages(rows: Rows, kind: type[Published]) -> list[Published]:
    """The published events of one kind, oldest first. rows: reads the service's database."""
    found = await rows(
        "select headers::json ->> 'ce_type' as type, payload from outbox order by seq"
    )
    payloads = [row["payload"] for row in found if row["type"] == kind.DESCRIPTOR.full_name]
    return [kind.FromString(payload) for payload in payloads if isinstance(payload, bytes)]
