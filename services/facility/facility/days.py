"""Policy days that requests name: the kit bounds them for every request (kit.contracts.days); here
the calendar must have the day, and most may not lie in the future.
"""

from datetime import date

from kit.contracts import rules
from kit.contracts.days import NO_END
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Refusal


class ImpossibleDay(Refusal):
    """The day is not in the calendar, or lies where it cannot."""

    text = Phrase("{day} is impossible: {why}", "{day} 不可能：{why}")


def day_of(field: str, text: str, *, latest: date = NO_END) -> date:
    """A policy day from `YYYY-MM-DD`. Raises: ImpossibleDay for one that the calendar does not
    have, or after `latest`.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ImpossibleDay(field=field, day=text, why=rules.NOT_IN_THE_CALENDAR) from error
    if day > latest:
        raise ImpossibleDay(field=field, day=text, why=rules.IN_THE_FUTURE)
    return day
