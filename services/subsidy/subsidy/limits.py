"""The numbers of `standards/` in force on a policy day; those of the policies themselves are data
(policies/flows.py).
"""

from dataclasses import dataclass, field
from datetime import timedelta

from kit.contracts import standards
from kit.contracts.standards import key


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of standards/payment.yaml on a day.

    cash_day: of the month. settlement_weekday: 1 Monday; settlement_time: of that day.
    settlement_due: after an audit's approval. hold: real time. longest_deferral:
    of a claim.
    """

    cash_day: int
    settlement_weekday: int
    settlement_time: timedelta = field(metadata=key("settlement_hour"))
    settlement_due: timedelta = field(metadata=key("settlement_due_days"))
    hold: timedelta = field(metadata=key("hold_minutes"))
    longest_deferral: timedelta = field(metadata=key("longest_deferral_days"))


limits = standards.read("subsidy", Limits, file="payment")
