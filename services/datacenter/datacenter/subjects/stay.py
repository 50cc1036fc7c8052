"""A stay: an elder lives in a bed."""

from collections.abc import Sequence
from typing import Annotated

from eldercare.facility.v1 import events_pb2 as facility

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.groups import Occurrence
from datacenter.subjects.merges import first, least


class Stay(State):
    """What is known of a stay."""

    begun: Annotated[Occurrence | None, first, "area, and month of the first day"] = None
    ended_month: Annotated[int | None, least, "month of the first day without the elder"] = None


stay = Subject("stay", 8, Stay)


@stay.on(facility.StayBegan, id="stay_id")
def _began(event: facility.StayBegan, _: When, __: Limits) -> Stay:
    return Stay(begun=Occurrence(event.area_code, months.of_text(event.began_on)))


@stay.on(facility.StayEnded, id="stay_id")
def _ended(event: facility.StayEnded, _: When, __: Limits) -> Stay:
    return Stay(ended_month=months.of_text(event.ended_on))


def _turns(stay: Stay, _: Limits) -> Sequence[int]:
    if stay.begun is None:
        return ()
    begun, ended = stay.begun.month, stay.ended_month
    return (begun,) if ended is None else (begun, max(begun, ended))


def _going_on(stay: Stay, month: int, _: Limits) -> Occurrence | None:
    begun, ended = stay.begun, stay.ended_month
    if begun is None or month < begun.month:
        return None
    return begun if ended is None or month < ended else None


stay.stocks(_turns, _going_on).measure("STAYS", "begun and not ended")
