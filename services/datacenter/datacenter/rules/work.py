"""What applications, assessments, orders, settlements and complaints add to the flows, each in the
month and area where it happened.
"""

from typing import Any

from datacenter.rules.measures import Counts, Limits, Measure

State = dict[str, Any]
Place = tuple[str, int] | list[Any]  # area, month

ELDER, DEATH, MOVED_OUT = (
    1,
    2,
    5,
)  # causes of a cancelled order that are nobody's failure (OrderCancelled.Cause)


def knows_first(thing: State, name: str, place: list[Any]) -> None:
    """Something that happens once; should it be told twice and differ, the lesser stays, in
    whatever order.
    """
    known = thing.get(name)
    if known is None or place < known:
        thing[name] = place


def knows_least(thing: State, name: str, number: int) -> None:
    """A number of which the least counts."""
    known = thing.get(name)
    if known is None or number < known:
        thing[name] = number


def knows_each(thing: State, name: str, entry: list[Any]) -> None:
    """One of several, kept in order of time."""
    known = thing.setdefault(name, [])
    if entry not in known:
        known.append(entry)
        known.sort()


def application_counts(application: State, _: Limits) -> Counts:
    """s: [area, month] of its submission; w: it was withdrawn, or ended by a death or a move before
    there was a result.
    """
    submitted = application.get("s")
    if submitted is None or application.get("w"):
        return {}
    return {(int(Measure.APPLICATIONS_VALID), submitted[0], submitted[1]): 1}


def assessment_counts(assessment: State, _: Limits) -> Counts:
    """d: [area, month, by enough assessors]; x: it was appealed."""
    done = assessment.get("d")
    if done is None:
        return {}
    area, month, *_, paired = done  # what was kept before 2026-11-26 tells more
    counts = {(int(Measure.RESULTS), area, month): 1}
    for measure, counted in (
        (Measure.RESULTS_PAIRED, paired),
        (Measure.RESULTS_APPEALED, assessment.get("x")),
    ):
        if counted:
            counts[measure, area, month] = 1
    return counts


def order_counts(order: State, limits: Limits) -> Counts:
    """p placed, f finished: [area, month]; c cause of its cancellation; l minutes late; u a return
    call is recorded; v a voucher pays.

    o offers [µs, attempt, worker, area, month]; a acceptances [µs, worker]: each belongs to the
    worker's newest offer before it.
    """
    counts: Counts = {}
    placed, finished = order.get("p"), order.get("f")
    if placed is not None and order.get("c") not in (ELDER, DEATH, MOVED_OUT):
        counts[Measure.ORDERS, placed[0], placed[1]] = 1
        if finished is not None:
            counts[Measure.ORDERS_FINISHED, placed[0], placed[1]] = 1
    if finished is not None:
        late, called, funded = order.get("l"), order.get("u"), order.get("v")
        for measure, counted in (
            (Measure.FINISHED, True),
            (Measure.FINISHED_IN_TIME, late is not None and late <= limits.late_min),
            (Measure.FINISHED_FOLLOWED_UP, called),
            (Measure.FINISHED_FUNDED, funded),
            (Measure.FINISHED_FUNDED_FOLLOWED_UP, called and funded),
        ):
            if counted:
                counts[measure, finished[0], finished[1]] = 1
    _offers(counts, order.get("o", ()), order.get("a", ()))
    return counts


def _offers(counts: Counts, offers: Any, acceptances: Any) -> None:
    open_offers = list(offers)
    for _, _, _, area, month in offers:
        counts[Measure.OFFERS, area, month] = counts.get((Measure.OFFERS, area, month), 0) + 1
    for at, worker in acceptances:
        mine = [offer for offer in open_offers if offer[2] == worker and offer[0] <= at]
        if mine:
            open_offers.remove(mine[-1])
            key = (Measure.OFFERS_ACCEPTED, mine[-1][3], mine[-1][4])
            counts[key] = counts.get(key, 0) + 1


def settlement_counts(settlement: State, _: Limits) -> Counts:
    """s: [area, month] of its approval, where a voucher pays; y: an inspector went there."""
    approved = settlement.get("s")
    if approved is None:
        return {}
    counts = {(int(Measure.SETTLED), approved[0], approved[1]): 1}
    if settlement.get("y"):
        counts[Measure.VERIFIED, approved[0], approved[1]] = 1
    return counts


def complaint_counts(complaint: State, _: Limits) -> Counts:
    """i: [area, month] of its filing; k: it was closed in time."""
    filed = complaint.get("i")
    if filed is None:
        return {}
    counts = {(int(Measure.COMPLAINTS), filed[0], filed[1]): 1}
    if complaint.get("k"):
        counts[Measure.COMPLAINTS_IN_TIME, filed[0], filed[1]] = 1
    return counts
