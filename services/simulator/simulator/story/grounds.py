"""What the city's policies give an elder: on which days their ground holds, and how much of which
month follows from it.
"""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from simulator import norms
from simulator.story.levels import Levels, level_on
from simulator.story.story import Story
from simulator.world.days import days_between, month_of, next_month_begins
from simulator.world.people import SUBSIDISED, Person

# the least levels that entitle: to the voucher, and to the cash where there is a hardship
VOUCHER_LEVEL, CASH_LEVEL = 2, 1
Holds = Callable[[Story, Person, date], bool]


class Due(NamedTuple):
    """What a month gives, fen, in the area where the elder lives."""

    month: str
    fen: int
    area_code: str


def cash_holds(story: Story, person: Person, day: date) -> bool:
    """Whether the home-care subsidy is for an elder on a day."""
    poor = bool(SUBSIDISED & set(person.hardships_on(day)))
    return poor and person.is_here_on(day) and _level(story, person, day) >= CASH_LEVEL


def voucher_holds(story: Story, person: Person, day: date) -> bool:
    """Whether the voucher is for an elder on a day."""
    supported = "TEKUN" in person.hardships_on(day)
    able = not supported and person.is_here_on(day)
    return able and _level(story, person, day) >= VOUCHER_LEVEL


def cash_due(story: Story, person: Person, month: str) -> Due | None:
    """The cash of a month, by the level of the first day on which the ground holds, at the prices
    of the month's first day.
    """
    day = _first_day(story, person, month, cash_holds)
    if day is None:
        return None
    fen = norms.cash_fen(_level(story, person, day), day.replace(day=1))
    return Due(month, fen, person.area_code)


def voucher_due(story: Story, person: Person, month: str) -> Due | None:
    """The voucher of a month, the next one at most."""
    day = _first_day(story, person, month, voucher_holds)
    if day is None:
        return None
    return Due(month, norms.voucher_fen(day.replace(day=1)), person.area_code)


def months_until_now(story: Story, person: Person) -> list[str]:
    """The months since the first day on which the elder had a level."""
    approved = story.state(Levels).by_person[person.number]
    if not approved:
        return []
    first = min(one.valid_from for one in approved)
    return sorted({month_of(day) for day in days_between(first, story.today)})


def _first_day(story: Story, person: Person, month: str, holds: Holds) -> date | None:
    """The first day of a month on which a ground holds, as far as is known today."""
    first = date.fromisoformat(f"{month}-01")
    last = min(next_month_begins(month) - timedelta(days=1), max(story.today, first))
    return next((day for day in days_between(first, last) if holds(story, person, day)), None)


def _level(story: Story, person: Person, day: date) -> int:
    return level_on(story.state(Levels).by_person[person.number], day)
