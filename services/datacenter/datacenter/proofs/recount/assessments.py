"""Applications and results of a month."""

from datetime import datetime
from typing import NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment

from datacenter.proofs.recount.counting import Handlers, Month, split

_PORTAL, _HOTLINE, _MOBILE, _TERMINAL, _PLATFORM = range(1, 6)
_CHANNELS = {_PORTAL: "PORTAL", _HOTLINE: "HOTLINE", _MOBILE: "MOBILE", _TERMINAL: "TERMINAL"}
counts: "Handlers[Assessments]" = Handlers(
    *split(["APPLICATIONS", "APPLICATIONS_ONLINE"], _CHANNELS.values()),
    "APPLICATIONS_VALID",
    "RESULTS_IN_TIME",
    "RESULTS",
    "RESULTS_PAIRED",
    "RESULTS_APPEALED",
)


class _Result(NamedTuple):
    area: str
    is_paired: bool


class Assessments:
    """Applications and results of the month, and of any time what became of them."""

    def __init__(self, month: Month) -> None:
        self._month, self._limits = month, month.limits
        self._applied: dict[str, str] = {}  # application → area
        self._due: dict[str, str] = {}  # application → last day of a result in time
        self._completed_at_all: set[str] = set()  # applications
        self._moved: dict[str, tuple[int, str]] = {}  # application → version, area of the elder
        self._withdrawn: set[str] = set()
        self._in_time: set[str] = set()  # applications
        self._results: dict[str, _Result] = {}
        self._appealed: set[str] = set()  # results

    @counts(assessment.ApplicationSubmitted)
    def _submitted(self, event: assessment.ApplicationSubmitted, _: datetime, __: int) -> None:
        if not self._month.holds(event.submitted_at):
            return
        area, channel = event.area_code, event.channel
        self._applied[event.application_id] = area
        self._due[event.application_id] = event.due_on
        if channel != _PLATFORM:
            self._month.add(
                area,
                _CHANNELS.get(channel, ""),
                APPLICATIONS=1,
                APPLICATIONS_ONLINE=channel in (_PORTAL, _MOBILE),
            )

    @counts(assessment.ApplicationMoved)
    def _move(self, event: assessment.ApplicationMoved, _: datetime, sequence: int) -> None:
        known = self._moved.get(event.application_id, (0, ""))
        self._moved[event.application_id] = max(known, (sequence, event.area_code))

    @counts(assessment.ApplicationWithdrawn)
    def _left(self, event: assessment.ApplicationWithdrawn, _: datetime, __: int) -> None:
        self._withdrawn.add(event.application_id)

    @counts(assessment.AssessmentCompleted)
    def _completed(self, event: assessment.AssessmentCompleted, _: datetime, __: int) -> None:
        self._completed_at_all.add(event.application_id)
        if event.working_days <= self._limits.working_days:
            self._in_time.add(event.application_id)
        if self._month.holds(event.completed_at):
            is_paired = event.assessors >= self._limits.assessors
            self._results[event.assessment_id] = _Result(event.area_code, is_paired)

    @counts(assessment.AssessmentAppealed)
    def _doubted(self, event: assessment.AssessmentAppealed, _: datetime, __: int) -> None:
        self._appealed.add(event.assessment_id)

    def count(self) -> None:
        """Looks at each application and result of the month once."""
        for key, area in self._applied.items():
            has_result = key in self._completed_at_all
            is_over = self._month.is_over(self._due[key])
            if key not in self._withdrawn and (has_result or is_over):
                in_time = key in self._in_time
                _, area = self._moved.get(key, (0, area))
                self._month.add(area, APPLICATIONS_VALID=1, RESULTS_IN_TIME=in_time)
        for key, result in self._results.items():
            self._month.add(
                result.area,
                RESULTS=1,
                RESULTS_PAIRED=result.is_paired,
                RESULTS_APPEALED=key in self._appealed,
            )
