"""One number, table or text of a norm, with all that makes it one."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar, cast

from kit.contracts.decoding import WrongType, decoded

_SPANS = {
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "day": timedelta(days=1),
}

Value = TypeVar("Value")


class Unfounded(ValueError):
    """A standards file holds a number without what makes it one: meaning, unit, source, confidence,
    date.
    """


class NoStandard(LookupError):
    """Nothing is known under this path, or nothing that is in force on this day, or the deployment
    has not given it.
    """


@dataclass(frozen=True, slots=True)
class Standard:
    """One number, table or text of a norm. values: (first day in force, value), oldest first."""

    path: str
    meaning: str
    unit: str
    source: str
    confidence: str
    clause: str = ""
    note: str = ""
    values: tuple[tuple[date, object], ...] = ()

    @property
    def required(self) -> bool:
        """True where a deployment has to give the value and has not."""
        return not self.values

    def read(self, kind: type[Value], day: date) -> Value:
        """The value in force on a policy day, in this type (kit.contracts.decoding); a span of time
        in the standard's unit.

        Raises: NoStandard; Unfounded where the value is of another type, or a span of time has a
        unit that is none.
        """
        value = self.on(day)
        try:
            if kind is timedelta:
                return cast(Value, self._unit_of_time() * decoded(float, value, self.path))
            return decoded(kind, value, self.path)
        except WrongType as error:
            raise Unfounded(str(error)) from error

    def on(self, day: date) -> object:
        """The value in force on a policy day, as YAML has it. Raises: NoStandard."""
        for first, value in reversed(self.values):
            if first <= day:
                return value
        if self.required:
            raise NoStandard(
                f"{self.path}: {self.meaning} ({self.unit}) must be given by the "
                f"deployment; {self.source} does not state it"
            )
        raise NoStandard(
            f"{self.path}: nothing is in force on {day}; the first value is of {self.values[0][0]}"
        )

    def _unit_of_time(self) -> timedelta:
        if self.unit not in _SPANS:
            raise Unfounded(f"{self.path}: {self.unit} is no unit of time")
        return _SPANS[self.unit]
