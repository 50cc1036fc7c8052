"""Cash to elders, which is paid by itself, by published rules; and what a death that is reported
late claims back of it.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from simulator import norms
from simulator.story.recoveries import claim
from simulator.story.story import Story
from simulator.truth.payments import CashPaid
from simulator.world.days import month_of
from simulator.world.people import Person

CASH_FEN = {1: 6_000, 2: 10_000, 3: 18_000, 4: 26_000}  # home-care subsidy a month by level
CASH_DAY = 10


@dataclass(frozen=True, slots=True)
class Cash:
    """A month's cash of one elder, as it was paid."""

    month: str
    fen: int
    area_code: str


@dataclass
class Cashes:
    """due: what is not paid yet, by person and month. paid: by person."""

    due: dict[tuple[int, str], Cash] = field(default_factory=dict)
    paid: defaultdict[int, list[Cash]] = field(default_factory=lambda: defaultdict(list))


def owe_cash(story: Story, number: int, month: str) -> None:
    """A month in which somebody was entitled to cash gives the whole of it, once; it is paid at
    once where the month's pay day has passed.
    """
    cashes = story.state(Cashes)
    if any(cash.month == month for cash in cashes.paid[number]):
        return
    area_code = story.world.by_number[number].area_code
    due = Cash(month, CASH_FEN[story.world.levels[number]], area_code)
    cashes.due.setdefault((number, month), due)
    if story.today >= date.fromisoformat(f"{month}-{CASH_DAY}"):
        _pay_cash(story, (number, month), story.today, in_time=True)
        story.tally["cash paid as arrears"] += 1


def owe_no_cash(story: Story, number: int, since: str = "") -> None:
    """What is due and was not paid is not given: of the months from one on, or all of it."""
    due = story.state(Cashes).due
    for key in [key for key in due if key[0] == number and key[1] >= since]:
        del due[key]


def pay_cash(story: Story, day: date) -> None:
    """The cash of the day's month."""
    for key in list(story.state(Cashes).due):
        if key[1] == month_of(day):
            _pay_cash(story, key, day, in_time=day <= norms.cash_due(day))


def _pay_cash(story: Story, key: tuple[int, str], day: date, *, in_time: bool) -> None:
    cashes = story.state(Cashes)
    cash = cashes.due.pop(key)
    cashes.paid[key[0]].append(cash)
    story.record(CashPaid(day, cash.month, cash.area_code, cash.fen, in_time))


def claim_cash(story: Story, person: Person, died_on: date) -> None:
    """A death was reported: cash of the months after it is not paid, or claimed back."""
    cashes = story.state(Cashes)
    for key in list(cashes.due):
        if key[0] == person.number and key[1] > month_of(died_on):
            del cashes.due[key]
    for cash in cashes.paid[person.number]:
        if cash.month > month_of(died_on):
            claim(story, person, cash.month, cash.area_code, cash.fen, of_visit=False)
            story.tally["recoveries"] += 1
