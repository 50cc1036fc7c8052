"""Who may see which rows: one decision for lists, search, export, cache and feed."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_
from sqlalchemy.orm import QueryableAttribute

from kit.contracts import texts
from kit.contracts.refusals import NotFound

AREA_ROLES = frozenset({"official", "hotline", "inspector", "assessor", "monitor"})
ORGANISATION_ROLES = frozenset({"provider", "worker", "home"})
PERSON_ROLES = frozenset({"elder", "family"})
UNSCOPED_ROLES = frozenset({"operator", "service"})
ROLES = AREA_ROLES | ORGANISATION_ROLES | PERSON_ROLES | UNSCOPED_ROLES

NAME_MOST = 255  # characters of `sub` (OpenID Connect Core 1.0, section 2) and of a client's id
_AREA_DIGITS = 12
_LEVELS = (2, 4, 6, 9, 12)  # province, city, county, town, community


class Filterable(Protocol):
    """A SELECT of whatever columns."""

    def where(self, *conditions: ColumnElement[bool]) -> Self:
        """The same, of the rows that fulfil these too."""


S = TypeVar("S", bound=Filterable)


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
    def from_claims(cls, claims: Mapping[str, object]) -> "Caller":
        """Reads the claims of a verified token; a scope claim that is not well formed counts as
        none.

        Raises: TypeError, ValueError, where it does not tell who speaks and in which roles.
        """
        roles = frozenset(
            role for role in _listed(claims.get("roles", ()), "roles") if role in ROLES
        )
        area = claims.get("area")
        return cls(
            subject=_name(claims["sub"]),
            client_id=_name(claims.get("azp") or claims.get("client_id") or claims["sub"]),
            roles=roles,
            area=area if isinstance(area, str) and is_area(area) else None,
            organisation_id=_id(claims.get("organisation_id")),
            elder_ids=frozenset(
                elder
                for claimed in _listed(claims.get("elder_ids") or (), "elder_ids")
                if (elder := _id(claimed))
            ),
            worker_id=_id(claims.get("worker_id")),
            service="service" in roles,
        )

    def acting_as(self, roles: Collection[str]) -> "Caller":
        """The same person in those of these roles alone that are the person's. A role comes with
        its scope: one that does not admit a call must not widen what the call reaches.
        """
        return replace(self, roles=self.roles.intersection(roles))

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


NOBODY = Caller("nobody", "nobody", frozenset())  # who asks without a token for what is public


def has_interest(caller: Caller, *, organisation: object = None, person: object = None) -> bool:
    """Whether the caller belongs to the organisation, or speaks for the person, that a decision is
    about: whoever has both a role that decides and one of those concerned does not decide.

    >>> li = Caller("li", "portal", frozenset(), organisation_id="f", elder_ids=frozenset({"e"}))
    >>> has_interest(li, organisation="f"), has_interest(li, person="e"), has_interest(li)
    (True, True, False)
    """
    own = caller.organisation_id is not None and caller.organisation_id == str(organisation)
    return own or str(person) in caller.elder_ids


def _listed(claim: object, name: str) -> Iterable[str]:
    if not isinstance(claim, Iterable):
        raise TypeError(f"{name} is no list")
    return claim


def _name(claim: object) -> str:
    """Who speaks: it is stored with what is done, so that it is a text like every other."""
    name = str(claim)
    if len(name) > NAME_MOST or texts.fault(name):
        raise ValueError("the name of who speaks is no text that can be stored")
    return name


def _id(claim: object) -> str | None:
    """An id as rows bear it: a claim of another form names nobody."""
    try:
        return str(UUID(claim)) if isinstance(claim, str) else None
    except ValueError:
        return None


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


def area_of(caller: Caller) -> str | None:
    """The caller's own area code, if one of the roles gives the right to use it."""
    return None if AREA_ROLES.isdisjoint(caller.roles) else caller.area


def organisation_of(caller: Caller) -> str | None:
    """The id of the caller's own organisation, if one of the roles gives the right to use it."""
    return None if ORGANISATION_ROLES.isdisjoint(caller.roles) else caller.organisation_id


def is_worker_alone(caller: Caller) -> bool:
    """True for a worker who sees of the organisation only what is the worker's own."""
    return caller.roles & ORGANISATION_ROLES == {"worker"}


def elders_of(caller: Caller) -> frozenset[str]:
    """Ids of the elders for whom the caller speaks, if one of the roles gives the right to."""
    return frozenset() if PERSON_ROLES.isdisjoint(caller.roles) else caller.elder_ids


def scoped(
    select: S,
    caller: Caller,
    *,
    area: object = None,
    organisation: object = None,
    person: object = None,
    worker: object = None,
) -> S:
    """Keeps the rows that this caller may see: the union of what each of the caller's roles sees.

    area, organisation, person: the columns that hold the area code, the organisation's id, the
    elder's id; an attribute of a table counts as its column. worker: the column that holds the
    worker's id, where workers see of their organisation's rows only their own.
    A role without a column it can use sees no row.
    Raises: TypeError for what is no column.
    """
    if sees_all(caller):
        return select
    kept: list[ColumnElement[bool]] = []
    if area is not None and (own_area := area_of(caller)):
        kept.append(_column(area).between(*area_range(own_area)))
    if organisation is not None and (own := organisation_of(caller)):
        is_own = _is_one_of(_column(organisation), [own])
        if worker is not None and is_worker_alone(caller):
            mine = [caller.worker_id] if caller.worker_id else []
            is_own = and_(is_own, _is_one_of(_column(worker), mine))
        kept.append(is_own)
    if person is not None and (elders := elders_of(caller)):
        kept.append(_is_one_of(_column(person), sorted(elders)))
    return select.where(or_(*kept) if kept else false())


def _column(given: object) -> ColumnElement[object]:
    # an attribute of a table has the type of its values for a type checker
    column = given.expression if isinstance(given, QueryableAttribute) else given
    if not isinstance(column, ColumnElement):
        raise TypeError(f"{given!r} is no column")
    return column


def _is_one_of(column: ColumnElement[object], claimed: list[str]) -> ColumnElement[bool]:
    """Compares with claims in the type of the column; an id of another form is nobody's."""
    if column.type.python_type is not UUID:
        return column.in_(claimed)
    keys = []
    for text in claimed:
        try:
            keys.append(UUID(text))
        except ValueError:
            continue
    return column.in_(keys)


def within(
    caller: Caller, *, area: str | None = None, organisation: object = None, person: object = None
) -> bool:
    """True where a row with these values is one that `scoped` keeps."""
    if sees_all(caller):
        return True
    own = area_of(caller)
    if area is not None and own and area.startswith(area_prefix(own)):
        return True
    if organisation is not None and str(organisation) == organisation_of(caller):
        return True
    return person is not None and str(person) in elders_of(caller)


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
