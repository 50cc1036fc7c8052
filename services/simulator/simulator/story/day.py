"""The calendar: what happens at which hour of a day.

A new aggregate has its actions entered in one of the tables here, where they are due; nothing else
has to know of it.
"""

from collections.abc import Awaitable, Callable
from datetime import time, timedelta

from simulator.story import (
    applications,
    assessments,
    clock,
    complaints,
    decisions,
    disputes,
    facilities,
    follow_ups,
    life_events,
    offers,
    orders,
    organisations,
    payments,
    receipts,
    recoveries,
    settlements,
    stay_charges,
    stays,
    visits,
    workers,
)
from simulator.story.story import Story
from simulator.story.visits import Visits

Action = Callable[[Story], Awaitable[None]]
# local times at which the city acts, and the share of a day's orders that come then: 75 % in the
# two peaks
STEPS = (
    (time(8, 30), 0.12),
    (time(10, 0), 0.30),
    (time(11, 30), 0.20),
    (time(13, 0), 0.08),
    (time(14, 30), 0.20),
    (time(16, 0), 0.10),
    (time(18, 5), 0.0),
    (time(20, 0), 0.0),
)
MORNING = time(8, 30)
BEFORE_PAY = time(14, 30)
PLANNING = time(18, 5)
EVENING = time(20, 0)
ROUNDS = 5  # of offers and answers in an evening
CHANGES: tuple[Action, ...] = (
    organisations.suspend_some,
    life_events.apply_life_events,
    life_events.correct_some,
    stays.discharge_some,
    facilities.change_some,
    facilities.close_some,
    workers.leave_some,
)
"""What changes in the city in the morning; the platform has taken it in before anybody asks."""
MORNING_ACTIONS: tuple[Action, ...] = (
    orders.cancel_some,
    offers.hand_back_some,
    applications.take_up,
    decisions.appeal_some,
    assessments.assess,
)
EVENING_ACTIONS: tuple[Action, ...] = (
    stay_charges.decide_all,
    visits.decide_back_entries,
    settlements.decide_held,
    disputes.appeal_some,
    receipts.receipt_some,
    receipts.refund_some,
    follow_ups.call_some,
    complaints.close_and_file,
    settlements.verify_some,
    recoveries.collect,
)


async def live(
    story: Story, days: int, progress: Callable[[str], None], *, since: time = MORNING
) -> None:
    """One day from morning to evening; `since` where it has begun already."""
    for at, share in [step for step in STEPS if step[0] >= since]:
        await clock.advance(story, at)
        progress(f"{story.today} {at:%H:%M}")
        await _step(story, at, share, days)
    story.today += timedelta(days=1)


async def _step(story: Story, at: time, share: float, days: int) -> None:
    await read_in(story, at)
    if at == MORNING:
        await change(story)
        await ask(story, days)
    if share:
        await orders.place_some(story, share)
    if at == BEFORE_PAY and story.today.isoweekday() == payments.PAY_WEEKDAY:
        await settlements.decide_held(story)
    if at == PLANNING:
        await _answer_rounds(story)
    if at == EVENING:
        for action in EVENING_ACTIONS:
            await action(story)
        story.state(Visits).finished_today.clear()


async def read_in(story: Story, at: time) -> None:
    """Devices send what happened, firms read their feeds, and the visits ahead are decided."""
    await visits.send_reports(story)
    if at < PLANNING:
        await offers.answer_offers(story, all_firms=at == MORNING)
        visits.plan(story)


async def change(story: Story) -> None:
    """What changes in the morning, until the platform has taken it in."""
    for action in CHANGES:
        await action(story)
    await story.gateway.quiet()


async def ask(story: Story, days: int) -> None:
    """What people ask for in the morning, besides orders."""
    for action in MORNING_ACTIONS:
        await action(story)
    await applications.apply(story, days)


async def _answer_rounds(story: Story) -> None:
    """Declined offers go round again."""
    for _ in range(ROUNDS):
        if not await offers.answer_offers(story):
            break
        await story.gateway.quiet()


async def end(story: Story) -> None:
    """The last offers are counted, and the last month is closed."""
    await story.gateway.quiet()
    await offers.answer_offers(story, all_firms=True, answer=False)
    offers.check_offers(story)
    await receipts.check_receipts(story)
    story.truth.close(story.month, story.world)
