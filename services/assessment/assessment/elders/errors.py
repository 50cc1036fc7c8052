"""What is refused about elders, and why."""

from kit.contracts.refusals import Conflict, Denied, Refusal


class WrongCheckCharacter(Refusal):
    """The ID number was mistyped (GB 11643-1999)."""

    field = "id_number"
    text = "the check character of the ID number is wrong (GB 11643-1999)"


class ImpossibleBirthDay(Refusal):
    """The birth day inside the ID number does not exist, lies in the future, or makes the person
    older than anybody.
    """

    field = "id_number"
    text = "the birth day in the ID number is impossible"


class TooYoung(Refusal):
    """The person is not yet an elder."""

    field = "id_number"
    text = "the person is {age}, an elder is at least {least_age}"


class HardshipOfficialOnly(Denied):
    """Hardships decide about money: an official states them, who has seen the papers."""

    field = "hardships"
    text = "only an official states hardships"


class KnownAlready(Conflict):
    """The ID number belongs to an elder who is registered."""

    field = "id_number"
    text = "an elder with this ID number is registered already"


class NotACommunity(Refusal):
    """The area is no village or community of this city."""

    field = "area_code"
    text = "{area_code} is no village or community of this city"


class HalfPosition(Refusal):
    """Longitude and latitude come together or not at all."""

    field = "lat"
    text = "lon and lat come together"


class ElderNotAlive(Conflict):
    """The elder died or moved out of the city."""

    field = "elder_id"
    text = "elder {elder_id} is {status}"


class DeadAlready(Conflict):
    """A death with another day was reported before."""

    field = "died_on"
    text = "the death of elder {elder_id} was reported with another day"


class ImpossibleDay(Refusal):
    """The day lies in the future, before the birth, or not in the calendar."""

    text = "{day} is impossible: {why}"


class NothingToChange(Refusal):
    """The request names nothing that is to be different."""

    field = "elder_id"
    text = "the request changes nothing"
