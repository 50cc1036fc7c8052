"""Policy days that requests name: the kit bounds them for every request (kit.contracts.days); here
the calendar must have the day, and most may not lie in the future.
"""

from datetime import date

from kit.contracts.days import NO_END
from kit.contracts.refusals import Refusal


class ImpossibleDay(Refusal):
    """The day is not in the calendar, or lies where it cannot."""

    text = "{day} is impossible: {why}"


def day_of(field: str, text: str, *, latest: date = NO_END) -> date:
    """A policy day from `YYYY-MM-DD`. Raises: ImpossibleDay for one that the calendar does not
    have, or after `latest`.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ImpossibleDay(field=field, day=text, why="the calendar does not have it") from error
    if day > latest:
        raise ImpossibleDay(field=field, day=text, why="it lies in the future")
    return day
