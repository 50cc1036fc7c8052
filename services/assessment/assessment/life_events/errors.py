"""What is refused about dated facts, and why."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal


class DeathReportOpen(Conflict):
    """A death on another day was reported, and an official has not decided about it."""

    field = "died_on"
    text = Phrase(
        "a death of elder {elder_id} on {died_on} was reported and waits for an official",
        "已有报告称老年人 {elder_id} 于 {died_on} 去世，等待民政工作人员确认",
    )


class NotReported(Conflict):
    """Only a report that nobody has decided about is confirmed or rejected."""

    field = "life_event_id"
    text = Phrase(
        "life event {life_event_id} is {state}: there is nothing to confirm or reject",
        "人员变动 {life_event_id} 的状态为{state}，没有可以确认或否定的",
    )


class NotInForce(Conflict):
    """Only what is taken for a fact is corrected; the newest entry says what that is."""

    field = "life_event_id"
    text = Phrase(
        "life event {life_event_id} is {state}: there is nothing to correct",
        "人员变动 {life_event_id} 的状态为{state}，没有可以更正的",
    )


class SameDay(Refusal):
    """The day that is given is the one that the entry has."""

    field = "happened_on"
    text = Phrase(
        "life event {life_event_id} has the day {happened_on} already",
        "人员变动 {life_event_id} 的日期已经是 {happened_on}",
    )


class NumberHasNoOtherDay(Refusal):
    """Another ID number is taken back as a whole: it does not hold from another day on."""

    field = "happened_on"
    text = Phrase("another ID number is taken back without a day", "撤回身份证号变更时不得填写日期")
