"""What is refused about an item."""

from kit.contracts.refusals import Conflict


class NoSuchItem(Conflict):
    """The catalogue does not hold the item on this day."""

    text = "no item {item_code} can be ordered"
    field = "item_code"
