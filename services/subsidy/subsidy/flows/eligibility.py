"""What a policy gives an elder on a day, by what is known now."""

from collections.abc import Sequence
from datetime import date

from kit.contracts import areas
from subsidy.flows import policies
from subsidy.rules import eligibility
from subsidy.rules.eligibility import Facts, Terms, Verdict
from subsidy.rules.kinds import Cause
from subsidy.tables import Elder, Result


def levels_of(results: Sequence[Result]) -> list[eligibility.Result]:
    """Approved levels as the rules take them."""
    return [
        eligibility.Result(one.level, one.valid_from, one.valid_to, one.approved_at)
        for one in results
    ]


def facts_on(elder: Elder, results: Sequence[Result], day: date) -> Facts:
    """What policies ask about an elder, with the level in force on that day."""
    level = eligibility.level_on(levels_of(results), day)
    return Facts(
        day, elder.status, elder.area_code, frozenset(elder.hardships), level, elder.died_on
    )


def verdict_on(policy_code: str, facts: Facts) -> tuple[Terms | None, Verdict]:
    """The version of a policy on the day of the facts, None where it has ended, and what it gives."""
    terms = policies.terms_on(policy_code, facts.on)
    if terms is None:
        step = eligibility.Step("the policy is in force", "it has ended", False, policy_code)
        return None, Verdict(False, 0, Cause.POLICY_ENDED, (step,))
    return terms, eligibility.verdict(
        terms, facts, inside=areas.is_in(facts.area_code, terms.area_code)
    )
