"""Who may see which rows: one decision for lists, search, export, cache and feed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, or_
from sqlalchemy.orm import InstrumentedAttribute

from kit.contracts.refusals import NotFound

AREA_ROLES = frozenset({"official", "hotline", "inspector", "assessor"})
ORGANISATION_ROLES = frozenset({"provider", "worker", "home"})
PERSON_ROLES = frozenset({"elder", "family"})
UNSCOPED_ROLES = frozenset({"operator", "service"})
ROLES = AREA_ROLES | ORGANISATION_ROLES | PERSON_ROLES | UNSCOPED_ROLES

_AREA_DIGITS = 12
_LEVELS = (2, 4, 6, 9, 12)  # province, city, county, town, community

S = TypeVar("S", bound=Select[Any])
Column = ColumnElement[Any] | InstrumentedAttribute[Any] | Any


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as a verified token says it.

    area: 12-digit code, the caller sees what lies in it. client_id: the program that speaks.
    service: one of our own services.
    """

    subject: str
    client_id: str
    roles: frozenset[str]
    area: str | None = None
    organisation_id: str | None = None
    elder_ids: frozenset[str] = frozenset()
    worker_id: str | None = None
    service: bool = False

    @classmethod
    def from_claims(cls, claims: Mapping[str, Any]) -> "Caller":
        """Reads the claims of a verified token; a scope claim that is not well formed counts as
        none.
        """
        roles = frozenset(role for role in claims.get("roles", ()) if role in ROLES)
        area = claims.get("area")
        return cls(
            subject=str(claims["sub"]),
            client_id=str(claims.get("azp") or claims.get("client_id") or claims["sub"]),
            roles=roles,
            area=area if isinstance(area, str) and is_area(area) else None,
            organisation_id=claims.get("organisation_id") or None,
            elder_ids=frozenset(str(elder) for elder in claims.get("elder_ids") or ()),
            worker_id=claims.get("worker_id") or None,
            service="service" in roles,
        )

    def check(
        self,
        *,
        area: str | None = None,
        organisation: object = None,
        person: object = None,
        kind: str | type = "row",
        key: object = None,
    ) -> None:
        """See the function of this name; so a caller is a `kit.db.context.Scope`."""
        check(self, area=area, organisation=organisation, person=person, kind=kind, key=key)


def is_area(code: str) -> bool:
    """True for a 12-digit statistical code."""
    return len(code) == _AREA_DIGITS and code.isascii() and code.isdigit()


def area_prefix(code: str) -> str:
    """The digits that every area inside this one begins with.

    >>> codes = "341100000000 341102000000 341102001000 341102001003".split()
    >>> [area_prefix(code) for code in codes]
    ['3411', '341102', '341102001', '341102001003']
    """
    return next(code[:level] for level in _LEVELS if not code[level:].strip("0"))


def area_range(code: str) -> tuple[str, str]:
    """Least and greatest 12-digit code inside an area, both included: an index answers it in any
    collation.
    """
    prefix = area_prefix(code)
    return prefix.ljust(_AREA_DIGITS, "0"), prefix.ljust(_AREA_DIGITS, "9")


def sees_all(caller: Caller) -> bool:
    """True where no row is hidden from this caller."""
    return not UNSCOPED_ROLES.isdisjoint(caller.roles)


def scope_of(caller: Caller, kind: Literal["area", "organisation", "person"]) -> Any:
    """The caller's own area code, organisation id or elder ids, if one of the roles gives the right
    to use it; else None.
    """
    if kind == "area":
        return caller.area if not AREA_ROLES.isdisjoint(caller.roles) else None
    if kind == "organisation":
        return caller.organisation_id if not ORGANISATION_ROLES.isdisjoint(caller.roles) else None
    return (caller.elder_ids or None) if not PERSON_ROLES.isdisjoint(caller.roles) else None


def scoped(
    select: S,
    caller: Caller,
    *,
    area: Column = None,
    organisation: Column = None,
    person: Column = None,
) -> S:
    """Keeps the rows that this caller may see: the union of what each of the caller's roles sees.

    area, organisation, person: the columns that hold the area code, the organisation's id, the
    elder's id.
    A role without a column it can use sees no row.
    """
    if sees_all(caller):
        return select
    kept: list[ColumnElement[bool]] = []
    if area is not None and (own := scope_of(caller, "area")):
        kept.append(area.between(*area_range(own)))
    if organisation is not None and (own := scope_of(caller, "organisation")):
        kept.append(organisation.in_(_keys(organisation, [own])))
    if person is not None and (own := scope_of(caller, "person")):
        kept.append(person.in_(_keys(person, sorted(own))))
    return select.where(or_(*kept) if kept else false())


def _keys(column: Column, claimed: list[str]) -> list[Any]:
    """What the claims say, in the type of the column; an id of another form is nobody's."""
    if column.type.python_type is not UUID:
        return claimed
    keys = []
    for text in claimed:
        try:
            keys.append(UUID(text))
        except ValueError:
            continue
    return keys


def within(
    caller: Caller, *, area: str | None = None, organisation: object = None, person: object = None
) -> bool:
    """True where a row with these values is one that `scoped` keeps."""
    if sees_all(caller):
        return True
    if area is not None and (own := scope_of(caller, "area")) and area.startswith(area_prefix(own)):
        return True
    if organisation is not None and str(organisation) == scope_of(caller, "organisation"):
        return True
    return person is not None and str(person) in (scope_of(caller, "person") or ())


def check(
    caller: Caller,
    *,
    area: str | None = None,
    organisation: object = None,
    person: object = None,
    kind: str | type = "row",
    key: object = None,
) -> None:
    """Lets a write pass if it stays inside the caller's scope.

    kind, key: what to name in the refusal.
    Raises: NotFound, so that a stranger cannot learn what exists.
    """
    if not within(caller, area=area, organisation=organisation, person=person):
        raise NotFound(kind, key)
