"""What the lists of this service share: the filter by area, and a page of messages."""

from typing import Literal, Protocol, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import ColumnElement
from sqlmodel import SQLModel, col
from sqlmodel.sql.expression import SelectOfScalar

from kit.contracts import wire
from kit.db.paging import Question, page
from kit.db.store import Session
from kit.security import access

PAGE = 100  # rows, where the caller names no limit
AFTER = "page after"  # what the refusal of a wrong `after` names: callers know it

Row = TypeVar("Row", bound=SQLModel)
Kind = TypeVar("Kind", bound=Message)


class AreaRequest(Protocol):
    """What asks for rows inside an area; absent: of every area."""

    area_code: str

    def HasField(self, field_name: Literal["area_code"], /) -> bool: ...


def in_area(request: AreaRequest, column: str) -> list[ColumnElement[bool]]:
    """The filter by the area that a request names. column: the table's `area_code`."""
    if not request.HasField("area_code"):
        return []
    least, greatest = access.area_range(request.area_code)
    return [col(column).between(least, greatest)]


async def page_of(
    session: Session, kind: type[Kind], wanted: SelectOfScalar[Row], key: UUID, request: Question
) -> tuple[list[Kind], str]:
    """A page of rows as messages in the order of `key`, and `next`.

    wanted: scoped to the caller. key: the column of the rows' ids. Raises: NotFound where `after`
    is no id.
    """
    rows, last = await page(session, wanted, key, request, PAGE, kind=AFTER)
    return [wire.message(kind, row) for row in rows], last
