"""What callers read of vouchers: only rows that the caller may see."""

from uuid import UUID

from eldercare.subsidy.v1 import api_pb2 as pb
from sqlmodel import col, select

from kit.db.store import Session
from kit.security.access import Caller, scoped
from subsidy.listing import in_area, page_of
from subsidy.vouchers.tables import Voucher


async def vouchers(session: Session, request: pb.ListVouchers, caller: Caller) -> pb.VoucherPage:
    """A page of vouchers in the order of their ids."""
    wanted = scoped(select(Voucher), caller, area=Voucher.area_code, person=Voucher.elder_id)
    wanted = wanted.where(*in_area(request, Voucher.area_code))
    if request.HasField("elder_id"):
        wanted = wanted.where(col(Voucher.elder_id) == UUID(request.elder_id))
    if request.HasField("month"):
        wanted = wanted.where(col(Voucher.month) == request.month)
    rows, last = await page_of(session, pb.Voucher, wanted, Voucher.voucher_id, request)
    return pb.VoucherPage(rows=rows, next=last)
