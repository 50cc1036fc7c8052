"""Truth against platform: every figure of every area and month that the story touched, and every
account of the ledger by county.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from simulator.client import Gateway
from simulator.http_client import Json
from simulator.truth.counting import Truth
from simulator.truth.figures import LEVELS, Definition, NoTruth, Pair
from simulator.truth.ledger import Ledger
from simulator.world.days import day_of
from simulator.world.geography import COUNTIES, WHOLE_CITY, county_code

AT_THE_END = "at the end"  # an account has a balance, not one by month
SHOWN = 20  # differences
NOTHING: Pair = (0, 0)
Board = dict[tuple[str, str], Pair]  # code, area → a figure
COLUMNS: tuple[tuple[str, Literal["left", "right"]], ...] = (
    ("indicator", "left"),
    ("month", "left"),
    ("truth", "right"),
    ("board", "right"),
    ("equal", "left"),
)


@dataclass(frozen=True)
class Difference:
    """A figure or an account that is not what it should be."""

    code: str
    month: str
    area_code: str
    truth: Pair
    board: Pair


@dataclass
class Comparison:
    """city: (code, month) → truth and board of the whole city."""

    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    city: dict[tuple[str, str], tuple[Pair, Pair]] = field(default_factory=dict)

    def add(self, code: str, month: str, area_code: str, truth: Pair, board: Pair) -> None:
        """Compares one figure with its truth."""
        self.compared += 1
        if area_code == WHOLE_CITY:
            self.city[code, month] = (truth, board)
        if truth != board:
            self.differences.append(Difference(code, month, area_code, truth, board))

    def add_unknown(self, why: NoTruth, month: str, board: Pair) -> None:
        """A figure that has no truth differs in the whole city, whatever the board shows."""
        self.compared += 1
        self.differences.append(Difference(str(why), month, WHOLE_CITY, NOTHING, board))


@dataclass(frozen=True, slots=True)
class Balance:
    """The platform's ledger of an area, fen; accounts: debit less credit."""

    debit_fen: int
    credit_fen: int
    accounts: Mapping[str, int]

    @classmethod
    def read(cls, document: Json) -> "Balance":
        """From the platform's answer."""
        accounts = {
            row["account"]: int(row["debit_fen"]) - int(row["credit_fen"])
            for row in document["accounts"]
        }
        return cls(int(document["debit_fen"]), int(document["credit_fen"]), accounts)


async def compare(
    gateway: Gateway,
    token: str,
    truth: Truth,
    now: datetime,
    months: Sequence[str] | None = None,
) -> Comparison:
    """Asks for what the figures are made of, and the board for all of them, and compares them with
    the truth. now: what the platform's clock shows. months: of these alone.
    """
    result, definitions = Comparison(), await _definitions(gateway, token)
    for month in truth.months() if months is None else months:
        board = await _board(gateway, token, month)
        compare_month(result, month, truth, definitions, board, day_of(now))
    return result


def compare_month(
    result: Comparison,
    month: str,
    truth: Truth,
    definitions: Sequence[Definition],
    board: Board,
    today: date,
) -> None:
    """Compares a month's figures with the truth of a day; a figure that is missing counts as
    nothing of nothing.
    """
    true: Board = {}
    for one in definitions:
        try:
            figures = truth.figure(month, one, today)
        except NoTruth as why:
            result.add_unknown(why, month, board.get((one.code, WHOLE_CITY), NOTHING))
        else:
            true |= {(one.code, area): pair for area, pair in figures.items()}
    for key in sorted(true.keys() | board.keys()):
        code, area = key
        result.add(code, month, area, true.get(key, NOTHING), board.get(key, NOTHING))


async def _definitions(gateway: Gateway, token: str) -> list[Definition]:
    """What the platform's catalogue says that figures are made of."""
    page = await gateway.get(token, "/v1/indicators")
    return [
        Definition(
            row["code"],
            row["numerator_measure"],
            row["denominator_measure"],
            row.get("level"),
            tuple(row.get("area_types", ())),
        )
        for row in page["rows"]
    ]


async def _board(gateway: Gateway, token: str, month: str) -> Board:
    """A month's figures by code and area."""
    board: Board = {}
    for level in LEVELS:
        page = await gateway.get(
            token,
            "/v1/figures",
            area_code=WHOLE_CITY,
            month_from=month,
            month_to=month,
            level=level,
        )
        for row in page["rows"]:
            key = row["code"], row["area_code"]
            board[key] = int(row["numerator"]), int(row["denominator"])
    return board


async def balances(gateway: Gateway, token: str) -> dict[str, Balance]:
    """The ledger of the whole city and of each county, by area code."""
    areas = (WHOLE_CITY, *map(county_code, COUNTIES))
    return {
        area: Balance.read(await gateway.get(token, "/v1/ledger/balance", area_code=area))
        for area in areas
    }


def compare_ledger(result: Comparison, ledger: Ledger, found: Mapping[str, Balance]) -> None:
    """Compares the balance of every account, of each county and of the whole city, with what the
    story moved. found: by area code.
    """
    true: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for account, area, fen in ledger.balances():
        true[area][account] += fen
        true[WHOLE_CITY][account] += fen
    for area in sorted(true.keys() | found.keys()):
        board = found[area].accounts if area in found else {}
        for account in sorted(true[area].keys() | board.keys()):
            code = f"ledger: {account}, fen"
            fen = true[area][account]
            result.add(code, AT_THE_END, area, (fen, 0), (board.get(account, 0), 0))


def show(comparison: Comparison, console: Console) -> None:
    """The table of the whole city, and the first differences anywhere."""
    console.print(_table(comparison))
    for line in differences(comparison):
        console.print(f"[red]{line}[/]")
    equal = comparison.compared - len(comparison.differences)
    line = f"{equal} of {comparison.compared} figures are equal, in every area from city to village"
    console.print(line if not comparison.differences else f"[bold red]{line}[/]")


def differences(comparison: Comparison) -> list[str]:
    """The first ones."""
    return [
        f"{one.code} {one.month} {one.area_code}: truth {_text(one.truth)}, board "
        f"{_text(one.board)}"
        for one in comparison.differences[:SHOWN]
    ]


def _table(comparison: Comparison) -> Table:
    table = Table(title="The city as it is and as the board shows it", header_style="bold")
    for column, side in COLUMNS:
        table.add_column(column, justify=side)
    for (code, month), (truth, board) in sorted(comparison.city.items()):
        equal = "yes" if truth == board else "[bold red]NO[/]"
        table.add_row(code, month, _text(truth), _text(board), equal)
    return table


def write(comparison: Comparison, folder: Path, **also: object) -> None:
    """Writes `comparison.json`."""
    document = {
        "compared": comparison.compared,
        "differences": [asdict(one) for one in comparison.differences],
        **also,
    }
    text = json.dumps(document, ensure_ascii=False, indent=1, default=str)
    (folder / "comparison.json").write_text(text)


def _text(pair: Pair) -> str:
    numerator, denominator = pair
    return f"{numerator} / {denominator}" if denominator else str(numerator)
