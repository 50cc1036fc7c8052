"""What flows stand on beside the session: keys for personal text, the city's areas, the norms' numbers."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from assessment.rules import Limits
from kit.areas import Areas
from kit.personal import Ring
from kit.standards import Standards


@dataclass(frozen=True, slots=True)
class Ground:
    """Built once in `__main__`, passed to every flow and query that needs it."""

    ring: Ring
    areas: Areas
    standards: Standards

    def value(self, name: str, on: date) -> Any:
        """A norm's number on a day. name: file and key, `procedure.publicity_days`."""
        return self.standards.value(name, on=on)

    def limits(self, on: date) -> Limits:
        """The numbers of GB/T 42195-2022 on a day."""
        return Limits(**{name: self.value(f"ability.{name}", on) for name in Limits.__dataclass_fields__})
