"""The rules by which the portal judges and draws, run as they are by the Node.js of the build."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PORTAL = ROOT / "services/portal/src"


def run(file: str, expression: str, **given: object) -> Any:
    """The value of an expression over what a file exports (`it`) and what is given."""
    program = (
        f"const it = await import({json.dumps((PORTAL / file).as_uri())});"
        f"const given = {json.dumps(given)};"
        f"console.log(JSON.stringify({expression}))"
    )
    node = Path(sys.executable).parent / "node"
    command = [str(node), "--no-warnings", "--input-type=module", "--eval", program]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize(
    ("values", "unit", "least"),
    [
        ([3.333, 3.351, 3.34], "%", 10),
        ([99.7, 99.9, 100], "%", 10),
        ([0, 0], "%", 10),
        ([4_000, 4_003], "count", 800),
        ([0], "count", 1),
        ([27.7, 27.71], "per 1000", 5),
    ],
)
def test_an_axis_makes_no_collapse_of_nothing(values: list[float], unit: str, least: float) -> None:
    ends = run("board/axis.ts", "it.axisRange(given.values, given.unit)", values=values, unit=unit)

    assert ends["max"] - ends["min"] >= least
    assert 0 <= ends["min"] <= min(values) <= max(values) <= ends["max"]
    assert unit != "%" or ends["max"] <= 100


def test_an_axis_holds_every_value_and_the_target() -> None:
    ends = run(
        "board/axis.ts", "it.axisRange(given.values, given.unit)", values=[3, 40, 95], unit="%"
    )

    assert ends["min"] <= 3
    assert ends["max"] >= 95


@pytest.mark.parametrize(
    ("figure", "target", "status"),
    [
        ({"value": 96, "open_to": ""}, 95, "good"),
        ({"value": 93, "open_to": ""}, 95, "near"),
        ({"value": 50, "open_to": ""}, 95, "bad"),
        ({"value": 50, "open_to": "2026-04-30"}, 95, "open"),
        ({"value": 96, "open_to": "2026-04-30"}, 95, "open"),
        ({"value": 50, "open_to": ""}, None, "watch"),
        ({"open_to": ""}, 95, "none"),
        ({"value": 0, "open_to": ""}, 1, "bad"),  # nothing of one percent is not near it
    ],
)
def test_a_figure_is_judged_when_all_is_due(
    figure: dict[str, object], target: float | None, status: str
) -> None:
    aim = {} if target is None else {"target": target, "target_sense": "at least"}

    found = run("board/judging.ts", "it.statusOf(given.figure, given.aim)", figure=figure, aim=aim)

    assert found == status


@pytest.mark.parametrize(
    ("value", "status"), [(0.1, "good"), (0.104, "near"), (2, "bad"), (5, "bad")]
)
def test_what_is_near_a_small_target_is_nearer_than_to_a_large_one(
    value: float, status: str
) -> None:
    aim = {"target": 0.1, "target_sense": "at most"}

    found = run(
        "board/judging.ts",
        "it.statusOf(given.figure, given.aim)",
        figure={"value": value, "open_to": ""},
        aim=aim,
    )

    assert found == status


@pytest.mark.parametrize(
    ("value", "target", "decimals"),
    [
        (99.96, 100, 2),
        (99.9996, 100, 3),
        (100, 100, 1),
        (94.96, 95, 2),
        (0.14, 0.1, 2),
        (3, None, 1),
    ],
)
def test_a_value_that_misses_its_target_is_not_written_as_one_that_reaches_it(
    value: float, target: float | None, decimals: int
) -> None:
    aim = {} if target is None else {"target": target, "target_sense": "at least"}

    found = run("board/judging.ts", "it.decimalsOf(given.value, given.aim)", value=value, aim=aim)

    assert found == decimals


def test_every_status_has_a_shape_and_a_colour_of_its_own() -> None:
    marks, colours = run("board/judging.ts", "[Object.values(it.MARKS), Object.values(it.COLOURS)]")

    assert len(set(marks)) == len(marks) == len(set(colours)) == len(colours) == 6


def luminance(colour: str) -> float:
    """Relative, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_status_can_be_read_on_every_background_of_the_board() -> None:
    inks = run("board/judging.ts", "Object.values(it.INKS)")
    style = (PORTAL / "board/board.css").read_text()
    darkest = r"(?:--back|--panel|background): (#[01][0-9a-f]{5})"
    backgrounds = set(re.findall(darkest, style)) | {"#1c2946"}  # of a row that is chosen

    assert len(backgrounds) > 2
    contrasts = {
        (ink, background): (luminance(ink) + 0.05) / (luminance(background) + 0.05)
        for ink in inks
        for background in backgrounds
    }
    assert {pair: ratio for pair, ratio in contrasts.items() if ratio < 4.5} == {}


