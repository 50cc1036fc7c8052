"""What is told of subsidies: entitlements, payments and vouchers."""

from datetime import datetime, timedelta

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.testing.orders import an_elder_orders
from datacenter.testing.settlements import comes_back
from datacenter.testing.story import Fields, Story, made
from kit.contracts.clock import local_day
from kit.contracts.wire import timestamp

VOUCHER, CASH = subsidy.Policy.KIND_VOUCHER, subsidy.Policy.KIND_CASH


def an_elder_is_entitled(story: Story, elder: assessment.Elder, level: int, at: datetime) -> None:
    """To a voucher and to the care subsidy, each perhaps for a time."""
    for code, kind in (("national-voucher", VOUCHER), ("home-care", CASH)):
        same = _entitlement(story, elder) | {"policy_code": code, "kind": kind}
        reported_at = story.reported(at)
        opened = made(
            subsidy.EntitlementOpened,
            same,
            policy_version="2025-01-01",
            level=level,
            monthly_fen=80000,
            valid_from=str(local_day(at)),
            opened_at=timestamp(reported_at),
        )
        story.say(opened, reported_at)
        if kind == VOUCHER:
            _vouchers(story, same, at)
        else:
            _paid(story, same, at)
        if story.happens(0.3):
            _ended(story, same, story.later(at, 60), reported_at)


def an_elder_is_honoured(story: Story, elder: assessment.Elder, at: datetime) -> None:
    """With the old-age allowance."""
    opened = made(
        subsidy.EntitlementOpened,
        _entitlement(story, elder),
        policy_code="old-age-allowance",
        policy_version="2025-01-01",
        kind=CASH,
        monthly_fen=5000,
        valid_from=str(local_day(at)),
        opened_at=timestamp(at),
    )
    story.say(opened, at)


def _entitlement(story: Story, elder: assessment.Elder) -> dict[str, object]:
    return {
        "entitlement_id": story.new_id(),
        "elder_id": elder.elder_id,
        "area_code": elder.area_code,
    }


def _without(same: Fields, *names: str) -> Fields:
    return {name: value for name, value in same.items() if name not in names}


def _ended(story: Story, same: Fields, end: datetime, opened: datetime) -> None:
    reported_at = max(opened, story.reported(end))
    if story.happens(0.5):
        story.say(
            made(subsidy.EntitlementRefused, same, refused_at=timestamp(reported_at)), reported_at
        )
        return
    closed = {"closed_on": str(local_day(end)), "closed_at": timestamp(reported_at)}
    cause = subsidy.EntitlementClosed.CAUSE_LEVEL
    story.say(made(subsidy.EntitlementClosed, same, closed, cause=cause), reported_at)


def _paid(story: Story, entitlement: Fields, at: datetime) -> None:
    paid = story.later(at, 40)
    same = {
        **_without(entitlement, "policy_code", "kind"),
        "payment_id": story.new_id(),
        "month": f"{at:%Y-%m}",
    }
    due = paid + timedelta(days=story.chance.choice((-2, 0, 5)))
    payment = made(
        subsidy.PaymentMade,
        same,
        kind=subsidy.PaymentMade.KIND_CASH,
        policy_code="home-care",
        paid_fen=20000,
        due_on=str(local_day(due)),
        paid_on=str(local_day(paid)),
        paid_at=timestamp(paid),
    )
    story.say(payment, paid)
    if story.happens(0.2):
        claim = {"recovery_id": story.new_id(), "claimed_fen": 5000, "cause": 1}
        story.say(made(subsidy.RecoveryOpened, same, claim, opened_at=timestamp(paid)), paid)
        comes_back(story, {**same, **claim}, 5000, paid)


def _vouchers(story: Story, entitlement: Fields, at: datetime) -> None:
    for number in range(story.chance.randrange(1, 4)):
        issued = at + timedelta(days=30 * number)
        voucher = {
            "voucher_id": story.new_id(),
            "elder_id": entitlement["elder_id"],
            "area_code": entitlement["area_code"],
            "month": f"{local_day(issued):%Y-%m}",
        }
        event = made(
            subsidy.VoucherIssued,
            voucher,
            entitlement_id=entitlement["entitlement_id"],
            issued_fen=80000,
            issued_at=timestamp(reported_at := story.reported(issued)),
        )
        story.say(event, reported_at)
        for _ in range(story.chance.randrange(3)):
            an_elder_orders(story, voucher, story.later(issued, 10))
