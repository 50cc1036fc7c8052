"""What is refused about workers, and why."""

from kit.contracts.refusals import Conflict, Refusal


class ImpossibleBirthDay(Refusal):
    """The birth day in the ID number is that of nobody who works."""

    field = "id_number"
    text = "the birth day in the ID number is impossible"


class ImpossibleShift(Refusal):
    """A shift has a length, and begins within the day."""

    field = "shift_to_min"
    text = "a shift from minute {shift_from_min} to minute {shift_to_min} of the day is impossible"


class NothingToChange(Refusal):
    """The request names nothing that is to be different."""

    field = "worker_id"
    text = "the request changes nothing"


class WorkerGone(Conflict):
    """The worker left the organisation."""

    field = "worker_id"
    text = "worker {worker_id} left"
