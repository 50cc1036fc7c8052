"""The board in a browser, in both languages, on a wall and on a phone: it shows what the interface
answers, and leads to the facts.
"""

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from browser import Browser, chromium
from running_city import CITY, RunningCity

pytest_plugins = ["city_fixtures"]
pytestmark = [pytest.mark.city, pytest.mark.browser, pytest.mark.timeout(900)]

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "build" / "pictures"
TITLES = {"zh": "智慧养老监管看板", "en": "Eldercare regulatory board"}
SIZES = {"wall": (1920, 1080), "phone": (390, 844)}
NO_DATA = {"zh": "暂无数据", "en": "no data"}
RUNNING = {"zh": "月份未完，计至 {}", "en": "month running, up to {}"}
UNREACHABLE = {"zh": "连接不上服务器", "en": "the server cannot be reached"}
AS_OF = {"zh": "以下为", "en": "shown as of"}
IMPLAUSIBLE = {"zh": "不可信", "en": "not plausible"}
UNITS = {"zh": {"%": "%", "per 1000": "‰"}, "en": {"%": "%", "per 1000": " per 1000"}}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
KEYS = re.findall(
    r"^  ([a-z]+[A-Z]\w*):",
    (ROOT / "services/portal/src/shared/messages.ts").read_text(),
    re.MULTILINE,
)
KEY = re.compile(
    rf"\b({'|'.join(KEYS)}|undefined|NaN)\b|\[object"
)  # a word that was not looked up, or a value that was not there

BEYOND = """
return [...document.querySelectorAll(".page *")]
  .filter(one => !one.closest(".scroll") && one.getClientRects().length)
  .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(one => one.outerHTML.slice(0, 200))"""
DRAWN = """
const map = document.querySelector(".cartogram"), trend = document.querySelector(".trend canvas");
return document.documentElement.clientWidth === arguments[0] && map !== null && trend !== null
  && document.querySelector(".square .strong") !== null
  && Math.abs(map.firstChild.clientWidth - map.clientWidth) < 2
  && Math.abs(trend.clientWidth - trend.parentElement.clientWidth) < 2"""
WORDS = (
    ".page h2, .page h3, thead th, .card p, .freshness li b, .tools label, .all td:first-child,"
    " .all .formula, footer"
)
CROWDED = """
const texts = [...document.querySelectorAll(".square")].flatMap(square => {
  const room = square.querySelector("rect").getBoundingClientRect();
  return [...square.querySelectorAll("text")]
    .map(text => [text.textContent, text.getBoundingClientRect(), room]);
});
return texts
  .filter(([_, is, room]) => is.left < room.left - 1 || is.right > room.right + 1)
  .map(([text]) => text)"""


def written(figure: dict[str, Any], unit: str, language: str) -> str:
    """A figure as the board writes it; half a tenth is rounded up."""
    if figure["no_data"]:
        return NO_DATA[language]
    if "value" not in figure:
        return "—"
    value = Decimal(figure["value"])
    number = (
        f"{value:,.0f}" if unit == "count" else str(value.quantize(Decimal("0.1"), ROUND_HALF_UP))
    )
    return number + UNITS[language].get(unit, "")


def keys_of(board: dict[str, Any], language: str) -> list[tuple[str, str]]:
    """Name and value of every key figure that the interface answers."""
    figures = {one["code"]: one for one in board["figures"]}
    keys = [one for one in board["indicators"] if one.get("key")]
    return [
        (one[f"name_{language}"], written(figures[one["code"]], one["unit"], language))
        for one in keys
    ]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


@pytest.fixture(
    scope="module", params=[(language, size) for size in SIZES for language in TITLES], ids="-".join
)
def shown(
    request: pytest.FixtureRequest, town: RunningCity, browser: Browser
) -> tuple[Browser, str, str]:
    """The city's board when it has read its figures and is drawn for the window; language and size.
    Each test leaves it as it was.
    """
    language, size = request.param
    browser.size(*SIZES[size], phone=size == "phone")
    browser.open(f"{town.facts()['gateway']}/?lang={language}")
    town.until(lambda: browser.run(DRAWN, SIZES[size][0]), 30, "the board is drawn")
    return browser, language, size


