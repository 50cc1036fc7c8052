"""Suspends and resumes an entry of a register, and keeps what was changed."""

from datetime import date
from typing import Protocol
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from google.protobuf.message import Message

from facility.changes.errors import (
    BEFORE_IT_WAS,
    ImpossibleSuspension,
    NothingToChange,
    NotSuspended,
)
from facility.changes.rules import Action
from facility.changes.tables import RegisterChange
from facility.days import ImpossibleDay, day_of
from kit.db.store import Session


class Entry(Protocol):
    """What the registers of organisations and of facilities have in common."""

    version: int
    organisation_id: UUID
    area_code: str
    suspended_from: date | None
    suspended_to: date | None


def suspend(row: Entry, command: api.SuspendOrganisation | api.SuspendFacility) -> None:
    """Writes a suspension, which replaces the former one."""
    first = day_of("suspended_from", command.suspended_from)
    until = None
    if command.HasField("suspended_to"):
        until = day_of("suspended_to", command.suspended_to)
        if until <= first:
            raise ImpossibleSuspension(suspended_from=first, suspended_to=until)
    row.suspended_from, row.suspended_to = first, until


def resume(row: Entry, command: api.ResumeOrganisation | api.ResumeFacility, today: date) -> None:
    """Ends a suspension on a day; one that had not begun then never was.

    Raises: NotSuspended where there is none, or it ends before that day.
    """
    named = command.HasField("resumed_on")
    day = day_of("resumed_on", command.resumed_on) if named else today
    first, until = row.suspended_from, row.suspended_to
    if first is None or (until is not None and until < day):
        raise NotSuspended(day=day)
    if day <= first:
        row.suspended_from = row.suspended_to = None
    else:
        row.suspended_to = day


def closing_day(
    command: api.CloseOrganisation | api.CloseFacility, since: date, today: date
) -> date:
    """The first day on which it is closed. Raises: ImpossibleDay for one before it was there, or
    after today.
    """
    if not command.HasField("closed_on"):
        return today
    closed_on = day_of("closed_on", command.closed_on, latest=today)
    if closed_on < since:
        raise ImpossibleDay(
            field="closed_on", day=command.closed_on, why=BEFORE_IT_WAS.of(since=since)
        )
    return closed_on


def check_names_something(command: Message, key: str) -> None:
    """Refuses a change that names nothing but what it is of, why, and from when."""
    named = {field.name for field, _ in command.ListFields()}
    if named <= {key, "version", "reason", "valid_from"}:
        raise NothingToChange(field=key)


def fill(row: object, command: Message, names: tuple[str, ...]) -> None:
    """Takes the fields over that the command names."""
    for name in names:
        if command.HasField(name):
            setattr(row, name, getattr(command, name))


def record(
    session: Session,
    row: Entry,
    subject_id: UUID,
    action: Action,
    reason: str,
    recorded_by: str,
    before: Message,
    after: Message,
) -> None:
    """Keeps a change that was published, with the state before and after it."""
    session.add(
        RegisterChange(
            subject_id=subject_id,
            version=row.version,
            organisation_id=row.organisation_id,
            area_code=row.area_code,
            action=action.value,
            reason=reason,
            recorded_at=session.now,
            recorded_by=recorded_by,
            before=before.SerializeToString(deterministic=True),
            after=after.SerializeToString(deterministic=True),
        )
    )
