"""What is refused of entitlements."""

from kit.contracts.refusals import Conflict


class EntitlementNotOpen(Conflict):
    """Only an open entitlement can be refused: this one was refused before or has ended."""

    text = "entitlement {entitlement_id} is {state}, not open"


class EntitlementNotRefused(Conflict):
    """Only what was refused can be applied for again, and once: this one is open, has ended, or was
    applied for again before.
    """

    text = "entitlement {entitlement_id} is {state}: there is no refusal to take back"
