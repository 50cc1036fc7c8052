"""What a policy gives an elder day by day and month by month: a function of dated facts alone, so
that neither the order nor the lateness in which they are heard changes any of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from kit.contracts.clock import local_day
from subsidy.entitlements.rules import (
    Interval,
    State,
    first_due,
    intervals,
    months_between,
)
from subsidy.entitlements.tables import Entitlement
from subsidy.policies import flows as policies
from subsidy.policies.rules import Cause, Facts, Kind, MonthDue, Span, Terms, Verdict
from subsidy.replicas.rules import History, Status
from subsidy.replicas.tables import Elder
from subsidy.runs.rules import first_day, month_of


@dataclass(frozen=True, slots=True)
class Due:
    """What a month gives: by the facts of its first day on which the ground holds. fen: for the
    period that the month begins or is. span: of that.
    """

    month: str
    kind: Kind
    area_code: str
    policy_version: date
    fen: int
    span: Span


class Course:
    """What one policy gives one elder."""

    def __init__(self, policy_code: str, history: History) -> None:
        self.policy_code = policy_code
        self.history = history
        self.edges = policies.edges(policy_code, history)
        self._known: dict[date, tuple[Facts, Terms | None, Verdict]] = {}

    def on(self, day: date) -> tuple[Facts, Terms | None, Verdict]:
        """The facts of a day, the version in force on it, and what it gives."""
        if day not in self._known:
            facts = policies.facts_on(self.history, day)
            self._known[day] = facts, *policies.verdict_on(self.policy_code, facts)
        return self._known[day]

    def holds(self, day: date) -> bool:
        """Whether the ground holds then."""
        return self.on(day)[2].entitled

    def present(self, today: date) -> date:
        """The day by which entitlements stand as they do today: who died today is gone."""
        died_on = self.history.died_on
        return today if died_on is None else max(today, died_on + timedelta(days=1))

    def intervals(self, through: date) -> list[Interval]:
        """The days up to one on which the ground holds."""
        return intervals(self.holds, self.edges, through)

    def due_in(self, month: str, today: date) -> Due | None:
        """What a month gives, as far as is known today: a whole one where the ground holds on the
        days of it that the policy asks for (`month_due`). Of a yearly amount, where it is the first
        such month of its year.
        """
        day = self._first_held(month, today)
        if day is None:
            return None
        facts = self.on(day)[0]
        terms, fen = self._amount(month, day)
        if terms is None:
            return None
        if terms.period is Span.YEAR:
            earlier = list(months_between(f"{day.year}-01", month))[:-1]
            if any(self._first_held(one, today) for one in earlier):
                return None
        return Due(month, terms.kind, facts.area_code, terms.policy_version, fen, span=terms.period)

    def _amount(self, month: str, day: date) -> tuple[Terms | None, int]:
        """By the version in force on the month's first day, so that a version which begins later in
        it changes the next one, for everybody and whenever a ground is learnt of; by that of the
        first day on which the ground holds where the former gives this elder nothing.
        """
        facts, terms, verdict = self.on(day)
        former, by_former = policies.verdict_on(self.policy_code, facts, at=first_day(month))
        if former is not None and by_former.entitled:
            return former, by_former.monthly_fen
        return terms, verdict.monthly_fen

    def dues(self, today: date) -> dict[str, Due]:
        """What each month up to the present one gives."""
        found = {}
        for month in months_between(month_of(self.edges[0]), month_of(today)):
            if due := self.due_in(month, today):
                found[month] = due
        return found

    def cause_in(self, month: str) -> Cause:
        """Why a month gives nothing, or less than it gave."""
        facts, _, verdict = self.on(max(first_day(month), self.edges[0]))
        if self.history.died_on is not None and facts.status is Status.DEAD:
            return Cause.DEATH
        return verdict.cause or Cause.LEVEL

    def _first_held(self, month: str, today: date) -> date | None:
        """By the version of the month's first day, or of the first one on which there is any."""
        first = first_day(month)
        terms = policies.terms_on(self.policy_code, max(first, self.edges[0]))
        rule = terms.month_due if terms else MonthDue.ANY_DAY
        return first_due(self.holds, self.edges, month, max(today, first), rule)


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """One elder, one policy, and the elder's entitlements to it, oldest first; at least one where
    something is given.
    """

    elder: Elder
    course: Course
    entitlements: Sequence[Entitlement]

    @property
    def is_unwanted(self) -> bool:
        """Whether the elder does not want what the policy gives."""
        return any(
            one.state == State.REFUSED and one.reapplied_at is None for one in self.entitlements
        )

    def may_grant(self, month: str) -> bool:
        """Whether what a month lacks is given: not what the elder did not want then, and not what
        was decided before days were kept.
        """
        since = [
            month_of(local_day(one.reapplied_at)) for one in self.entitlements if one.reapplied_at
        ]
        if self.elder.dated_since:
            since.append(month_of(self.elder.dated_since))
        return not self.is_unwanted and month >= max(since, default="")

    def entitlement_id(self, month: str) -> UUID:
        """The entitlement that a month belongs to."""
        return self._of(month).entitlement_id

    def known_on(self, month: str) -> date:
        """The day on which the entitlement of a month was opened."""
        return local_day(self._of(month).opened_at)

    def _of(self, month: str) -> Entitlement:
        # the last that had begun by the month's end
        begun = [one for one in self.entitlements if month_of(one.valid_from) <= month]
        return (begun or self.entitlements)[-1]
