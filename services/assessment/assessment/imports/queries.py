"""Selects → replies; lists begin with the caller's scope."""

from collections.abc import Sequence
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from sqlmodel import col, select

from assessment.context import PAGE
from assessment.imports.tables import Import, ImportFailure
from kit.contracts import wire
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller

ERRORS_SHOWN = 100  # of an import; the file of failed rows has all


async def imports(session: Session, question: api.ListImports, caller: Caller) -> api.ImportPage:
    """A page of the imports of the caller's area, the newest first."""
    wanted = access.scoped(select(Import), caller, area=Import.area_code)
    if question.HasField("state"):
        wanted = wanted.where(col(Import.state) == question.state)
    rows, then = await page(session, wanted, Import.import_id, question, PAGE, newest_first=True)
    return api.ImportPage(
        rows=[wire.message(api.Import, row, errors=()) for row in rows], next=then
    )


async def import_(session: Session, question: api.GetImport, caller: Caller) -> api.Import:
    """How far an import is, with its first errors."""
    return await progress(session, await import_row(session, question, caller), caller)


async def import_row(session: Session, question: api.GetImport, caller: Caller) -> Import:
    """One import's row."""
    return await session.get_seen(Import, UUID(question.import_id), caller, area="area_code")


async def progress(session: Session, row: Import, caller: Caller) -> api.Import:
    """How far an import is, with its first errors."""
    refused: Sequence[ImportFailure] = []
    if row.failed:
        refused = await failures(session, row.import_id, caller, ERRORS_SHOWN)
    errors = [
        api.RowError(line=failure.line, field=field, rule=rule, text=text, text_zh="".join(zh))
        for failure in refused
        for field, rule, text, *zh in failure.errors
    ]
    return wire.message(api.Import, row, errors=errors[:ERRORS_SHOWN])


async def failures(
    session: Session, import_id: UUID, caller: Caller, most: int | None = None
) -> Sequence[ImportFailure]:
    """The refused rows of an import in the order of the file."""
    wanted = access.scoped(select(ImportFailure), caller, area=Import.area_code)
    wanted = wanted.join(Import, col(Import.import_id) == ImportFailure.import_id)
    wanted = wanted.where(ImportFailure.import_id == import_id)
    wanted = wanted.order_by(col(ImportFailure.line)).limit(most)
    return (await session.exec(wanted)).all()
