"""What is refused about organisations, and why."""

from kit.contracts.refusals import Conflict, Refusal


class WrongCheckCharacter(Refusal):
    """A credit code or ID number was mistyped."""

    text = "the check character of {field_name} is wrong ({norm})"


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
