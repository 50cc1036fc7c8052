"""Fixtures of a living city; a test module names this plugin in `pytest_plugins`. One city serves a
whole run, and ends with the last test that wants it: its processes, at rest, would take a fifth of
two cores from the tests that follow.
"""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest
from collector import Collector
from running_city import CITY, HALL, LATER, RunningCity

from simulator.story.elder_files import sheet
from simulator.world.answers import answers
from simulator.world.days import START
from simulator.world.geography import Geography
from simulator.world.people import population

EARLIER = "2026-02-13T09:00:00+08:00"  # a day before, a Friday
SERVED = "2026-02-13T15:30:00+08:00"  # before organisations are paid
WANTED_FROM, WANTED_TO = "T14:00:00+08:00", "T16:00:00+08:00"
BEGUN, ENDED = "T14:00:00+08:00", "T15:20:00+08:00"
_town = pytest.StashKey[tuple[RunningCity, pytest.Item]]()  # and the last test that wants it


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Takes the telemetry of the city."""
    started = Collector()
    started.start()
    yield started
    started.stop()


@pytest.hookimpl(trylast=True)  # the fixtures of that test's module look at the city once more
def pytest_runtest_teardown(item: pytest.Item) -> None:
    running, last = item.config.stash.get(_town, (None, None))
    if running is not None and item is last:
        assert running.end() == 0, running.log.read_text()[-4000:]


def _wants_town(item: pytest.Item) -> bool:
    return "town" in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def town(collector: Collector, request: pytest.FixtureRequest) -> Iterator[RunningCity]:
    """A city in which the simulated one lived for a few days, and where a payday has passed; one
    order awaits its visit.
    """
    with TemporaryDirectory(prefix="eldercare-city-", ignore_cleanup_errors=True) as folder:
        running = RunningCity(Path(folder))
        try:
            running.start(os.environ.get("KAFKA") or "auto", collector.endpoint)
            running.live()
            act(running)
            last = next(item for item in reversed(request.session.items) if _wants_town(item))
            request.config.stash[_town] = running, last
            yield running
        finally:
            code = running.end()
        assert code == 0, running.log.read_text()[-4000:]


def act(town: RunningCity) -> None:
    """Does what the few days of the story lack, so that every read route has something to tell."""
    hotline, office = town.token("hotline", area=CITY), town.token("official", area=CITY)
    served, another = islice(
        (row for row in town.rows("/v1/orders", office) if row["state"] == "STATE_DONE"), 2
    )
    town.post(
        "/v1/complaints", hotline, {"order_id": served["order_id"], "channel": "CHANNEL_HOTLINE"}
    )
    _import(town)
    _prove(town)
    _report_death(town, hotline)
    for register in ("/v1/organisations", "/v1/facilities"):
        first = town.rows(register, office)[0]
        key = first.get("facility_id") or first["organisation_id"]
        town.post(f"{register}/{key}:change", office, {"name": "改名"})
    _dismiss_appeal(town, another)
    fee = {"monthly_fen": 300000, "valid_from": "2026-06-01"}
    town.post(f"/v1/facilities/{key}:declare-fee", office, fee)

    town.clock(EARLIER)
    sent_late = _visit(town, hotline, EARLIER, _at_home(town, hotline, area_code=HALL))
    _serve(town, _visit(town, hotline, EARLIER, _with_voucher(town, hotline, office)))
    town.clock(LATER)
    town.quiet()
    _send_late(town, sent_late)
    _claim(town, office)
    _publish(town, hotline, office)
    _visit(town, hotline, LATER, _at_home(town, hotline, area_code=HALL))


def _dismiss_appeal(town: RunningCity, order: dict[str, str]) -> None:
    """A complaint about a visit is right, its firm appeals and is not: it is refused for good."""
    hotline, inspector = town.token("hotline", area=CITY), town.token("inspector", area=CITY)
    about = {"order_id": order["order_id"], "channel": "CHANNEL_HOTLINE"}
    complaint = town.post("/v1/complaints", hotline, about)
    town.post(f"/v1/complaints/{complaint['complaint_id']}:close", inspector, {"upheld": True})
    firm = town.token("provider", organisation_id=order["organisation_id"])
    refused = next(
        row
        for row in town.rows("/v1/settlements", firm, state="STATE_REFUSED")
        if row["order_id"] == order["order_id"]
    )
    path = f"/v1/settlements/{refused['settlement_id']}"
    town.post(f"{path}:appeal", firm, {"statement": "定位偏移，长者已签字"})
    town.post(f"{path}:decide-appeal", town.token("official", area=CITY), {"allow": False})


def _import(town: RunningCity) -> None:
    """A file of two rows by one county's office; the second row has a wrong check character."""
    geography = Geography(1)
    people = [
        one for one in population(4000, 1, START, geography)[-400:] if one.area_code[:6] == HALL[:6]
    ][:2]
    town.request(
        "POST",
        "/v1/elder-imports",
        town.token("official", area=HALL),
        key=uuid4().hex,
        content=sheet(people, {people[1].number}).encode(),
        headers={"Content-Type": "text/csv"},
    ).raise_for_status()
    town.quiet()


def _prove(town: RunningCity) -> None:
    """A run of a proof, asked for by one county's office."""
    hall = town.token("official", area=HALL)
    asked = {"area_code": HALL, "month": f"{START:%Y-%m}"}
    answer = town.request("POST", "/v1/proof-runs", hall, key=uuid4().hex, json=asked)
    assert answer.status_code == 202, answer.text
    town.kept |= {"run_id": answer.json()["run_id"], "run_area": HALL}


