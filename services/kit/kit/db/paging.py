"""A page of a list: rows in the order of their ids, and where the next page begins."""

from collections.abc import Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy import inspect
from sqlmodel import SQLModel, col
from sqlmodel.sql.expression import SelectOfScalar

from kit.contracts.refusals import NotFound
from kit.db.store import Session

Row = TypeVar("Row", bound=SQLModel)


class Question(Protocol):
    """What asks for a page. limit: rows, 0 for the usual number. after: `next` of the page before,
    empty for the first one.
    """

    limit: int
    after: str


async def page(
    session: Session,
    wanted: SelectOfScalar[Row],
    key: UUID,
    question: Question,
    usual: int,
    *,
    kind: str = "page",
    newest_first: bool = False,
) -> tuple[Sequence[Row], str]:
    """The rows and `next`, empty on the last page; one row more is read to know whether this is the
    last.

    wanted: scoped to the caller. key: the column of the rows' ids. usual: rows where none are asked
    for. kind: what a refusal names. newest_first: against the order of the ids, which begin with
    when they were given. Raises: NotFound where `after` is no id.
    """
    limit = question.limit or usual
    column = col(key)
    name = inspect(column).key
    if question.after:
        last = _id(question.after, kind)
        wanted = wanted.where(column < last if newest_first else column > last)
    order = column.desc() if newest_first else column
    rows = (await session.exec(wanted.order_by(order).limit(limit + 1))).all()
    return rows[:limit], str(getattr(rows[limit - 1], name)) if len(rows) > limit else ""


def _id(after: str, kind: str) -> UUID:
    try:
        return UUID(after)
    except ValueError as error:
        raise NotFound(kind, after, field="after") from error
