"""What is refused about changes of both registers, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal

BEFORE_IT_WAS = Phrase("it is there since {since}", "其自 {since} 起存在", key="BEFORE_IT_WAS")
BEFORE_THIS_STATE = Phrase(
    "the present state is of {since}", "现状自 {since} 起", key="BEFORE_THIS_STATE"
)


class NotSuspended(Conflict):
    """There is no suspension that could end on this day."""

    text = Phrase(
        "there is no suspension that ends on {day} or later", "没有在 {day} 或之后结束的暂停"
    )


class ImpossibleSuspension(Refusal):
    """A suspension has at least one day."""

    field = "suspended_to"
    text = Phrase(
        "a suspension from {suspended_from} does not end on {suspended_to}",
        "自 {suspended_from} 起的暂停不能在 {suspended_to} 结束",
    )


class NothingToChange(Refusal):
    """The request names nothing that is to be different."""

    text = Phrase("the request changes nothing", "请求没有改变任何内容")
