"""Registers organisations."""

from datetime import date

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlalchemy.exc import IntegrityError

from facility import limits
from facility.context import Context
from facility.organisations.errors import (
    AreaUnknown,
    KindUnlikeCode,
    KnownAlready,
    NoAreaOfRegistration,
    NoSuchAuthority,
    WrongCheckCharacter,
)
from facility.organisations.rules import OrganisationKind, OrganisationStatus, kinds_of
from facility.organisations.tables import Organisation
from kit.contracts import areas, ids, numbers, wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security import access
from kit.security.access import Caller


async def register(
    session: Session, command: api.RegisterOrganisation, caller: Caller, context: Context
) -> events.OrganisationRegistered:
    """Makes an organisation known by its credit code; two at once with one code: one is refused."""
    _check_code(command, local_day(session.now))
    check_area(command.area_code, caller, context)
    row = wire.row(
        Organisation,
        command,
        organisation_id=ids.new(),
        registered_at=session.now,
        status=OrganisationStatus.ACTIVE,
    )
    session.add(row)
    event = emit(session, events.OrganisationRegistered(organisation=public(row)), row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KnownAlready(field="credit_code", field_name="credit_code") from error
    return event


def _check_code(command: api.RegisterOrganisation, today: date) -> None:
    code, head = command.credit_code, command.credit_code[:2]
    if not code[2:8].isdigit():
        raise NoAreaOfRegistration
    if not numbers.is_credit_code(code):
        raise WrongCheckCharacter(
            field="credit_code", field_name="credit_code", norm="GB 32100-2015"
        )
    heads = limits.register(today)
    by_kind = {
        OrganisationKind.PUBLIC: heads.public_heads,
        OrganisationKind.PRIVATE_NON_PROFIT: heads.private_non_profit_heads,
        OrganisationKind.ENTERPRISE: heads.enterprise_heads,
    }
    kinds = kinds_of(head, by_kind, heads.heads_of_any_kind)
    if not kinds:
        raise NoSuchAuthority(head=head)
    kind = OrganisationKind(command.kind)
    if kind not in kinds:
        raise KindUnlikeCode(head=head, kind=kind.name)


def check_area(area_code: str, caller: Caller, context: Context) -> None:
    """Refuses an area that is not in the city's tree, is larger than a county, or lies outside the
    caller's.
    """
    level = context.areas.level_of(area_code) or areas.PROVINCE
    if level < areas.COUNTY:
        raise AreaUnknown(area_code=area_code)
    access.check(caller, area=area_code, kind="area", key=area_code)


def public(row: Organisation) -> events.Organisation:
    """The public state."""
    return wire.message(events.Organisation, row)
