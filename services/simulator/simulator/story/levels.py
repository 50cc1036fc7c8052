"""Levels that were approved: on which days each of them counts, and on which it ends."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from simulator.story.story import Story
from simulator.world.city import Held
from simulator.world.people import Person


@dataclass(frozen=True, slots=True)
class Approved:
    """A level that was approved. asked_on: the day of the application that led to it. It holds on
    the days [valid_from, valid_to).
    """

    level: int
    asked_on: date
    valid_from: date
    valid_to: date
    approved_on: date


@dataclass
class Levels:
    """by_person: in the order of the approvals. asked_on: since when a person waits for another
    level.
    """

    by_person: defaultdict[int, list[Approved]] = field(default_factory=lambda: defaultdict(list))
    asked_on: dict[int, date] = field(default_factory=dict)


def approve(story: Story, person: Person, one: Approved) -> None:
    """A level comes into force."""
    levels = story.state(Levels)
    levels.by_person[person.number].append(one)
    levels.asked_on.pop(person.number, None)
    story.world.levels[person.number] = Held(one.level, one.valid_to)


def level_on(approved: Sequence[Approved], day: date) -> int:
    """The level that counts on a day, 0 where there is none.

    One that is worth less than what held counts from its approval on, one that is worth more from
    the day of its assessment; one that was asked for before the last one ended, from that end.

    >>> first = Approved(3, date(2026, 1, 16), date(2026, 1, 20), date(2026, 7, 20),
    ...     date(2026, 1, 28))
    >>> late = Approved(2, date(2026, 5, 21), date(2026, 8, 3), date(2027, 2, 3),
    ...     date(2026, 8, 11))
    >>> days = [date(2026, 7, 19), date(2026, 7, 20), date(2026, 8, 2)]
    >>> [level_on([first], day) for day in days], [level_on([first, late], day) for day in days]
    ([3, 0, 0], [3, 2, 2])
    """
    relied_on, better = 0, 0
    for one in approved:
        if not _begins(one, approved) <= day < one.valid_to:
            continue
        if one.approved_on <= day:
            relied_on = one.level
        else:
            better = max(better, one.level)
    return max(relied_on, better)


def _begins(one: Approved, approved: Sequence[Approved]) -> date:
    ends = [other.valid_to for other in approved if other.valid_to <= one.valid_from]
    ended = max(ends, default=one.valid_from)
    return ended if one.asked_on <= ended else one.valid_from


def rests(story: Story, person: Person) -> bool:
    """Whether the last level has ended and another one, asked for before, is not decided yet."""
    levels = story.state(Levels)
    approved = levels.by_person[person.number]
    asked_on = levels.asked_on.get(person.number)
    if asked_on is None or not approved or level_on(approved, story.today):
        return False
    return asked_on <= max(one.valid_to for one in approved)


def end_some(story: Story) -> list[Person]:
    """Levels whose last day is over; whose they were."""
    ended = [number for number, held in story.world.levels.items() if held.valid_to <= story.today]
    for number in ended:
        del story.world.levels[number]
        waits = number in story.state(Levels).asked_on
        story.tally["levels that ended, another one asked for" if waits else "levels ended"] += 1
    return [story.world.by_number[number] for number in sorted(ended)]
