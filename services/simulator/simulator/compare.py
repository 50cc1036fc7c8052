"""Truth against platform: every figure of every area and month that the story touched, and every
account of the ledger by county.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from simulator.client import Gateway
from simulator.ledger import Ledger
from simulator.people import COUNTIES
from simulator.truth import LEVELS, Truth

CITY = "341100000000"
AT_THE_END = "at the end"  # an account has a balance, not one by month


@dataclass(frozen=True)
class Difference:
    """A figure or an account that is not what it should be; pairs of numerator and denominator, of
    fen and 0 for an account.
    """

    code: str
    month: str
    area_code: str
    truth: tuple[int, int]
    board: tuple[int, int]


@dataclass
class Comparison:
    """city: (code, month) → truth and board of the whole city."""

    compared: int
    differences: list[Difference]
    city: dict[tuple[str, str], tuple[tuple[int, int], tuple[int, int]]]

    def lay(
        self, code: str, month: str, area_code: str, wanted: tuple[int, int], shown: tuple[int, int]
    ) -> None:
        """Lays one figure beside its truth."""
        self.compared += 1
        if area_code == CITY:
            self.city[code, month] = (wanted, shown)
        if wanted != shown:
            self.differences.append(Difference(code, month, area_code, wanted, shown))


async def compare(gateway: Gateway, token: str, truth: Truth) -> Comparison:
    """Asks the board for all its figures and lays them beside the truth; a figure that is missing
    counts as nothing of nothing.
    """
    result = Comparison(0, [], {})
    for month in truth.months():
        board: dict[tuple[str, str], tuple[int, int]] = {}
        for level in LEVELS:
            page = await gateway.get(
                token, "/v1/figures", area_code=CITY, month_from=month, month_to=month, level=level
            )
            board |= {
                (row["code"], row["area_code"]): (int(row["numerator"]), int(row["denominator"]))
                for row in page["rows"]
            }
        true = {
            (code, area): (numerator, denominator)
            for code, area, numerator, denominator in truth.figures(month)
        }
        for key in sorted(true.keys() | board.keys()):
            result.lay(key[0], month, key[1], true.get(key, (0, 0)), board.get(key, (0, 0)))
    return result


async def balances(gateway: Gateway, token: str) -> dict[str, dict[str, Any]]:
    """What the ledger says of the whole city and of each county, by area code."""
    areas = (CITY, *(f"{county}000000" for county in COUNTIES))
    return {area: await gateway.get(token, "/v1/ledger/balance", area_code=area) for area in areas}


def lay_ledger(result: Comparison, ledger: Ledger, told: Mapping[str, dict[str, Any]]) -> None:
    """Lays the balance of every account, of each county and of the whole city, beside what the
    story moved. told: by area code.
    """
    true: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for account, area, fen in ledger.balances():
        true[area][account] += fen
        true[CITY][account] += fen
    for area in sorted(true.keys() | told.keys()):
        accounts = told.get(area, {}).get("accounts", ())
        shown = Counter(
            {one["account"]: int(one["debit_fen"]) - int(one["credit_fen"]) for one in accounts}
        )
        for account in sorted(true[area].keys() | shown.keys()):
            result.lay(
                f"ledger: {account}, fen",
                AT_THE_END,
                area,
                (true[area][account], 0),
                (shown[account], 0),
            )


def show(comparison: Comparison, console: Console) -> None:
    """The table of the whole city, and the first differences anywhere."""
    table = Table(title="The city as it is and as the board shows it", header_style="bold")
    for column, side in (
        ("indicator", "left"),
        ("month", "left"),
        ("truth", "right"),
        ("board", "right"),
        ("equal", "left"),
    ):
        table.add_column(column, justify=side)  # type: ignore[arg-type]
    for (code, month), (wanted, shown) in sorted(comparison.city.items()):
        table.add_row(
            code,
            month,
            _pair(wanted),
            _pair(shown),
            "yes" if wanted == shown else "[bold red]NO[/]",
        )
    console.print(table)
    for one in comparison.differences[:20]:
        console.print(
            f"[red]{one.code} {one.month} {one.area_code}: truth {_pair(one.truth)}, board "
            f"{_pair(one.board)}[/]"
        )
    equal = comparison.compared - len(comparison.differences)
    areas = (
        f"{equal} of {comparison.compared} figures are equal, in every area from city to village"
    )
    console.print(areas if not comparison.differences else f"[bold red]{areas}[/]")


def keep(comparison: Comparison, folder: Path, **also: object) -> None:
    """Writes `comparison.json`."""
    document = {
        "compared": comparison.compared,
        "differences": [asdict(one) for one in comparison.differences],
        **also,
    }
    (folder / "comparison.json").write_text(
        json.dumps(document, ensure_ascii=False, indent=1, default=str)
    )


def _pair(pair: tuple[int, int]) -> str:
    numerator, denominator = pair
    return f"{numerator} / {denominator}" if denominator else str(numerator)
