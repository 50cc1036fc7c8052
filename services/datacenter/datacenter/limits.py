"""The numbers of norms that the definitions depend on. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that the definitions name; `standards/limits.yaml` says where they come from.

    old_years, oldest_years: ages of a person. dependent_level: least level of disability.
    working_days: from application to result. assessors: who must sign a result. late_min: minutes
    after the wanted window that still are in time. care_policy,
    age_policy: codes of the care subsidy and the old-age allowance.
    self_reliant_per_caregiver, semi_dependent_per_caregiver, dependent_per_caregiver: residents
    whom one certified caregiver can serve. semi_dependent_resident_level,
    dependent_resident_level: least levels of those who need more.
    """

    old_years: int
    oldest_years: int
    dependent_level: int
    care_level: int
    working_days: int
    assessors: int
    late_min: int
    care_policy: str
    age_policy: str
    self_reliant_per_caregiver: int
    semi_dependent_per_caregiver: int
    dependent_per_caregiver: int
    semi_dependent_resident_level: int
    dependent_resident_level: int


@dataclass(frozen=True, slots=True)
class Closing:
    """The number of `standards/closing.yaml` on a day. closing_days: after a month."""

    closing_days: int


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The number of `standards/disclosure.yaml` on a day. least_people: whom a figure tells of."""

    least_people: int
