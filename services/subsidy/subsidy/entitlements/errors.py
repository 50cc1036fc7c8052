"""What is refused of entitlements."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict


class EntitlementNotOpen(Conflict):
    """Only an open entitlement can be refused: this one was refused before or has ended."""

    text = Phrase(
        "entitlement {entitlement_id} is {state}, not open",
        "待遇 {entitlement_id} 的状态为{state}，不是进行中",
    )


class EntitlementNotRefused(Conflict):
    """Only what was refused can be applied for again, and once: this one is open, has ended, or was
    applied for again before.
    """

    text = Phrase(
        "entitlement {entitlement_id} is {state}: there is no refusal to take back",
        "待遇 {entitlement_id} 的状态为{state}，没有可以撤回的驳回",
    )
