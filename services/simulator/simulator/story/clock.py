"""Time passes: the platform's clock moves on, and the truth follows what the platform does by
itself, by its published rules.
"""

from datetime import datetime, time

from simulator.story import applications, disputes, entitlements, orders, vouchers
from simulator.story.payments import runs_between
from simulator.story.story import Story
from simulator.world.days import instant, month_of


async def advance(story: Story, at: time) -> None:
    """The clock moves on, and what became due happens; then the story catches up with it."""
    before = story.now
    then = instant(story.today, at)
    if month_of(then) != story.month:
        story.truth.close(story.month, story.world)
    story.now = then
    await story.tokens.renew()
    # what was asked for before is done first: a visit approved at half past two is paid at four
    if month_of(before) != story.month or any(runs_between(before, then)):
        await story.gateway.quiet()
    await story.gateway.clock(story.now.isoformat())
    await story.gateway.quiet()
    _catch_up(story, before)


def _catch_up(story: Story, before: datetime) -> None:
    if story.month != month_of(before):
        vouchers.lapse_before(story, story.month)
    entitlements.end_levels(story)
    if story.month != month_of(before):
        entitlements.issue_all(story)
    applications.open_routine(story)
    for pay, day in runs_between(before, story.now):
        pay(story, day)
    orders.end_overdue(story)
    disputes.end_terms(story)
