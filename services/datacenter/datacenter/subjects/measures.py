"""What is counted. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Measure:
    """What is counted."""

    name: str
    meaning: str
    is_stock: bool

    @property
    def column(self) -> str:
        """Its column in the table of counts."""
        return self.name.lower()


Key = tuple[Measure, str, int]  # measure, area code, month
Counts = dict[Key, int]
Count = tuple[Measure, str, int, int]  # measure, area code, month, amount
