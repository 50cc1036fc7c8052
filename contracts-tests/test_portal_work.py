"""The pages of work in a browser: each can be read in both languages and on a narrow phone, and
what its user has to decide is decided there; a refusal stands beside its field, in the reader's
language.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from browser import Browser, chromium
from running_city import CITY, HALL, LATER, RunningCity

from simulator.story.elder_files import sheet
from simulator.world.days import START
from simulator.world.geography import Geography
from simulator.world.people import population

pytest_plugins = ["city_fixtures"]
pytestmark = [pytest.mark.city, pytest.mark.browser, pytest.mark.timeout(900)]

PICTURES = Path(__file__).parent.parent / "build" / "pictures"
PAGES = {
    "life-events": "Reports of deaths",
    "imports": "Imports of elders",
    "results": "Assessment results",
    "publicity": "Public results",
    "offers": "Offers of orders",
    "back-entries": "Visits told late",
    "settlements": "Settlements",
    "payments": "Payments",
    "own-shares": "Own shares of visits",
    "stay-charges": "Charges of stays",
    "recoveries": "Recoveries",
    "organisations": "Organisations",
    "facilities": "Facilities",
}
NARROW, WIDE = (360, 780), (1366, 900)
CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORDS = (
    "h1, .pages a, .rows caption, .rows thead th, .rows .open, .rows dt, .detail h3, .note,"
    " .command h3, .command label, .command button, .filters label, .empty"
)
LATIN = re.compile(r"[A-Za-z]{2}")
BEYOND = """
return [...document.querySelectorAll(".page *")]
  .filter(one => one.getClientRects().length)
  .filter(one => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map(one => one.outerHTML.slice(0, 200))"""
NAMELESS = """
return [...document.querySelectorAll("input, select, textarea")]
  .filter(one => !one.labels.length && !one.ariaLabel).map(one => one.outerHTML)"""
FIELD = "[aria-labelledby$=-title]"
ROWS_OF_SECONDS = 20_000  # of a file that is not taken at once
CANCELLED = "Cancelled; rows that were registered stay"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests of this file."""
    with chromium(tmp_path_factory.mktemp("chromium")) as started:
        yield started


def go(
    browser: Browser, town: RunningCity, page: str, language: str = "zh", user: str = "city"
) -> None:
    """Opens a page and waits for its rows, or for the words that there are none."""
    browser.open(f"{town.facts()['gateway']}/?page={page}&lang={language}&user={user}")
    town.until(lambda: browser.texts(".rows, .empty, .failed"), 30, f"the rows of {page}")


def press(browser: Browser, verb: str) -> None:
    """Sends the form whose button bears a verb."""
    names = browser.texts(".command .primary")
    assert names.count(verb) == 1, names
    browser.run(
        "document.querySelectorAll('.command .primary')[arguments[0]].click()", names.index(verb)
    )


def answered(browser: Browser, town: RunningCity, selector: str = ".done, .wrong, .failed") -> str:
    """The words of what a form has come to."""

    def words() -> str:
        return " ".join(browser.texts(selector))

    return str(town.until(words, 30, f"an answer, {selector}"))


def open_row(browser: Browser, town: RunningCity, key: str) -> None:
    """Opens the row that shows the last digits of an id."""
    rows = browser.texts(".rows tbody")
    at = next(place for place, text in enumerate(rows, start=1) if key[-8:] in text)
    button = f".rows tbody:nth-of-type({at}) .open"
    browser.run("document.querySelector(arguments[0]).scrollIntoView()", button)
    browser.click(button)
    town.until(lambda: browser.texts(".detail"), 10, "the row is open")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_work_can_be_read_in_its_language_and_on_a_narrow_phone(
    browser: Browser, town: RunningCity, language: str
) -> None:
    firm = firm_user(town, offered(town)["organisation_id"])
    for page, title in PAGES.items():
        browser.size(*WIDE)
        go(browser, town, page, language, user=firm if page == "offers" else "city")
        assert browser.texts(".failed") == [], page
        if language == "en":
            assert browser.texts("h1") == [title]
        if browser.texts(".open"):
            browser.click(".open")
            town.until(lambda: browser.texts(".detail"), 10, "the row is open")
        foreign = CHINESE if language == "en" else LATIN
        words = [text for text in browser.texts(WORDS) if foreign.search(text)]
        assert [text for text in words if "xlsx" not in text] == [], page
        assert browser.run(NAMELESS) == [], page
        browser.size(*NARROW, phone=True)
        assert browser.run("return document.documentElement.scrollWidth") <= NARROW[0], page
        assert browser.run(BEYOND) == [], page
        browser.picture(PICTURES / f"work-{page}-{language}.png")
    browser.size(*WIDE)


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "不能使用此页面"), ("en", "may not use this page")]
)
def test_a_page_is_not_opened_in_the_name_of_somebody_else(
    browser: Browser, town: RunningCity, language: str, words: str
) -> None:
    go(browser, town, "life-events", language, user="inspector")

    assert words in browser.texts(".failed")[0]
    assert browser.texts(".rows, .open") == []
    assert browser.run("return document.querySelector('.tools select').value") == "inspector"


