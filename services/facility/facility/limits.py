"""The numbers of `standards/` in force on a policy day."""

from dataclasses import dataclass

from kit.contracts import standards


@dataclass(frozen=True, slots=True)
class Staffing:
    """The numbers of standards/staffing.yaml on a day.

    care_classes: by ability level. persons_per_caregiver: residents, by care class.
    """

    care_classes: tuple[int, ...]
    persons_per_caregiver: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """The numbers of standards/register.yaml on a day: ages of a worker in years; heads of credit
    codes (authority and class) by the kind of organisation that they tell.
    """

    least_working_age: int
    greatest_age: int
    public_heads: tuple[str, ...]
    private_non_profit_heads: tuple[str, ...]
    enterprise_heads: tuple[str, ...]
    heads_of_any_kind: tuple[str, ...]


staffing = standards.read("facility", Staffing, file="staffing")
register = standards.read("facility", Register, file="register")
