"""What is told of a visit when it is over: audit, payment, return call and complaint."""

from datetime import datetime, timedelta

from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.subsidy.v1 import events_pb2 as subsidy
from eldercare.supervision.v1 import events_pb2 as supervision

from datacenter.testing.story import Fields, Story, made
from kit.contracts.clock import local_day
from kit.contracts.wire import timestamp

_OF_CLAIM = ("recovery_id", "payment_id", "elder_id", "area_code", "month")


def an_order_is_settled(
    story: Story, order: Fields, worker: Fields, voucher: Fields, done: datetime
) -> None:
    """With all that may follow."""
    settlement, audited = story.new_id(), story.later(done, 1)
    same = {**order, **worker, "settlement_id": settlement}
    _approved(story, same, audited)
    paid = {
        **voucher,
        "order_id": order["order_id"],
        "settlement_id": settlement,
        "organisation_id": story.organisation,
    }
    captured = {"captured_fen": 3000, "captured_at": timestamp(audited)}
    story.say(made(subsidy.VoucherCaptured, paid, captured), audited)
    _taken_back(story, paid, story.later(audited, 20))
    if story.happens(0.3):
        later = story.later(audited, 40)
        verified = {"genuine": True, "verified_at": timestamp(later)}
        story.say(made(supervision.SettlementVerified, same, verified), later)
    if story.happens(0.4):
        _called(story, {**order, **worker}, story.later(done, 3))
    if story.happens(0.2):
        _complained(story, order, story.later(done, 5))


def _approved(story: Story, same: Fields, audited: datetime) -> None:
    approved = made(
        supervision.SettlementApproved,
        same,
        price_fen=6000,
        voucher_fen=story.chance.choice((0, 3000)),
        automatic=True,
        approved_at=timestamp(audited),
    )
    story.say(approved, audited)


def _taken_back(story: Story, paid: Fields, at: datetime) -> None:
    """A death that was reported late: what was not paid is reversed, what was is claimed."""
    luck = story.chance.random()
    if luck < 0.1:
        reversed_ = {"reversed_fen": 3000, "cause": 1, "reversed_at": timestamp(at)}
        story.say(made(subsidy.VoucherReversed, paid, reversed_), at)
    elif luck < 0.2:
        same = {name: paid[name] for name in paid if name not in ("voucher_id", "order_id")}
        claim = {"recovery_id": story.new_id(), "payment_id": story.new_id()}
        opened = {"claimed_fen": 3000, "cause": 1, "opened_at": timestamp(at)}
        entitled = {"entitlement_id": story.new_id()}
        story.say(made(subsidy.RecoveryOpened, same, claim, entitled, opened), at)
        comes_back(story, {**same, **claim}, 3000, at)


def comes_back(story: Story, claim: Fields, claimed_fen: int, at: datetime) -> None:
    """What may follow a claim: it is repaid in parts, or withdrawn."""
    claim = {name: claim[name] for name in (*_OF_CLAIM, "organisation_id") if name in claim}
    if story.happens(0.2):
        later = story.later(at, 20)
        ended = {"withdrawn_fen": claimed_fen, "withdrawn_at": timestamp(later)}
        story.say(made(subsidy.RecoveryWithdrawn, claim, ended), later)
        return
    outstanding_fen = claimed_fen
    while outstanding_fen and story.happens(0.6):
        at = story.later(at, 20)
        part_fen = story.chance.randint(1, outstanding_fen)
        outstanding_fen -= part_fen
        part = {"repaid_fen": part_fen, "outstanding_fen": outstanding_fen}
        came = {"repaid_on": str(local_day(at)), "recorded_at": timestamp(at)}
        story.say(made(subsidy.RecoveryRepaid, claim, part, came), at)


def _called(story: Story, same: Fields, called: datetime) -> None:
    reached = story.happens(0.8)
    answer = {"satisfied": story.happens(0.9)} if reached else {}
    call = {"reached": reached, "followed_up_at": timestamp(called)}
    story.say(made(dispatch.OrderFollowedUp, same, call, answer), called)


def _complained(story: Story, order: Fields, filed: datetime) -> None:
    same = {**order, "complaint_id": story.new_id(), "organisation_id": story.organisation}
    due, closed = filed + timedelta(days=5), story.later(filed, 10)
    filing = {"channel": 2, "due_at": timestamp(due), "filed_at": timestamp(filed)}
    story.say(made(supervision.ComplaintFiled, same, filing), filed)
    closing = {"upheld": False, "in_time": closed <= due, "closed_at": timestamp(closed)}
    story.say(made(supervision.ComplaintClosed, same, closing), closed)
