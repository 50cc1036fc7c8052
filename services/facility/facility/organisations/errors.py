"""What is refused about organisations, and why."""

from kit.contracts.refusals import Conflict, Refusal


class WrongCheckCharacter(Refusal):
    """A credit code or ID number was mistyped."""

    text = "the check character of {field_name} is wrong ({norm})"


class NoSuchAuthority(Refusal):
    """No authority registers organisations under codes that begin like this."""

    field = "credit_code"
    text = "no authority gives credit codes that begin with {head} (GB 32100-2015)"


class NoAreaOfRegistration(Refusal):
    """The third to eighth character of a credit code are the area of the authority: digits."""

    field = "credit_code"
    text = "the characters 3 to 8 of a credit code are digits (GB 32100-2015)"


class KindUnlikeCode(Refusal):
    """The credit code belongs to an organisation of another legal form."""

    field = "kind"
    text = "a credit code that begins with {head} is none of the kind {kind} (GB 32100-2015)"


class KnownAlready(Conflict):
    """Somebody else has this number."""

    text = "this {field_name} is registered already"


class AreaUnknown(Refusal):
    """The area is not in this city's tree, or is too large."""

    field = "area_code"
    text = "{area_code} is no county, township or community of this city"


class OrganisationClosed(Conflict):
    """The organisation is not active."""

    field = "organisation_id"
    text = "organisation {organisation_id} is closed"
