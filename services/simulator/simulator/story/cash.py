"""Cash to elders, which is paid by itself, by published rules; and what a death that is reported
late claims back of it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from simulator import norms
from simulator.story.grounds import Due, cash_due, months_until_now
from simulator.story.levels import Levels
from simulator.story.recoveries import claim
from simulator.story.story import Story
from simulator.truth.payments import CashPaid
from simulator.world.days import month_of
from simulator.world.people import Person

CASH_DAY = 10


@dataclass
class Cashes:
    """paid: by person, as it was. known_on: the day on which the open entitlement became known, by
    person. unwilling: persons who did not want it. paused: persons whose death is reported.
    """

    paid: defaultdict[int, list[Due]] = field(default_factory=lambda: defaultdict(list))
    known_on: dict[int, date] = field(default_factory=dict)
    unwilling: set[int] = field(default_factory=set)
    paused: set[int] = field(default_factory=set)


def bring_in_line(story: Story, person: Person) -> None:
    """What the months lack whose pay day has passed is paid now."""
    for month in months_until_now(story, person):
        if story.today >= date.fromisoformat(f"{month}-{CASH_DAY}"):
            _pay(story, person, month, story.today)


def pay_cash(story: Story, day: date) -> None:
    """The cash of the day's month."""
    for number, approved in story.state(Levels).by_person.items():
        if approved:
            _pay(story, story.world.by_number[number], month_of(day), day)


def _pay(story: Story, person: Person, month: str, day: date) -> None:
    """Pays what a month lacks. It is late where the entitlement was known before the pay day."""
    cashes = story.state(Cashes)
    due = cash_due(story, person, month)
    if due is None or person.number in cashes.unwilling | cashes.paused:
        return
    before = [one.fen for one in cashes.paid[person.number] if one.month == month]
    if due.fen <= sum(before):
        return
    pay_day = date.fromisoformat(f"{month}-{CASH_DAY}")
    known_on = cashes.known_on.get(person.number, day)
    in_time = bool(before) or day <= max(norms.cash_due(pay_day), known_on)
    paid = due._replace(fen=due.fen - sum(before))
    cashes.paid[person.number].append(paid)
    story.record(CashPaid(day, month, paid.area_code, paid.fen, in_time))
    if day > pay_day:
        story.tally["cash of a better level" if before else "cash paid as arrears"] += 1
        story.tally["cash that rested, paid late"] += not in_time


def claim_cash(story: Story, person: Person, died_on: date) -> None:
    """A death was reported: cash of the months after it is claimed back."""
    for cash in story.state(Cashes).paid[person.number]:
        if cash.month > month_of(died_on):
            claim(story, person, cash.month, cash.area_code, cash.fen, of_visit=False)
            story.tally["recoveries"] += 1
