"""Results of assessments: which is valid when. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from datacenter.subjects import timelines


class Result(NamedTuple):
    """A result that came into force. It is valid from the end of `first_month` to before that of
    `end_month`.
    """

    month: int
    at: int
    assessment_id: str
    first_month: int
    end_month: int
    level: int


def valid_level(results: Sequence[Result], month: int) -> int | None:
    """The level of the result that is valid at the end of a month; None without one."""
    result = timelines.at(results, month)
    if result is None or not result.first_month <= month < result.end_month:
        return None
    return result.level
