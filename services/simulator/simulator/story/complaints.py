"""Complaints: filed about visits, and closed some days later."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from simulator import norms
from simulator.http_client import Json
from simulator.story import disputes
from simulator.story.disputes import Disputes
from simulator.story.story import Story
from simulator.story.visits import Visits
from simulator.truth.complaints import ComplaintClosed, ComplaintFiled
from simulator.world.orders import Order

# Assumption: share of visits, share of complaints that are right, days until the answer
COMPLAIN = 0.006
UPHELD = 0.5
DAYS_TO_CLOSE = (1, 3, 5, 9)


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint that waits for its answer. due_at: by the city's promise, not by the platform's
    answer. month: of its filing.
    """

    complaint_id: str
    close_on: date
    due_at: datetime
    month: str
    order: Order


@dataclass
class Complaints:
    """open: those that wait for their answer."""

    open: list[Complaint] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform answers to a complaint."""

    complaint_id: str
    due_at: datetime

    @classmethod
    def read(cls, document: Json) -> "Receipt":
        """From the platform's answer."""
        return cls(document["complaint_id"], datetime.fromisoformat(document["due_at"]))


async def close_and_file(story: Story) -> None:
    """Complaints that are answered today, and new ones about today's visits."""
    complaints = story.state(Complaints)
    due = [one for one in complaints.open if one.close_on <= story.today]
    complaints.open = [one for one in complaints.open if one.close_on > story.today]
    await story.gateway.each(lambda complaint: _close(story, complaint), due)
    dissatisfied = [
        order
        for order in story.state(Visits).finished_today
        if story.rng("complaint", order.number).random() < COMPLAIN
    ]
    await story.gateway.each(lambda order: _file(story, order), dissatisfied)


async def _close(story: Story, complaint: Complaint) -> None:
    upheld = story.rng("complaint", complaint.order.number, "upheld").random() < UPHELD
    path = f"/v1/complaints/{complaint.complaint_id}:close"
    await story.gateway.post(story.tokens["office"], path, {"upheld": upheld})
    order = complaint.order
    story.state(Disputes).complained.remove(order.order_id)
    if upheld and not order.refused:
        disputes.refuse(story, order, "office")
    elif not upheld:
        disputes.release(story, order, "complaint")
    area_code = complaint.order.area_code
    story.record(ComplaintClosed(complaint.month, area_code, story.now, complaint.due_at))


async def _file(story: Story, order: Order) -> None:
    body = {"order_id": order.order_id, "channel": "CHANNEL_HOTLINE"}
    answer = await story.gateway.post(story.tokens["hotline"], "/v1/complaints", body)
    record_filed(story, order, Receipt.read(answer))


def record_filed(story: Story, order: Order, receipt: Receipt) -> None:
    """A complaint is to be closed by the day that the city promises, whatever the platform
    answers.
    """
    due_at = norms.complaint_due(story.now)
    story.record(ComplaintFiled(story.month, order.area_code, due_at))
    story.expect(f"when a complaint of {story.now} is due", receipt.due_at, due_at)
    days = story.rng("complaint", order.number, "answer").choice(DAYS_TO_CLOSE)
    close_on = story.today + timedelta(days=days)
    disputes.hold(story, order, "complaint")
    story.state(Disputes).complained.add(order.order_id)
    complaint = Complaint(receipt.complaint_id, close_on, due_at, story.month, order)
    story.state(Complaints).open.append(complaint)
    story.tally["complaints"] += 1
