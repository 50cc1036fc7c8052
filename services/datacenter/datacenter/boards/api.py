"""gRPC in: boards, and the figures and proofs that a board is made of."""

from pathlib import Path

from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter.boards import queries as boards
from datacenter.counts import queries as counts
from datacenter.counts.flows.renewing import outdated
from datacenter.figures import queries as figures
from datacenter.figures.queries import asked_month
from datacenter.indicators.catalogue import catalogue
from datacenter.proofruns.flows.running import prove
from datacenter.proofs import queries as proofs
from kit.contracts import areas
from kit.contracts.clock import local_day
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Malformed, NotFound
from kit.db.store import Session, Store
from kit.rpc.methods import Call, manages_transactions

MOST = 200_000  # figures in one answer
BEFORE_THE_FIRST = Phrase("lies before month_from", "早于 month_from", key="BEFORE_THE_FIRST")
ABOVE_THE_AREA = Phrase("is above the area's own", "高于该区划自身的级别", key="ABOVE_THE_AREA")
TOO_MANY_FIGURES = Phrase(
    "asks for more than {most} figures at once: take fewer months or a higher level",
    "一次最多查询 {most} 个指标数值：请减少月份或提高级别",
    key="TOO_MANY_FIGURES",
)


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
            asked_month(request.month, "month", local_day(call.now))
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
        area = figures.visible_area(call.caller, request.area_code)
        today = local_day(call.now)
        first = asked_month(request.month_from, "month_from", today)
        last = asked_month(request.month_to, "month_to", today)
        if last < first:
            raise Malformed("month_to", BEFORE_THE_FIRST)
        level = request.level or area.level
        if level < area.level:
            raise Malformed("level", ABOVE_THE_AREA)
        codes = sorted(
            inner.code
            for inner in areas.load().within(area.code)
            if area.level <= inner.level <= level
        )
        if len(codes) * (last - first + 1) * len(catalogue()) > MOST:
            raise Malformed("month_to", TOO_MANY_FIGURES.of(most=MOST))
        today = local_day(call.now)
        counted = await counts.totals(session, call.caller, codes, first, last, today)
        present = await counts.presence(session, call.caller, area.code, first, last)
        known = await figures.sources(session, last)
        late = await counts.late(session, call.caller, codes, first, last)
        rows = figures.figures(codes, range(first, last + 1), counted, present, known, late)
        span = range(first, last + 1)
        await figures.withhold_small(session, call.caller, area.code, span, rows)
        return pb.FigurePage(
            rows=rows, area_code=area.code, counts_outdated=await outdated(session)
        )

    @manages_transactions
    async def Prove(self, request: pb.ProveFigures, store: Store, call: Call) -> pb.Proof:
        """See the contract. A recount that outlasts the caller's deadline is finished all the same,
        and shown on the board.
        """
        area = figures.visible_area(call.caller, request.area_code)
        month = asked_month(request.month, "month", local_day(call.now))
        await prove(store, area.code, month, self._folder)
        async with store.reading() as session:
            proof = await proofs.newest(session, call.caller, area.code, month)
        if proof is None:
            raise NotFound("proof", f"{area.code} {request.month}")
        return proof
