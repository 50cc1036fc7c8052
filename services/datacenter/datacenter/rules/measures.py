"""The counts that figures are made of, and the limits of norms that they depend on."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

Key = tuple[int, str, int]  # measure, area code, month
Counts = dict[Key, int]


class Measure(IntEnum):
    """What is counted. A stock is the sum of all its months up to one; any other measure counts in
    its month alone.
    """

    @property
    def column(self) -> str:
        """Its column in the table of counts."""
        return self.name.lower()

    ALIVE = 1
    ALIVE_65 = 2
    ALIVE_80 = 3
    ALONE = 4
    COMPLETE = 5
    SPECIAL = 6
    BASIC = 7
    BASIC_ASSESSED = 8
    ASSESSED = 9
    ASSESSED_65 = 10
    DEPENDENT = 11
    CARE_ELIGIBLE = 12
    CARE_GIVEN = 13
    FACILITIES = 20
    TOWN_FACILITIES = 21
    BEDS = 22
    COUNTY_BEDS = 23
    COUNTY_NURSING_BEDS = 24
    SOCIAL_BEDS = 25
    STAYS = 26
    CAREGIVERS = 30
    CERTIFIED = 31
    VOUCHERED = 40
    RESULTS = 41
    RESULTS_IN_TIME = 42
    RESULTS_APPEALED = 43
    RESULTS_PAIRED = 44
    ISSUED_FEN = 45
    CAPTURED_FEN = 46
    PAYMENTS = 47
    PAYMENTS_IN_TIME = 48
    PAID_CASH_FEN = 49
    CLAIMED_FEN = 50
    SETTLED = 51
    VERIFIED = 52
    OFFERS = 53
    OFFERS_ACCEPTED = 54
    FINISHED = 55
    FINISHED_IN_TIME = 56
    FINISHED_FOLLOWED_UP = 57
    ORDERS = 58
    ORDERS_FINISHED = 59
    ANSWERS = 60
    ANSWERS_SATISFIED = 61
    COMPLAINTS = 62
    COMPLAINTS_IN_TIME = 63
    APPLICATIONS = 64
    APPLICATIONS_ONLINE = 65
    APPLICATIONS_VALID = 66
    APPLICATIONS_PORTAL = 67
    APPLICATIONS_HOTLINE = 68
    APPLICATIONS_MOBILE = 69
    APPLICATIONS_TERMINAL = 70
    FINISHED_FUNDED = 71
    FINISHED_FUNDED_FOLLOWED_UP = 72
    GIVEN_FEN = 73


STOCKS = frozenset(measure for measure in Measure if measure < Measure.VOUCHERED)


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that the definitions name; `standards/limits.yaml` says where they come from.

    old_years, oldest_years: ages of a person. dependent_level: least level of disability.
    working_days: from application to result. assessors: who must sign a result. late_min: minutes
    after the wanted window that still are in time. care_policy: code of the care subsidy.
    """

    old_years: int
    oldest_years: int
    dependent_level: int
    working_days: int
    assessors: int
    late_min: int
    care_policy: str


def add(counts: Counts, more: Mapping[Key, int], sign: int = 1) -> None:
    """Adds counts to others in place; `sign` −1 takes them away."""
    for key, amount in more.items():
        counts[key] = counts.get(key, 0) + sign * amount
