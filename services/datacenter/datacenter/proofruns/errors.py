"""What is refused about runs of proofs, and why."""

from kit.contracts.refusals import Conflict


class RunEnded(Conflict):
    """Nothing is under way any more that could be cancelled."""

    field = "run_id"
    text = "run {run_id} has ended: {state}"


class NotProved(Conflict):
    """The recount could not be made, or somebody cancelled it."""

    field = "month"
    text = "no proof of {month}: {why}"
