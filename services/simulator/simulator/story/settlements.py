"""The audit of visits: what it held, what the inspector decides, and what is verified."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.http_client import Json
from simulator.story import disputes, payments
from simulator.story.disputes import Disputes
from simulator.story.orders import Orders
from simulator.story.story import Story
from simulator.story.visits import Visits
from simulator.truth import audit
from simulator.truth.settlements import VisitVerified
from simulator.world.orders import Order

# Assumption: share of the visits that an inspector asks the elder about, of these that are untrue
VERIFY = 0.03
UNTRUE = 0.1
DOUBTS = {
    "short": "DOUBT_TOO_SHORT",
    "elsewhere": "DOUBT_WRONG_PLACE",
    "double": "DOUBT_OVERLAP",
    "teleport": "DOUBT_IMPOSSIBLE_TRAVEL",
}
PAGE = 500


@dataclass(frozen=True, slots=True)
class Settlement:
    """The audit's verdict on a visit."""

    settlement_id: str
    order_id: str
    doubts: frozenset[str] = frozenset()

    @classmethod
    def read(cls, row: Json) -> "Settlement":
        """From a row of the platform."""
        return cls(row["settlement_id"], row["order_id"], frozenset(row.get("doubts", ())))


@dataclass
class Settlements:
    """last_id: of those that were approved at once, the last that was read."""

    last_id: str = ""


async def decide_held(story: Story) -> None:
    """The inspector decides what the audit held: an honest visit is to be paid, a faked one is
    not.
    """
    disputed = story.state(Disputes).grounds
    if not story.state(Visits).unaudited and not disputed:
        return
    await story.gateway.quiet()
    rows, _ = await _read(story, "", "STATE_HELD")
    found = {row.order_id: row for row in rows}
    story.expect("visits held again", sorted(disputed.keys() - found.keys()), [])
    held = {key: row for key, row in found.items() if key not in disputed}
    check_doubts(story, held)
    again = [
        row for key, row in found.items() if key in disputed and "complaint" not in disputed[key]
    ]
    await story.gateway.each(lambda row: _decide(story, row), list(held.values()))
    await story.gateway.each(lambda row: _decide_again(story, row), again)


async def _decide(story: Story, row: Settlement) -> None:
    order = story.state(Orders).by_id[row.order_id]
    path = f"/v1/settlements/{row.settlement_id}:decide"
    await story.gateway.post(story.tokens["inspector"], path, {"approve": not order.cheat})
    if order.cheat:
        disputes.refuse(story, order, "inspector")
    verdict = "refused" if order.cheat else "approved"
    story.tally[f"{verdict} by the inspector"] += 1


async def _decide_again(story: Story, row: Settlement) -> None:
    """What a call or a verification holds."""
    order = story.state(Orders).by_id[row.order_id]
    rng = story.rng("dispute", order.number, story.today)
    approve = rng.random() < disputes.PAID_ALL_THE_SAME
    path = f"/v1/settlements/{row.settlement_id}:decide"
    await story.gateway.post(story.tokens["inspector"], path, {"approve": approve})
    if approve:
        disputes.release(story, order)
    else:
        disputes.refuse(story, order, "inspector")


def check_doubts(story: Story, held: Mapping[str, Settlement]) -> None:
    """Compares the doubts of the audit with those that what was sent must raise, of honest visits
    too. held: verdicts by order.
    """
    unaudited = story.state(Visits).unaudited
    judged_before = held.keys() - {order.order_id for order in unaudited}
    story.expect("held visits that were judged before", sorted(judged_before), [])
    for order in unaudited:
        verdict = held.get(order.order_id)
        _check_order(story, order, verdict.doubts if verdict else frozenset())
        if verdict:
            order.settlement_id = verdict.settlement_id
    unaudited.clear()


def _check_order(story: Story, order: Order, found: frozenset[str]) -> None:
    visits = story.state(Visits)
    at_home = visits.at_home[order.person.number]
    must, may = audit.doubts(order, visits.reported[order.worker_id], at_home)
    name = order.cheat or "honest"
    story.expect(f"doubts about order {order.number}, {name}", sorted(found - may), sorted(must))
    if order.cheat:
        is_held = DOUBTS[order.cheat] in found
        story.expect(f"a visit faked by {order.cheat} is held", is_held, True)
    elif order.promised_fen:
        payments.capture(story, order)


async def verify_some(story: Story) -> None:
    """An inspector asks the elder; the settlement of a visit that was never held is found among
    those made since the last look.
    """
    chosen = [
        order
        for order in story.state(Visits).finished_today
        if order.captured and story.rng("verify", order.number).random() < VERIFY
    ]
    if any(not order.settlement_id for order in chosen):
        settlements = story.state(Settlements)
        rows, settlements.last_id = await _read(story, settlements.last_id)
        for row in rows:
            story.state(Orders).by_id[row.order_id].settlement_id = row.settlement_id
    await story.gateway.each(lambda order: _verify(story, order), chosen)


async def _verify(story: Story, order: Order) -> None:
    path = f"/v1/settlements/{order.settlement_id}:verify"
    genuine = story.rng("verify", order.number, "genuine").random() >= UNTRUE
    await story.gateway.post(story.tokens["verifier"], path, {"genuine": genuine})
    if not genuine:
        disputes.hold(story, order, "untrue")
    story.record(VisitVerified(order.approved_month, order.area_code))
    story.tally["verified"] += 1


async def _read(story: Story, after: str, state: str = "") -> tuple[list[Settlement], str]:
    """Settlements in a state, or in any, after one of them, and the last of them."""
    rows: list[Settlement] = []
    query = {"state": state} if state else {}
    while True:
        page = await story.gateway.get(
            story.tokens["inspector"], "/v1/settlements", limit=PAGE, after=after, **query
        )
        rows += [Settlement.read(row) for row in page["rows"]]
        if not page["next"]:
            return rows, rows[-1].settlement_id if rows else after
        after = page["next"]
