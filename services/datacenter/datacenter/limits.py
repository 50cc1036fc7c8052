"""The numbers of norms that the definitions depend on. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that the definitions name; `standards/limits.yaml` says where they come from.

    old_years, oldest_years: ages of a person. dependent_level: least level of disability.
    working_days: from application to result. assessors: who must sign a result. late_min: minutes
    after the wanted window that still are in time. care_policy, age_policy: codes of the care
    subsidy and the old-age allowance. persons_per_caregiver: residents whom one certified caregiver
    can serve.
    """

    old_years: int
    oldest_years: int
    dependent_level: int
    working_days: int
    assessors: int
    late_min: int
    care_policy: str
    age_policy: str
    persons_per_caregiver: int
