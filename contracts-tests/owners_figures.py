"""Figures of the present month, counted from the tables of those who own the facts: nothing of the
data center's, no event.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from kit.contracts import areas

Query = Callable[..., list[list[Any]]]
Row = tuple[str, int, int]  # area, numerator, denominator
Figures = dict[tuple[str, str], tuple[int, int]]  # code and area of any level from city to village

# code → service and a statement of area, numerator, denominator; `month(column)` is an instant's
# month in Shanghai
SIMPLE = {
    "POP01": ("assessment", "select area_code, count(*), 0 from elder where status = 1 group by 1"),
    "POP05": (
        "assessment",
        "select area_code, count(*) filter (where living in (1, 2)), count(*) from elder "
        "where status = 1 group by 1",
    ),
    "POP06": (
        "assessment",
        "select area_code, count(*) filter (where complete), count(*) from elder where "
        "status = 1 group by 1",
    ),
    # whoever waits is not counted yet: a month that began lately knows no application of which the
    # 15 working days have passed
    "AS04": (
        "assessment",
        "select a.area_code, count(*) filter (where r.working_days <= 15), count(*) from "
        "application a"
        " join assessment r using (application_id)"
        " where a.state <> 6 and {month} = month(a.submitted_at) group by 1",
    ),
    "AS07": (
        "assessment",
        "select area_code, count(*) filter (where cardinality(assessor_ids) >= 2), "
        "count(*) from assessment"
        " where {month} = month(completed_at) group by 1",
    ),
    "AS03": (
        "assessment",
        "select e.area_code, count(*) filter (where a.level >= 2), count(*) from assessment a"
        " join elder e using (elder_id) where a.state = 2 and e.status = 1 group by 1",
    ),
    "DC02": (
        "assessment",
        "select area_code, count(*) filter (where channel in (1, 3)), count(*) from application"
        " where channel <> 5 and {month} = month(submitted_at) group by 1",
    ),
    "DC02_HOTLINE": (
        "assessment",
        "select area_code, count(*) filter (where channel = 2), count(*) from application"
        " where channel <> 5 and {month} = month(submitted_at) group by 1",
    ),
    "SU05": (
        "subsidy",
        "select area_code, sum(captured_fen)::bigint, sum(issued_fen)::bigint from voucher"
        " where month = {month} group by 1",
    ),
    "SU06": (
        "subsidy",
        "select area_code, count(*) filter (where paid_on <= due_on), count(*) from payment"
        " where to_char(paid_on, 'YYYY-MM') = {month} group by 1",
    ),
    "FA08": (
        "facility",
        "select area_code, sum(nursing_beds)::bigint, sum(beds)::bigint from facility"
        " where status = 1 group by 1",
    ),
    "FA11": (
        "facility",
        "select area_code, sum(beds) filter (where operation in (2, 3))::bigint, "
        "sum(beds)::bigint from facility"
        " where status = 1 group by 1",
    ),
    "SU09": (
        "supervision",
        "select area_code, count(*) filter (where verified), count(*) from settlement"
        " where state = 2 and voucher_fen > 0 and {month} = month(judged_at) group by 1",
    ),
    "DI02": (
        "dispatch",
        "select area_code, count(*) filter (where checked_in_at <= wanted_to + interval "
        "'15 minutes'),"
        " count(*) from visit_order where state = 6 and {month} = month(checked_out_at) group by 1",
    ),
}
_MONTH_OF = "to_char({instant} at time zone 'Asia/Shanghai', 'YYYY-MM')"
_BEDS = "select area_code, sum(beds)::bigint from facility where status = 1 group by 1"
_STAYS = "select area_code, count(*) from stay where ended_on is null group by 1"
_ELDERS = "select area_code, count(*) from elder where status = 1 group by 1"
_DEPENDENT = """
select e.elder_id, e.area_code from assessment a join elder e using (elder_id)
where a.state = 2 and e.status = 1 and a.level >= 2"""
_VOUCHED = "select distinct elder_id from voucher where month = {month}"


def figures(query: Query, month: str) -> Figures:
    """month: `YYYY-MM`, the present one. query: rows of statements on a service's own database."""
    rows: dict[str, list[Row]] = {}
    for code, (service, statement) in SIMPLE.items():
        rows[code] = [
            (area, int(one or 0), int(other or 0))
            for area, one, other in query(service, _filled(statement, month))[0]
        ]
    beds, stays = query("facility", _BEDS, _STAYS)
    elders, dependent = query("assessment", _ELDERS, _DEPENDENT)
    (vouched,) = query("subsidy", _filled(_VOUCHED, month))
    have = {row[0] for row in vouched}
    rows["FA07"] = [(area, count, 0) for area, count in beds] + [
        (area, 0, count) for area, count in elders
    ]
    rows["FA09"] = [(area, count, 0) for area, count in stays] + [
        (area, 0, count) for area, count in beds
    ]
    rows["SU04"] = [(area, int(elder in have), 1) for elder, area in dependent]
    return {key: (pair[0], pair[1]) for key, pair in _rolled(rows)}


def shown(rows: list[dict[str, Any]], codes: set[str]) -> Figures:
    """The same figures as the board answers them; those of nothing left out."""
    figures = {
        (row["code"], row["area_code"]): (int(row["numerator"]), int(row["denominator"]))
        for row in rows
        if row["code"] in codes
    }
    return {key: pair for key, pair in figures.items() if pair != (0, 0)}


def _rolled(rows: dict[str, list[Row]]) -> Iterator[tuple[tuple[str, str], list[int]]]:
    total: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for code, counted in rows.items():
        for area, one, other in counted:
            for level in range(areas.CITY, areas.level(area) + 1):
                pair = total[code, areas.at(area, level)]
                pair[0] += one
                pair[1] += other
    yield from ((key, pair) for key, pair in total.items() if pair != [0, 0])


def _filled(statement: str, month: str) -> str:
    spelled = re.sub(
        r"month\(([\w.]+)\)", lambda found: _MONTH_OF.format(instant=found.group(1)), statement
    )
    return spelled.format(month=f"'{month}'")
