"""A worker, and how long the certificate lasts."""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

from eldercare.facility.v1 import events_pb2 as facility

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects import timelines
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.merges import newest


class WorkerState(NamedTuple):
    """The full state of a worker at one version. uncertified_month: the first with whose end the
    certificate does not hold; 0 without one.
    """

    month: int
    sequence: int
    at: int
    area: str
    is_caregiver: bool
    uncertified_month: int


class WorkerThen(NamedTuple):
    """An active caregiver at the end of a month."""

    area: str
    is_certified: bool


class Worker(State):
    """What is known of a worker."""

    states: Annotated[Sequence[WorkerState], newest, "the public state"] = ()


worker = Subject("worker", 7, Worker)


@worker.on(
    facility.WorkerRegistered, facility.WorkerChanged, facility.WorkerLeft, id="worker.worker_id"
)
def _state(
    event: facility.WorkerRegistered | facility.WorkerChanged | facility.WorkerLeft,
    when: When,
    _: Limits,
) -> Worker:
    state = event.worker
    is_caregiver = state.status == facility.Worker.STATUS_ACTIVE and state.caregiver
    until = months.after(state.certified_until) if state.certified_until else 0
    now = WorkerState(*when.since(state.left_on), state.area_code, is_caregiver, until)
    return Worker(states=(now,))


def _turns(worker: Worker, _: Limits) -> Iterator[int]:
    for state in worker.states:
        yield state.month
        if state.uncertified_month >= worker.states[0].month:
            yield state.uncertified_month


def _then(worker: Worker, month: int, _: Limits) -> WorkerThen | None:
    state = timelines.at(worker.states, month)
    if state is None or not state.is_caregiver:
        return None
    return WorkerThen(state.area, month < state.uncertified_month)


stock = worker.stocks(_turns, _then).measure

stock("CAREGIVERS", "active caregivers")
stock("CERTIFIED", "certified to the end of the month", lambda then, _: then.is_certified)