def _report_death(town: RunningCity, hotline: str) -> None:
    """Somebody tells the hotline that an elder died; nobody has decided about it."""
    living = [
        row["elder"]
        for row in town.rows("/v1/elders", hotline, area_code=HALL)
        if row["elder"]["status"] == "STATUS_ALIVE"
    ]
    path = f"/v1/elders/{living[-1]['elder_id']}:report-death"
    town.post(path, hotline, {"died_on": f"{START:%Y-%m-%d}"})


def _claim(town: RunningCity, office: str) -> None:
    """An official finds that a visit was paid a fen too much; payments do not name their visits."""
    for payment in town.rows("/v1/payments", office):
        of_firm = {"organisation_id": payment["organisation_id"]}
        for settled in (
            town.rows("/v1/settlements", office, **of_firm) if any(of_firm.values()) else ()
        ):
            claim = {
                "payment_id": payment["payment_id"],
                "settlement_id": settled["settlement_id"],
                "claimed_fen": 1,
                "reason": "多付",
            }
            if town.request(
                "POST", "/v1/recoveries", office, key=uuid4().hex, json=claim
            ).is_success:
                return
    raise AssertionError("no organisation was paid for a visit")


def _publish(town: RunningCity, hotline: str, office: str) -> None:
    """Two assessors sign a result today, which is public from now on."""
    asked = {row["elder_id"] for row in town.rows("/v1/applications", office)}
    elder = next(one for one in _at_home(town, hotline) if one["elder_id"] not in asked)
    wanted = {
        "elder_id": elder["elder_id"],
        "reason": "ASSESSMENT_REASON_FIRST",
        "channel": "CHANNEL_HOTLINE",
    }
    case = town.post("/v1/applications", hotline, wanted)
    path = f"/v1/applications/{case['application_id']}"
    signers = [str(uuid4()) for _ in range(2)]
    town.post(f"{path}:assign", office, {"assessor_ids": signers})
    first, second = (town.token("assessor", area=CITY, sub=one) for one in signers)
    points, flags = answers(Random(1), 2)
    result = town.post(f"{path}:complete", first, {"answers": points, **flags})
    signed = {"total_points": result["total_points"], "level": result["level"]}
    town.post(f"{path}:sign", second, signed)


def _send_late(town: RunningCity, order: dict[str, str]) -> None:
    """A device that was offline tells yesterday's visit, whose order has ended."""
    arrival = {"at": order["wanted_to"]}
    town.post(f"/v1/orders/{order['order_id']}:check-in", _worker(town, order), arrival)


def _at_home(town: RunningCity, hotline: str, **where: str) -> list[dict[str, str]]:
    """Elders whom a visit finds at home."""
    return [
        row["elder"]
        for row in town.rows("/v1/elders", hotline, **where)
        if row["elder"]["status"] == "STATUS_ALIVE"
        and row["elder"]["living"] != "LIVING_INSTITUTION"
    ]


def _with_voucher(town: RunningCity, hotline: str, office: str) -> list[dict[str, str]]:
    """Those of them who have a voucher for this month."""
    holders = {
        voucher["elder_id"]
        for voucher in town.rows("/v1/vouchers", office)
        if voucher["month"] == EARLIER[:7]
    }
    return [elder for elder in _at_home(town, hotline) if elder["elder_id"] in holders]


def _serve(town: RunningCity, order: dict[str, str]) -> None:
    """Today's visit takes place as it was ordered, at the elder's home, who pays the own share."""
    day, _, _ = EARLIER.partition("T")
    town.clock(SERVED)
    worker = _worker(town, order)
    path = f"/v1/orders/{order['order_id']}"
    home = town.get(f"{path}/address", worker)
    place = {name: home[name] for name in ("lon", "lat")}
    town.post(f"{path}:check-in", worker, {"at": f"{day}{BEGUN}", **place})
    town.post(f"{path}:check-out", worker, {"at": f"{day}{ENDED}", **place})
    town.quiet()
    own_fen = town.get(path, worker)["own_fen"]
    share = {"received_fen": own_fen, "method": "METHOD_CASH", "received_on": day}
    town.post(f"{path}:receipt", worker, share)


def _worker(town: RunningCity, order: dict[str, str]) -> str:
    return town.token(
        "worker", organisation_id=order["organisation_id"], worker_id=order["worker_id"]
    )


def _visit(
    town: RunningCity, hotline: str, now: str, homes: list[dict[str, str]]
) -> dict[str, str]:
    """Orders for this afternoon until a worker has accepted one, which is returned. now: today."""
    day, _, _ = now.partition("T")
    for elder in homes[:5]:
        placed = town.post(
            "/v1/orders",
            hotline,
            {
                "elder_id": elder["elder_id"],
                "item_code": town.get("/v1/catalogue", hotline)["rows"][0]["item_code"],
                "wanted_from": f"{day}{WANTED_FROM}",
                "wanted_to": f"{day}{WANTED_TO}",
                "channel": "CHANNEL_PORTAL",
            },
        )
        town.quiet()
        order = town.get(f"/v1/orders/{placed['order_id']}", hotline)
        if order["state"] == "STATE_ASSIGNED":
            town.post(f"/v1/orders/{order['order_id']}:accept", _worker(town, order), {})
            town.quiet()
            return order
    raise AssertionError("no worker was offered any of the orders")
