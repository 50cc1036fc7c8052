"""What is refused about dated facts, and why."""

from kit.contracts.refusals import Conflict, Refusal


class DeathReportOpen(Conflict):
    """A death on another day was reported, and an official has not decided about it."""

    field = "died_on"
    text = "a death of elder {elder_id} on {died_on} was reported and waits for an official"


class NotReported(Conflict):
    """Only a report that nobody has decided about is confirmed or rejected."""

    field = "life_event_id"
    text = "life event {life_event_id} is {state}: there is nothing to confirm or reject"


class NotInForce(Conflict):
    """Only what is taken for a fact is corrected; the newest entry says what that is."""

    field = "life_event_id"
    text = "life event {life_event_id} is {state}: there is nothing to correct"


class SameDay(Refusal):
    """The day that is given is the one that the entry has."""

    field = "happened_on"
    text = "life event {life_event_id} has the day {happened_on} already"


class NumberHasNoOtherDay(Refusal):
    """Another ID number is taken back as a whole: it does not hold from another day on."""

    field = "happened_on"
    text = "another ID number is taken back without a day"
