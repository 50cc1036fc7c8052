"""What happens to applications: how many came, and by which channel."""

from dataclasses import dataclass
from datetime import date

from simulator import norms
from simulator.truth.assessments import AssessmentCompleted
from simulator.truth.measures import Count, Counts, Fact, done, flow
from simulator.world.channels import CHANNELS
from simulator.world.days import month_of

ONLINE = frozenset({"PORTAL", "MOBILE"})
NAMES = tuple(name for name, _ in CHANNELS)


@dataclass(frozen=True, slots=True)
class Applied(Fact):
    """An application, or an appeal, which is an application for a review. channel: PLATFORM where
    nobody asked and a level was about to end.
    """

    applied_on: date
    area_code: str
    channel: str


@dataclass(frozen=True, slots=True)
class ApplicationEnded(Fact):
    """An application was withdrawn, or the elder died, before there was a result."""

    applied_on: date
    area_code: str


@flow("APPLICATIONS", *NAMES)
def applied(fact: Fact) -> Counts:
    """Applications by people, by channel."""
    match fact:
        case Applied(applied_on, area_code, channel) if channel in NAMES:
            yield Count(month_of(applied_on), area_code, member=channel)


@flow("APPLICATIONS_ONLINE", *NAMES)
def applied_online(fact: Fact) -> Counts:
    """Applications that came by portal or mobile phone, by channel."""
    match fact:
        case Applied(applied_on, area_code, channel) if channel in ONLINE:
            yield Count(month_of(applied_on), area_code, member=channel)


@flow("APPLICATIONS_VALID")
def still_wanted(fact: Fact) -> Counts:
    """Applications that have a result or are due, but for those that were withdrawn, or whose elder
    died, before the result.
    """
    match fact:
        case Applied(applied_on, area_code):
            yield Count(month_of(applied_on), area_code, after=norms.result_due(applied_on))
        case ApplicationEnded(applied_on, area_code):
            yield Count(month_of(applied_on), area_code, -1, after=norms.result_due(applied_on))
        case AssessmentCompleted(applied_on=applied_on, area_code=area_code):
            yield from done(month_of(applied_on), area_code, norms.result_due(applied_on))
