"""What is refused about workers, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal


class ImpossibleBirthDay(Refusal):
    """The birth day in the ID number is that of nobody who works."""

    field = "id_number"
    text = Phrase("the birth day in the ID number is impossible", "身份证号中的出生日期不可能")


class ImpossibleShift(Refusal):
    """A shift has a length, and begins within the day."""

    field = "shift_to_min"
    text = Phrase(
        "a shift from minute {shift_from_min} to minute {shift_to_min} of the day is impossible",
        "班次不可能从当日第 {shift_from_min} 分钟到第 {shift_to_min} 分钟",
    )


class NothingToChange(Refusal):
    """The request names nothing that is to be different."""

    field = "worker_id"
    text = Phrase("the request changes nothing", "请求没有改变任何内容")


class WorkerGone(Conflict):
    """The worker left the organisation."""

    field = "worker_id"
    text = Phrase("worker {worker_id} left", "服务人员 {worker_id} 已离职")
