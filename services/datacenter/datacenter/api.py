"""gRPC in: boards, indicators, lineage."""

from pathlib import Path

from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter.flows.limits import catalogue
from datacenter.flows.proving import prove
from datacenter.flows.renewing import outdated
from datacenter.queries import boards, figures, lineage, proofs
from datacenter.rules import months
from kit.contracts import areas
from kit.contracts.clock import local_day
from kit.contracts.refusals import Malformed, NotFound
from kit.db.store import Session, Store
from kit.rpc.methods import Call, manages_transactions

MOST = 200_000  # figures in one answer


def _month(text: str, field: str) -> int:
    month = months.of_text(text)
    if months.text(month) != text:
        raise Malformed(field, "is no month of a year")
    return month


class Boards:
    """The board of an area.

    ends: end offsets of topics and partitions, as far as this process knows them.
    """

    service = "eldercare.datacenter.v1.Boards"

    def __init__(self, ends: boards.Ends = dict) -> None:
        self._ends = ends

    async def Get(self, request: pb.GetBoard, session: Session, call: Call) -> pb.Board:
        """See the contract."""
        if request.month:
            _month(request.month, "month")
        return await boards.board(session, call.caller, request, self._ends)


class Indicators:
    """The catalogue, the figures, and proofs of them.

    folder: where the files of exported days are.
    """

    service = "eldercare.datacenter.v1.Indicators"

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder

    async def List(
        self, request: pb.ListIndicators, session: Session, call: Call
    ) -> pb.IndicatorPage:
        """See the contract."""
        return pb.IndicatorPage(
            rows=[figures.described(indicator) for indicator in catalogue().values()]
        )

    async def Figures(self, request: pb.ListFigures, session: Session, call: Call) -> pb.FigurePage:
        """See the contract."""
        area = boards.area(call.caller, request.area_code)
        first, last = _month(request.month_from, "month_from"), _month(request.month_to, "month_to")
        if last < first:
            raise Malformed("month_to", "lies before month_from")
        level = request.level or area.level
        if level < area.level:
            raise Malformed("level", "is above the area's own")
        codes = sorted(
            inner.code
            for inner in areas.load().within(area.code)
            if area.level <= inner.level <= level
        )
        if len(codes) * (last - first + 1) * len(catalogue()) > MOST:
            raise Malformed(
                "month_to",
                f"asks for more than {MOST} figures at once: take fewer months or a higher level",
            )
        counted = await figures.totals(session, call.caller, codes, first, last)
        present = await figures.presence(session, call.caller, area.code, first, last)
        newest = await figures.watermarks(session, last)
        rows = figures.figures(codes, range(first, last + 1), counted, present, newest)
        return pb.FigurePage(
            rows=rows, area_code=area.code, counts_outdated=await outdated(session)
        )

    @manages_transactions
    async def Prove(self, request: pb.ProveFigures, store: Store, call: Call) -> pb.Proof:
        """See the contract. A recount that outlasts the caller's deadline is finished all the same,
        and shown on the board.
        """
        area, month = boards.area(call.caller, request.area_code), _month(request.month, "month")
        if month > months.of_day(local_day(call.now)):
            raise Malformed("month", "lies in the future")
        await prove(store, area.code, month, self._folder)
        async with store.reading() as session:
            proof = await proofs.newest(session, call.caller, area.code, month)
        if proof is None:
            raise NotFound("proof", f"{area.code} {request.month}")
        return proof


class Lineage:
    """From figures to events."""

    service = "eldercare.datacenter.v1.Lineage"

    async def Trace(self, request: pb.TraceFigure, session: Session, call: Call) -> pb.LineagePage:
        """See the contract."""
        _month(request.month, "month")
        return await lineage.trace(session, call.caller, request)

    async def GetEvent(
        self, request: pb.GetArchivedEvent, session: Session, call: Call
    ) -> pb.ArchivedEvent:
        """See the contract."""
        return await lineage.event(session, call.caller, request)
