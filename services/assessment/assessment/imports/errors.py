"""What is refused about files of elders, and why."""

from kit.contracts.refusals import Refusal


class NoAreaOfYourOwn(Refusal):
    """An import belongs to an official's area, and the caller's token names none."""

    text = "the caller's token names no area"


class NotACsv(Refusal):
    """The file as a whole cannot be read as a CSV file of elders."""

    field = "data"
    text = "the file cannot be read: {why}"
