"""What is refused about runs of proofs, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict


class RunEnded(Conflict):
    """Nothing is under way any more that could be cancelled."""

    field = "run_id"
    text = Phrase("run {run_id} has ended: {state}", "核验任务 {run_id} 已结束：{state}")


class NotProved(Conflict):
    """The recount could not be made, or somebody cancelled it."""

    field = "month"
    text = Phrase("no proof of {month}: {why}", "没有 {month} 的核验：{why}")
