"""What is refused of entitlements."""

from kit.contracts.refusals import Conflict


class EntitlementNotOpen(Conflict):
    """Only an open entitlement can be refused: this one was refused before or has ended."""

    text = "entitlement {entitlement_id} is {state}, not open"
