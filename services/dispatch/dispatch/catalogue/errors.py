"""What is refused about an item."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict


class NoSuchItem(Conflict):
    """The catalogue does not hold the item on this day."""

    text = Phrase("no item {item_code} can be ordered", "没有可预约的服务项目 {item_code}")
    field = "item_code"
