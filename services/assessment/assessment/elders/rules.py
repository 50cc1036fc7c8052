"""Decides whose file is complete; the nominal sets of an elder's state. Pure."""

from enum import IntEnum


class Sex(IntEnum):
    MALE = 1
    FEMALE = 2


class Living(IntEnum):
    ALONE = 1
    SPOUSE_ONLY = 2
    WITH_FAMILY = 3
    LEFT_BEHIND = 4
    INSTITUTION = 5


class Hardship(IntEnum):
    DIBAO = 1
    TEKUN = 2
    DIBAO_EDGE = 3
    LOW_INCOME = 4
    SEVERELY_HANDICAPPED = 5
    PLANNED_FAMILY_SPECIAL = 6


class Status(IntEnum):
    ALIVE = 1
    DEAD = 2
    MOVED_OUT = 3


def is_complete(
    *,
    id_number: object,
    phone: object,
    address: object,
    contact_name: object,
    contact_phone: object,
) -> bool:
    """True where ID number, address, phone and a contact person (name and phone) are all known."""
    return all((id_number, phone, address, contact_name, contact_phone))