def test_the_board_shows_what_the_interface_answers_in_its_own_words(
    shown: tuple[Browser, str, str], town: RunningCity
) -> None:
    browser, language, size = shown
    official = town.token("official", area=CITY)

    def agreed() -> bool:
        cards = zip(browser.texts(".card h3"), browser.texts(".card .value"), strict=True)
        return [(name, value.replace("\n", "")) for name, value in cards] == keys_of(
            town.get(f"/v1/boards/{CITY}", official), language
        )

    town.until(agreed, 30, "the key figures are those of the interface")
    browser.picture(PICTURES / f"board-{language}-{size}.png")
    board = town.get(f"/v1/boards/{CITY}", official)
    assert browser.run("return document.title") == TITLES[language]
    assert browser.texts("h1") == [f"{board['area']['name']} · {TITLES[language]}"]
    words = browser.texts(WORDS)
    assert [text for text in words if KEY.search(text)] == []
    foreign = (
        CHINESE.search
        if language == "en"
        else lambda text: not CHINESE.search(text) and re.search(r"[a-z]{2}", text)
    )
    named = browser.texts(
        ".tools label:has(option[value=city])"
    )  # who is signed in keeps the name that the office gave
    assert [text for text in words if foreign(text) and text not in named] == []


def test_each_figure_of_a_running_month_names_the_day_and_each_target_its_authority(
    shown: tuple[Browser, str, str], town: RunningCity
) -> None:
    browser, language, _ = shown
    board = town.get(f"/v1/boards/{CITY}", town.token("official", area=CITY))
    figures = {one["code"]: one for one in board["figures"]}
    known = [one for one in figures.values() if not one["no_data"]]
    running = {RUNNING[language].format(one["running_to"]) for one in known}

    assert len(running) == 1
    assert browser.texts(".all .note.running") == [*running] * len(known)
    assert len(browser.texts(".card .note.running")) == sum(
        not figures[one["code"]]["no_data"] for one in board["indicators"] if one["key"]
    )
    authorities = browser.texts(".all td:nth-child(6) .note")
    assert authorities == [one[f"authority_{language}"] for one in board["indicators"]]
    marks = {
        one: browser.run(
            f"return document.querySelector('.all tbody tr:nth-child({row}) .mark').textContent"
        )
        for row, one in enumerate(figures, start=1)
    }
    assert marks["AS04"] in ("◷", "–")  # what is not due yet is not judged
    assert marks["POP01"] == "○"
    assert len(browser.texts(".legend .mark")) >= 1


def test_a_value_above_what_is_plausible_is_marked(
    shown: tuple[Browser, str, str], town: RunningCity
) -> None:
    browser, language, _ = shown
    board = town.get(f"/v1/boards/{CITY}", town.token("official", area=CITY))
    limits = {one["code"]: one.get("plausible_to") for one in board["indicators"]}
    doubted = [
        one["code"]
        for one in board["figures"]
        if (limit := limits[one["code"]]) is not None and one.get("value", 0) > limit
    ]

    notes = browser.texts(".all .note.implausible")

    units = {one["code"]: one["unit"] for one in board["indicators"]}
    assert {code for code, limit in limits.items() if limit} == {
        code for code, unit in units.items() if unit == "%" or code == "FA07"
    }
    assert len(notes) == len(doubted)
    assert all(IMPLAUSIBLE[language] in note for note in notes)
    assert "FA07" in doubted  # the beds of a whole city, and a few hundred elders


def test_areas_of_a_figure_without_target_differ_by_shade(
    shown: tuple[Browser, str, str],
) -> None:
    browser, *_ = shown

    shades = browser.run(
        "return [...document.querySelectorAll('.square rect')].map(one => one.getAttribute('fill'))"
    )

    assert len(set(shades)) > 2
    assert len(browser.texts(".legend .range")) == 1