def test_results_are_public_without_signing_in(browser: Browser, town: RunningCity) -> None:
    go(browser, town, "publicity", user="")

    assert browser.texts(".failed") == []
    assert browser.texts(".tools select") == []
    shown = browser.texts(".rows tbody td:first-child")
    assert len(shown) >= 1
    assert all("*" in name for name in shown)
    places = browser.texts(".rows tbody td:nth-child(2)")
    assert [place for place in places if not CHINESE.search(place)] == []  # names, no codes


def offered(town: RunningCity) -> dict[str, Any]:
    """An order for this evening that a worker is asked for, in a county where some were before."""
    hotline, day = town.token("hotline", area=CITY), LATER[:10]
    served = {
        order["area_code"][:6] for order in town.rows("/v1/orders", hotline) if order["worker_id"]
    }
    at_home = [
        row["elder"]
        for row in town.rows("/v1/elders", hotline)
        if row["elder"]["status"] == "STATUS_ALIVE"
        and row["elder"]["living"] != "LIVING_INSTITUTION"
        and row["elder"]["area_code"][:6] in served
    ]
    for elder in at_home[:: max(1, len(at_home) // 24)]:  # in every county: some have few workers
        wanted = {
            "elder_id": elder["elder_id"],
            "item_code": town.get("/v1/catalogue", hotline)["rows"][0]["item_code"],
            "wanted_from": f"{day}T16:30:00+08:00",
            "wanted_to": f"{day}T18:30:00+08:00",
            "channel": "CHANNEL_HOTLINE",
            "again": True,  # of the elder of another test
        }
        placed = town.post("/v1/orders", hotline, wanted)
        town.quiet()
        order = town.get(f"/v1/orders/{placed['order_id']}", hotline)
        if order["state"] == "STATE_ASSIGNED":
            return order
    raise AssertionError("no worker was offered any of the orders")


def firm_user(town: RunningCity, organisation_id: str) -> str:
    """Somebody who signs in for a firm."""
    username = f"firm-{uuid4().hex[:8]}"
    firm = {
        "username": username,
        "title": "机构 Firm",
        "roles": ["provider"],
        "organisation_id": organisation_id,
    }
    town.request("POST", "/onebox/users", town.operator(), json=firm).raise_for_status()
    return username


@pytest.mark.parametrize(
    ("language", "accepted", "given_back"),
    [
        ("zh", "已接单", "工单已退回"),
        ("en", "The order is accepted", "The order is given back"),
    ],
)
def test_a_firm_takes_an_offer_and_gives_the_order_back(
    browser: Browser, town: RunningCity, language: str, accepted: str, given_back: str
) -> None:
    order = offered(town)
    firm = firm_user(town, order["organisation_id"])
    path, office = f"/v1/orders/{order['order_id']}", town.token("official", area=CITY)
    go(browser, town, "offers", language, user=firm)
    open_row(browser, town, order["order_id"])
    press(browser, {"zh": "接单", "en": "Accept"}[language])
    assert answered(browser, town, ".done") == accepted
    assert town.get(path, office)["state"] == "STATE_ACCEPTED"

    browser.fill(".filters select", "STATE_ACCEPTED")
    town.until(lambda: order["order_id"][-8:] in str(browser.texts(".rows")), 30, "it is listed")
    open_row(browser, town, order["order_id"])
    browser.picture(PICTURES / f"work-offer-{language}.png")
    browser.fill("[name=reason]", "REASON_ABSENT")
    press(browser, {"zh": "退单", "en": "Give back"}[language])

    town.until(lambda: browser.texts(".done") == [given_back], 30, "it is given back")
    town.quiet()
    given = town.get(path, office)
    assert given["state"] != "STATE_ACCEPTED"
    assert given.get("worker_id") != order["worker_id"]


def test_an_offer_that_another_has_replaced_is_not_answered(
    browser: Browser, town: RunningCity
) -> None:
    order = offered(town)
    firm = firm_user(town, order["organisation_id"])
    go(browser, town, "offers", user=firm)
    open_row(browser, town, order["order_id"])
    worker = {"organisation_id": order["organisation_id"], "worker_id": order["worker_id"]}
    declined = {"attempt": order["attempt"]}
    path = f"/v1/orders/{order['order_id']}"
    town.post(f"{path}:decline", town.token("worker", **worker), declined)
    town.quiet()

    press(browser, "接单")

    assert CHINESE.search(answered(browser, town, ".command .failed"))
    assert town.get(path, town.token("official", area=CITY))["state"] != "STATE_ACCEPTED"


def test_a_reported_death_is_confirmed_by_a_document_and_a_wrong_day_is_refused_beside_it(
    browser: Browser, town: RunningCity
) -> None:
    official = town.token("official", area=CITY)
    waiting = {"kind": "KIND_DEATH", "state": "STATE_REPORTED"}
    [report] = town.rows("/v1/life-events", official, **waiting)
    go(browser, town, "life-events")
    browser.click(".open")
    browser.fill(f"{FIELD} [name='document.kind']", "KIND_DEATH_CERTIFICATE")
    browser.fill("[name='document.number']", "皖2026-0001")
    browser.fill("[name=happened_on]", "2030-01-01")

    press(browser, "确认")

    assert answered(browser, town, ".wrong").startswith("应在 ")
    assert browser.run("return document.activeElement.name") == "happened_on"
    assert report["elder_id"] not in browser.run("return location.href")
    browser.fill("[name=happened_on]", report["happened_on"])
    press(browser, "确认")
    assert answered(browser, town, ".done") == "死亡已确认"
    assert town.rows("/v1/life-events", official, **waiting) == []
    elder = town.get(f"/v1/elders/{report['elder_id']}", official)["elder"]
    assert elder["status"] == "STATUS_DEAD"


def test_a_report_that_is_none_is_rejected_with_grounds(
    browser: Browser, town: RunningCity
) -> None:
    hotline = town.token("hotline", area=CITY)
    alive = [
        row["elder"]
        for row in town.rows("/v1/elders", hotline, area_code=HALL)
        if row["elder"]["status"] == "STATUS_ALIVE"
    ]
    path = f"/v1/elders/{alive[0]['elder_id']}:report-death"
    town.post(path, hotline, {"died_on": f"{START:%Y-%m-%d}"})
    go(browser, town, "life-events", "en")
    browser.click(".open")
    browser.fill("[name=grounds]", "seen at home")

    press(browser, "Reject")

    assert answered(browser, town, ".done") == "The report is rejected"
    official = town.token("official", area=CITY)
    [entry] = town.rows("/v1/life-events", official, elder_id=alive[0]["elder_id"])
    assert (entry["state"], entry["grounds"]) == ("STATE_REJECTED", "seen at home")


def test_money_comes_back_in_yuan_and_not_more_than_is_claimed(
    browser: Browser, town: RunningCity
) -> None:
    official = town.token("official", area=CITY)
    claim = town.rows("/v1/recoveries", official, state="STATE_OPEN")[0]
    day = claim["opened_at"][:10]
    go(browser, town, "recoveries")
    open_row(browser, town, claim["recovery_id"])
    browser.fill("[name=repaid_fen]", "99999.99")
    browser.fill("[name=repaid_on]", day)

    press(browser, "登记")

    assert CHINESE.search(answered(browser, town, ".command .wrong, .command .failed"))
    claimed = f"{int(claim['outstanding_fen']):03}"
    browser.fill("[name=repaid_fen]", f"{claimed[:-2]}.{claimed[-2:]}")
    press(browser, "登记")
    assert answered(browser, town, ".done") == "还款已登记"
    repaid = town.get(f"/v1/recoveries/{claim['recovery_id']}", official)
    assert (repaid["state"], repaid["outstanding_fen"]) == ("STATE_REPAID", "0")
    assert [one["repaid_on"] for one in repaid["repayments"]] == [day]


def test_a_claim_is_raised_from_a_payment_and_the_second_of_two_officials_is_refused(
    browser: Browser, town: RunningCity
) -> None:
    official = town.token("official", area=CITY)
    paid = next(row for row in town.rows("/v1/payments", official) if row["elder_id"])
    go(browser, town, "payments")
    open_row(browser, town, paid["payment_id"])
    browser.fill("[name=claimed_fen]", "99999.99")
    browser.fill("[name=reason]", "重复发放")
    press(browser, "追回")
    assert "其中还能追回" in answered(browser, town, ".command .wrong")
    browser.fill("[name=claimed_fen]", "0.05")
    press(browser, "追回")
    assert answered(browser, town, ".done") == "已提出追回"
    claims = town.rows("/v1/recoveries", official, state="STATE_OPEN")
    [claim] = [row for row in claims if row["payment_id"] == paid["payment_id"]]

    go(browser, town, "recoveries", "en")
    open_row(browser, town, claim["recovery_id"])
    path = f"/v1/recoveries/{claim['recovery_id']}"
    repaid = {"repaid_fen": 2, "repaid_on": paid["paid_on"]}
    town.post(f"{path}:repay", official, repaid)
    for name, value in {"repaid_fen": "0.01", "repaid_on": paid["paid_on"]}.items():
        browser.fill(f"[name={name}]", value)
    press(browser, "Record")

    assert "read it again" in answered(browser, town, ".command .failed")
    assert town.get(path, official)["outstanding_fen"] == "3"


def test_a_month_of_a_stay_is_approved_and_its_own_share_known(
    browser: Browser, town: RunningCity
) -> None:
    official = town.token("official", area=CITY)
    charge = town.rows("/v1/stay-charges", official, state="STATE_OPEN")[0]
    path = f"/v1/stay-charges/{charge['charge_id']}"
    go(browser, town, "stay-charges")
    open_row(browser, town, charge["charge_id"])
    browser.fill("[name=approve]", "false")
    press(browser, "决定")
    assert "理由" in answered(browser, town, ".command .wrong")
    browser.fill("[name=approve]", "true")
    press(browser, "决定")

    assert answered(browser, town, ".done") == "决定已登记"
    town.until(lambda: "own_fen" in town.get(path, official), 30, "the own share is known")
    charged = town.get(path, official)
    assert int(charged["own_fen"]) + int(charged["voucher_fen"]) == int(charge["price_fen"])


def test_a_visit_that_was_sent_late_is_refused_by_the_office(
    browser: Browser, town: RunningCity
) -> None:
    official = town.token("official", area=CITY)
    [entry] = town.rows("/v1/back-entries", official, state="STATE_PENDING")
    go(browser, town, "back-entries", "en")
    open_row(browser, town, entry["order_id"])
    assert "inside" in browser.texts(".rows tbody")[0]
    browser.fill("[name=approve]", "true")
    press(browser, "Decide")
    assert CHINESE.search(answered(browser, town, ".failed")) is None  # it has no end yet
    browser.fill("[name=approve]", "false")

    press(browser, "Decide")

    assert answered(browser, town, ".done") == "The decision is recorded"
    [decided] = town.rows("/v1/back-entries", official, state="STATE_REJECTED")
    assert decided["order_id"] == entry["order_id"]


def test_what_is_held_for_a_complaint_is_refused_and_its_firm_appeals(
    browser: Browser, town: RunningCity
) -> None:
    official = town.token("official", area=CITY)
    held = town.rows("/v1/settlements", official, state="STATE_HELD")[0]
    firm = firm_user(town, held["organisation_id"])
    go(browser, town, "settlements", user="inspector")
    open_row(browser, town, held["settlement_id"])
    browser.fill("[name=approve]", "false")
    press(browser, "决定")
    assert "投诉未办结" in answered(browser, town, ".command .failed")
    inspector = town.token("inspector", area=CITY)
    for complaint in town.rows("/v1/complaints", inspector):
        if complaint["order_id"] == held["order_id"] and not complaint["closed"]:
            path = f"/v1/complaints/{complaint['complaint_id']}:close"
            town.post(path, inspector, {"upheld": True})
    town.until(  # a complaint that was right refuses the settlement
        lambda: (
            town.get(f"/v1/settlements/{held['settlement_id']}", official)["state"]
            == "STATE_REFUSED"
        ),
        30,
        "it is refused",
    )

    go(browser, town, "settlements", user=firm)
    open_row(browser, town, held["settlement_id"])
    browser.fill("[name=statement]", "服务已按约完成")
    press(browser, "提交申诉")
    assert answered(browser, town, ".done") == "申诉已提交"

    path = f"/v1/settlements/{held['settlement_id']}"
    assert town.get(path, official)["statement"] == "服务已按约完成"
    go(browser, town, "settlements", "en")
    browser.fill(".filters select", "STATE_APPEALED")
    town.until(lambda: held["settlement_id"][-8:] in str(browser.texts(".rows")), 30, "appeals")
    open_row(browser, town, held["settlement_id"])
    browser.fill("[name=allow]", "true")
    press(browser, "Decide")
    assert answered(browser, town, ".done") == "The decision is recorded"
    assert town.get(path, official)["state"] == "STATE_APPROVED"


def test_a_change_over_somebody_elses_is_refused(browser: Browser, town: RunningCity) -> None:
    official = town.token("official", area=CITY)
    go(browser, town, "organisations")
    browser.click(".open")
    name = browser.run("return document.querySelector('[name=name]').value")
    [firm] = [row for row in town.rows("/v1/organisations", official) if row["name"] == name]
    path = f"/v1/organisations/{firm['organisation_id']}"
    town.post(f"{path}:change", official, {"business_phone": "0550-3012345"})
    browser.fill("[name=business_phone]", "0550-3099999")

    press(browser, "变更")

    assert "请重新读取" in answered(browser, town, ".command .failed")
    assert town.get(path, official)["business_phone"] == "0550-3012345"
    browser.click(".again")
    shown = "return document.querySelector('[name=business_phone]')?.value"
    town.until(lambda: browser.run(shown) == "0550-3012345", 30, "the change of the other")
    browser.fill("[name=business_phone]", "0550-3099999")
    press(browser, "变更")
    assert answered(browser, town, ".done") == "机构已变更"
    assert town.get(path, official)["business_phone"] == "0550-3099999"


def test_an_organisation_is_suspended_and_resumed(browser: Browser, town: RunningCity) -> None:
    official = town.token("official", area=CITY)
    go(browser, town, "organisations", "en")
    browser.click(".open")
    name = browser.run("return document.querySelector('[name=name]').value")
    [firm] = [row for row in town.rows("/v1/organisations", official) if row["name"] == name]
    suspend = f"{FIELD}:has([name=suspended_from])"
    browser.fill(f"{suspend} [name=suspended_from]", "2026-06-01")
    browser.fill(f"{suspend} [name=reason]", "inspection")
    press(browser, "Suspend")
    assert answered(browser, town, ".done") == "The organisation is suspended"
    town.until(lambda: "suspended from" in browser.texts(".rows tbody")[0], 10, "read again")

    browser.click(".open")
    resume = f"{FIELD}:has([name=resumed_on])"
    browser.fill(f"{resume} [name=resumed_on]", "2026-06-02")
    browser.fill(f"{resume} [name=reason]", "found in order")
    press(browser, "Resume")

    # what was done before is told until then
    resumed = "The organisation is resumed"
    town.until(lambda: answered(browser, town, ".done") == resumed, 30, "it is resumed")
    path = f"/v1/organisations/{firm['organisation_id']}"
    assert town.get(path, official)["suspended_to"] == "2026-06-02"
    actions = [row["action"] for row in town.get(f"{path}/changes", official)["rows"]]
    assert actions[-2:] == ["suspend", "resume"]


def test_a_file_is_imported_and_its_wrong_rows_are_named_in_the_readers_language(
    browser: Browser, town: RunningCity, tmp_path: Path
) -> None:
    people = [
        one
        for one in population(4000, 1, START, Geography(1))[-900:-400]
        if one.area_code[:6] == HALL[:6]
    ][-3:]
    file = tmp_path / "elders.csv"
    file.write_text(sheet(people, {people[1].number}), "utf-8")
    for language in ("zh", "en"):
        go(browser, town, "imports", language)
        browser.attach("input[type=file]", file)
        press(browser, {"zh": "开始导入", "en": "Import"}[language])
        town.until(lambda: browser.texts("section .rows tbody tr"), 30, "the wrong row")
        [rule] = browser.texts("section .rows tbody tr td:last-child")
        assert bool(CHINESE.search(rule)) is (language == "zh")
    facts: dict[str, Any] = dict(
        zip(browser.texts(".detail dt"), browser.texts(".detail dd"), strict=True)
    )
    assert facts == {"Rows": "3 / 3", "Registered": "0", "Known already": "2", "Wrong": "1"}
    address = browser.run("return location.search")
    assert not any(one.name in address or one.id_number in address for one in people)
    browser.picture(PICTURES / "work-import.png")


def test_an_import_under_way_is_cancelled_and_found_again_in_the_list(
    browser: Browser, town: RunningCity, tmp_path: Path
) -> None:
    people = population(ROWS_OF_SECONDS, 1, START, Geography(1))
    file = tmp_path / "long.csv"
    everyone = {person.number for person in people}
    file.write_text(sheet(people, everyone), "utf-8")  # each is wrong: nobody is registered
    go(browser, town, "imports", "en")
    browser.attach("input[type=file]", file)
    press(browser, "Import")
    town.until(
        lambda: "Cancel the import" in browser.texts("section .more"), 30, "an import under way"
    )

    browser.click("section .more")

    town.until(lambda: browser.texts(".done") == [CANCELLED], 30, "what was done")
    town.until(lambda: browser.texts("section h2") == ["Progress · cancelled"], 30, "it ends")
    browser.fill(".filters select", "STATE_CANCELLED")
    town.until(lambda: len(browser.texts("main > .rows tbody")) == 1, 30, "it is in the list")
    done, rows = browser.texts("main > .rows td")[2].split(" / ")
    assert int(done) < int(rows) == ROWS_OF_SECONDS
