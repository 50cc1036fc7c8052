"""The calendar: what happens at which hour of a day."""

from collections.abc import Callable
from datetime import time, timedelta

from simulator.story import (
    assessing,
    clock,
    fates,
    houses,
    ordering,
    serving,
    supervising,
    visiting,
)
from simulator.story.state import Story

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
MORNING, BEFORE_PAY, PLANNING, EVENING = time(8, 30), time(14, 30), time(18, 5), time(20, 0)
ROUNDS = 5  # of offers and answers in an evening


async def live(
    story: Story, days: int, progress: Callable[[str], None], *, since: time = MORNING
) -> None:
    """One day from morning to evening; `since` where it has begun already."""
    for at, share in [step for step in STEPS if step[0] >= since]:
        await clock.move(story, at)
        progress(f"{story.today} {at:%H:%M}")
        await visiting.send(story)
        if at < PLANNING:
            await serving.listen(story, first=at == MORNING)
            visiting.plan(story)
        if at == MORNING:
            await _morning(story, days)
        if share:
            await ordering.place(story, share)
        if at == BEFORE_PAY and story.today.isoweekday() == clock.PAY_WEEKDAY:
            await supervising.judge(story)
        if at == PLANNING:
            for _ in range(ROUNDS):
                if not await serving.listen(story):
                    break
                await story.gateway.quiet()
        if at == EVENING:
            await supervising.supervise(story)
    story.today += timedelta(days=1)


async def _morning(story: Story, days: int) -> None:
    await fates.befall(story)
    await houses.change(story)
    await story.gateway.quiet()
    await ordering.cancel_some(story)
    await assessing.assess(story)
    await assessing.apply(story, days)


async def end(story: Story) -> None:
    """The last offers are counted, and the last month is closed."""
    await story.gateway.quiet()
    await serving.listen(story, first=True, answer=False)
    serving.count_offers(story)
    story.truth.close(story.month, story.world)