def test_money_is_written_in_yuan() -> None:
    written = run(
        "board/amounts.ts",
        "[it.formatAmount('123456789', 'fen', 'zh'), it.formatAmount(5, 'fen', 'en'),"
        " it.formatAmount('123456789', 'count', 'zh')]",
    )

    assert written == ["1,234,567.89元", "0.05 yuan", "123,456,789"]


def test_yuan_are_sent_in_fen_without_floating_point() -> None:
    typed = ["0.29", "12.5", " 7 ", "999999999999.99", "0.005", "1e3", "-1", "", "1,000"]

    sent, shown = run(
        "work/amounts.ts",
        "[given.typed.map(it.fenOf), ['5', '1250', 99999999999999, undefined].map(it.yuanOf)]",
        typed=typed,
    )

    assert sent == ["29", "1250", "700", "99999999999999", "", "", "", "", ""]
    assert shown == ["0.05", "12.50", "999999999999.99", "0.00"]


@pytest.mark.parametrize("located", [True, False])
@pytest.mark.parametrize(
    "elders", [[500, 400, 300], [90_000, 20, 3, 0], [1] * 5, [100_000, *range(1, 60)]]
)
@pytest.mark.parametrize("size", [(280, 280), (640, 420), (1800, 430)])
def test_areas_are_as_large_as_their_elders_are_many_or_the_legend_names_the_least(
    elders: list[int], located: bool, size: tuple[int, int]
) -> None:
    parts = [
        {
            "area": {
                "elders": str(count),
                "lon": 118 + place / 10 if located else 0,
                "lat": 32 + place / 20 if located else 0,
            }
        }
        for place, count in enumerate(elders)
    ]

    squares, least = run(
        "board/squares.ts",
        "(squares => [squares.map(({side, part}) => [side, Number(part.area.elders)]),"
        " it.drawnAtLeastSize(squares)])(it.layOut(given.parts, ...given.size))",
        parts=parts,
        size=size,
    )

    side, most = max(squares, key=lambda square: square[1])
    for drawn, count in squares:
        if count >= least:
            assert drawn == pytest.approx(side * (count / max(1, most)) ** 0.5, rel=0.02)
        else:
            assert drawn > side * (count / most) ** 0.5


ASKED = """
await (async () => {
  let signed = 0
  const ask = it.asking(async () => `token ${++signed}`)
  const refused = new Set(given.refused)
  const answers = []
  for (let round = 0; round < given.rounds; round++)
    answers.push(await ask(async token => {
      if (refused.has(token)) throw Object.assign(new Error("refused"), { status: 401 })
      return token
    }).catch(cause => cause.message))
  return { answers, signed }
})()"""


@pytest.mark.parametrize(
    ("refused", "answers", "signed"),
    [
        ([], ["token 1", "token 1", "token 1"], 1),
        (["token 1"], ["token 2", "token 2", "token 2"], 2),
        ([f"token {n}" for n in range(1, 20)], ["refused", "refused", "refused"], 4),
    ],
    ids=["accepted", "run out", "refused for good"],
)
def test_a_refused_token_is_asked_for_anew_once_for_each_question(
    refused: list[str], answers: list[str], signed: int
) -> None:
    found = run("shared/asking.ts", ASKED, refused=refused, rounds=3)

    assert found == {"answers": answers, "signed": signed}


def test_larger_values_are_lighter_and_equal_ones_alike() -> None:
    program = "[[1, 2, 9], [4, 4], [undefined]].map(values => [it.spanOf(values), values])"
    spans = run(
        "board/shades.ts", f"{program}.map(([span, [one]]) => span && it.shadeOf(one, span))"
    )
    lightest = run("board/shades.ts", "it.shadeOf(9, { low: 1, high: 9 })")

    assert spans == ["hsl(219 85% 28%)", "hsl(219 85% 48%)", None]
    assert lightest == "hsl(219 85% 68%)"