def test_old_figures_are_shown_as_old_and_never_under_another_month(
    shown: tuple[Browser, str, str], town: RunningCity
) -> None:
    browser, language, _ = shown
    first = browser.run("return document.querySelector('.tools select').options[1].value")
    try:
        browser.offline(True)
        town.until(lambda: browser.texts(".failed"), 30, "the board says that it cannot be read")
        [words] = browser.texts(".failed")
        assert UNREACHABLE[language] in words
        assert AS_OF[language] in words
        assert browser.texts(".stale .card .value") != []

        browser.fill(".tools select", first)
        town.until(lambda: not browser.texts(".card"), 30, "no figures under another month")
        assert UNREACHABLE[language] in browser.texts(".failed")[0]
        assert AS_OF[language] not in browser.texts(".failed")[0]
    finally:
        browser.offline(False)
        browser.fill(".tools select", "")
    town.until(
        lambda: browser.texts(".card") and not browser.texts(".failed, .stale"), 30, "it is read"
    )


def test_whoever_the_board_is_not_for_is_led_to_pages_that_are(
    town: RunningCity, browser: Browser
) -> None:
    browser.size(*SIZES["wall"])
    for language, words in (("zh", "供民政部门使用"), ("en", "for the civil affairs office")):
        browser.open(f"{town.facts()['gateway']}/?user=elder&lang={language}")
        town.until(lambda: browser.texts(".pages a"), 30, "the pages of an elder")
        assert words in browser.texts("main p")[0]
        assert len(browser.texts(".pages a")) == 6
        assert browser.texts(".failed") == []


def test_nothing_stands_beyond_the_edge(shown: tuple[Browser, str, str]) -> None:
    browser, _, size = shown

    assert browser.run("return document.documentElement.scrollWidth") <= SIZES[size][0]
    assert browser.run(BEYOND) == []
    assert browser.run(CROWDED) == []


def test_a_click_on_a_county_leads_into_it(
    shown: tuple[Browser, str, str], town: RunningCity
) -> None:
    browser, language, size = shown
    parts = town.get(f"/v1/boards/{CITY}", town.token("official", area=CITY))["parts"]
    county = max(parts, key=lambda part: int(part["area"]["elders"]))["area"]

    browser.click(f".square[aria-label^='{county['name']} ']")

    town.until(
        lambda: browser.texts("h1") == [f"{county['name']} · {TITLES[language]}"],
        30,
        "the board of the county",
    )
    assert f"area={county['area_code']}" in browser.run("return location.search")
    assert len(browser.texts(".path button")) == 2
    browser.picture(PICTURES / f"county-{language}-{size}.png")
    browser.click(".path button")
    town.until(
        lambda: county["name"] in browser.texts(".parts th"), 30, "the board of the city again"
    )


def test_a_figure_leads_to_the_events_that_made_it(
    shown: tuple[Browser, str, str], town: RunningCity
) -> None:
    browser, language, size = shown
    official = town.token("official", area=CITY)
    month = town.get(f"/v1/boards/{CITY}", official)["month"]

    browser.click(".card .value")

    events = town.get(f"/v1/figures/{CITY}/{month}/POP01/events", official, limit=50)["events"]
    town.until(
        lambda: (
            browser.texts(".drawer .events > li > code")
            == [event["event_id"] for event in events]
            != []
        ),
        30,
        "the events",
    )
    assert [
        text
        for text in browser.texts(".drawer dt, .drawer h2, .drawer h3, .tags i")
        if KEY.search(text)
    ] == []
    assert (
        browser.run("return document.querySelector('.drawer').getBoundingClientRect().right")
        <= SIZES[size][0]
    )
    browser.picture(PICTURES / f"lineage-{language}-{size}.png", whole=False)
    # the keyboard goes on in it, and once it is closed where it was
    focused = "return document.activeElement.closest(arguments[0]) !== null"
    assert browser.run(focused, ".drawer")
    browser.click(".drawer header button")
    town.until(lambda: browser.run(focused, ".card .value"), 10, "the figure has the focus again")
