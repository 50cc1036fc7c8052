"""scenarios/*.yaml: what happens to people and money, in domain words."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from eldercare.subsidy.v1.api_pb2 import ReapplyForEntitlement, RefuseEntitlement, ReserveVoucher

from kit.contracts import ids
from kit.contracts.money import fen
from kit.db.store import Session, Store
from kit.rpc.methods import Call
from subsidy.entitlements.flows.refusing import reapply, refuse
from subsidy.entitlements.rules import State
from subsidy.holds import flows as holds
from subsidy.ledger.rules import Account
from subsidy.policies.rules import Cause
from subsidy.replicas.rules import Hardship, Status
from subsidy.settings import GROUP
from subsidy.testing import (
    VILLAGE,
    a_call,
    a_cancellation,
    a_refused_audit,
    a_rejection,
    a_withdrawal,
    an_appeal,
    an_application,
    an_approval,
    an_audit,
    an_elder,
    an_order,
    an_organisation,
)
from testkit.delivery import deliver, fire

FILES = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))
SCENARIOS = [
    scenario for file in FILES for scenario in yaml.load(file.read_text("utf-8"), yaml.BaseLoader)
]
Rows = Callable[..., Awaitable[list[dict[str, Any]]]]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
async def test_scenario(
    scenario: dict[str, Any], city: Store, rows: Rows, at: Callable[[str], datetime]
) -> None:
    world = World(city, rows, at)
    await world.payee()
    await fire(city, GROUP)

    for step in scenario["when"]:
        ((verb, words),) = step.items()
        await getattr(world, verb)(**words if isinstance(words, dict) else {"moment": words})
        await fire(city, GROUP)

    for what, expected in scenario["then"].items():
        assert await getattr(world, f"read_{what}")(expected) == expected, what
    assert await world.unbalanced() == []


class World:
    """Domain words as facts and calls; amounts are in yuan."""

    def __init__(self, city: Store, rows: Rows, at: Callable[[str], datetime]) -> None:
        self.city = city
        self.rows = rows
        self._at = at
        self.elders: dict[str, UUID] = {}
        self.state: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, tuple[UUID, str, int]] = {}
        self.organisation_id = ids.new()
        self.stated = 0
        self.applications: dict[str, UUID] = {}
        self.rejections: dict[str, UUID] = {}

    async def payee(self) -> None:
        await deliver(self.city, GROUP, an_organisation(self.organisation_id))

    async def at(self, moment: str) -> None:
        self._at(moment)

    async def elder(
        self,
        name: str,
        level: str,
        hardships: tuple[str, ...] = (),
        area: str = VILLAGE,
        valid_from: str = "2026-03-01",
        valid_to: str = "2026-12-01",
        born: str = "1950-05-01",
    ) -> None:
        self.elders[name] = ids.new()
        self.state[name] = {"hardships": [Hardship[one] for one in hardships], "area_code": area}
        self.state[name]["born_on"] = date.fromisoformat(born)
        since = dict.fromkeys(self.state[name]["hardships"], date(2026, 2, 1))
        stated = an_elder(self.elders[name], **self.state[name], since=since)
        await deliver(self.city, GROUP, stated)
        await self.level(name, level, valid_from, valid_to)

    async def level(
        self, name: str, level: str, valid_from: str = "2026-03-01", valid_to: str = "2026-12-01"
    ) -> None:
        days = {
            "valid_from": date.fromisoformat(valid_from),
            "valid_to": date.fromisoformat(valid_to),
        }
        await deliver(
            self.city,
            GROUP,
            an_approval(
                self.elders[name],
                int(level),
                approved_at=self._stated_at(),
                application_id=self.applications.pop(name, None),
                **days,
            ),
        )

    def _stated_at(self) -> datetime:
        """Now, and later than what was told before."""
        self.stated += 1
        return self.city.clock.now() + timedelta(milliseconds=self.stated)

    async def asks(self, name: str) -> None:
        self.applications[name] = ids.new()
        asked = an_application(self.applications[name], self.elders[name], self._stated_at())
        await deliver(self.city, GROUP, asked)

    async def withdraws(self, name: str) -> None:
        withdrawn = a_withdrawal(self.applications.pop(name), self.elders[name], self._stated_at())
        await deliver(self.city, GROUP, withdrawn)

    async def rejected(self, name: str) -> None:
        self.rejections[name] = ids.new()
        about = self.rejections[name], self.applications.pop(name), self.elders[name]
        await deliver(self.city, GROUP, a_rejection(*about, self._stated_at()))

    async def appeals(self, name: str) -> None:
        self.applications[name] = ids.new()
        about = self.rejections.pop(name), self.applications[name], self.elders[name]
        appealed = an_appeal(*about, self._stated_at())
        asked = an_application(self.applications[name], self.elders[name], self._stated_at())
        await deliver(self.city, GROUP, asked, appealed)

    async def changed(
        self, name: str, hardships: list[str], since: str = "", until: str = ""
    ) -> None:
        """since: first day of the hardships; until: first day without those before, which began in
        January; else today.
        """
        before = self.state[name]["hardships"]
        now = [Hardship[one] for one in hardships]
        self.state[name]["hardships"] = now
        end = date.fromisoformat(until or "2199-01-01")
        stated = an_elder(
            self.elders[name],
            **self.state[name],
            since=dict.fromkeys(now, date.fromisoformat(since)) if since else None,
            ended=[(one, date(2026, 1, 1), end) for one in before] if until else (),
        )
        await deliver(self.city, GROUP, stated)

    async def died(self, name: str, on: str) -> None:
        await deliver(
            self.city,
            GROUP,
            an_elder(
                self.elders[name],
                **self.state[name] | {"status": Status.DEAD},
                died_on=date.fromisoformat(on),
            ),
        )

    async def left(self, name: str, on: str) -> None:
        """Moved out of the city, for good."""
        self.state[name] |= {"moved_out_on": date.fromisoformat(on), "status": Status.MOVED_OUT}
        await deliver(self.city, GROUP, an_elder(self.elders[name], **self.state[name]))

    async def alive(self, name: str, since: str) -> None:
        """The death was none."""
        right = date.fromisoformat(since)
        await deliver(
            self.city, GROUP, an_elder(self.elders[name], **self.state[name], effective_on=right)
        )

    async def refuse(self, name: str, policy: str) -> None:
        command = RefuseEntitlement(entitlement_id=await self._newest(name, policy))
        async with self.city.transaction() as session:
            await refuse(session, command, self._own_call(session, name))

    async def reapply(self, name: str, policy: str) -> None:
        command = ReapplyForEntitlement(entitlement_id=await self._newest(name, policy))
        async with self.city.transaction() as session:
            await reapply(session, command, self._own_call(session, name))

    async def _newest(self, name: str, policy: str) -> str:
        asked = """
            select entitlement_id from entitlement where elder_id = $1 and policy_code = $2
            order by entitlement_id desc limit 1"""
        (row,) = await self.rows(asked, self.elders[name], policy)
        return str(row["entitlement_id"])

    def _own_call(self, session: Session, name: str) -> Call:
        return a_call(session, "elder", elder_ids=frozenset({str(self.elders[name])}))

    async def reserve(
        self, name: str, order: str, price: str, institution: str = "false", month: str = ""
    ) -> None:
        order_id = self.orders[order][0] if order in self.orders else ids.new()
        month = month or f"{self.city.clock.today():%Y-%m}"
        command = ReserveVoucher(
            order_id=str(order_id),
            elder_id=str(self.elders[name]),
            month=month,
            price_fen=fen(price),
            institution=institution == "true",
        )
        async with self.city.transaction() as session:
            reservation = await holds.reserve(session, command, self.city.clock.real())
        self.orders[order] = order_id, name, reservation.reserved_fen

    async def order(self, name: str, order: str, price: str, institution: str = "false") -> None:
        await self.reserve(name, order, price, institution)
        order_id, _, held_fen = self.orders[order]
        await deliver(
            self.city,
            GROUP,
            an_order(order_id, self.elders[name], held_fen, wanted_from=self.city.clock.now()),
        )

    async def placed(self, name: str, order: str, voucher: str) -> None:
        await deliver(
            self.city,
            GROUP,
            an_order(
                self.orders[order][0],
                self.elders[name],
                fen(voucher),
                wanted_from=self.city.clock.now(),
            ),
        )

    async def cancel(self, order: str) -> None:
        order_id, name, _ = self.orders[order]
        await deliver(self.city, GROUP, a_cancellation(order_id, self.elders[name]))

    async def audit(self, order: str, visited: str = "") -> None:
        order_id, name, held_fen = self.orders[order]
        whose = order_id, self.elders[name], self.organisation_id, held_fen
        visited_on = date.fromisoformat(visited) if visited else None
        await deliver(
            self.city,
            GROUP,
            an_audit(
                *whose,
                approved_at=self.city.clock.now(),
                settlement_id=order_id,
                visited_on=visited_on,
            ),
        )

    async def refuse_audit(self, order: str) -> None:
        order_id, name, held_fen = self.orders[order]
        await deliver(
            self.city,
            GROUP,
            a_refused_audit(order_id, self.elders[name], self.organisation_id, held_fen),
        )

    async def sweep(self, moment: str) -> None:
        async with self.city.transaction() as session:
            await holds.expire(session, self.city.clock.real() + timedelta(hours=1), 10)

    async def read_entitlements(self, expected: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in expected:
            found[name] = {}
            newest = "select * from entitlement where elder_id = $1 order by entitlement_id"
            for row in await self.rows(newest, self.elders[name]):
                state = State(row["state"]).name.lower() + (
                    f" {Cause(row['cause']).name}" if row["cause"] else ""
                )
                found[name][row["policy_code"]] = [state, _yuan(row["monthly_fen"])]
        return found

    async def read_ended(self, expected: dict[str, str]) -> dict[str, str]:
        asked = "select distinct valid_to from entitlement where elder_id = $1"
        return {
            name: ", ".join(
                str(row["valid_to"]) for row in await self.rows(asked, self.elders[name])
            )
            for name in expected
        }

    async def read_vouchers(self, expected: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in expected:
            issued = await self.rows(
                "select * from voucher where elder_id = $1 order by month", self.elders[name]
            )
            found[name] = {
                row["month"]: {
                    kind: _yuan(row[f"{kind}_fen"])
                    for kind in ("issued", "reserved", "captured", "lapsed")
                    if row[f"{kind}_fen"]
                }
                for row in issued
            }
        return found

    async def read_held(self, expected: dict[str, Any]) -> dict[str, Any]:
        found = {
            row["order_id"]: row["held_fen"]
            for row in await self.rows("select order_id, held_fen from hold where state in (1, 2)")
        }
        return {order: _yuan(found.get(self.orders[order][0], 0)) for order in expected}

    async def read_owed(self, _: str) -> str:
        (row,) = await self.rows(
            "select coalesce(sum(captured_fen), 0)::bigint as fen from debt"
            " where payment_id is null and reversed_at is null"
        )
        (booked,) = await self.rows(
            "select coalesce(sum(debit_fen - credit_fen), 0)::bigint as fen from "
            "ledger_entry where account = $1",
            Account.OWED,
        )
        assert row == booked
        return _yuan(row["fen"])

    async def read_paid(self, expected: dict[str, Any]) -> dict[str, Any]:
        return {
            name: {
                row["month"]: _yuan(row["paid_fen"])
                for row in await self.rows(
                    "select month, paid_fen from payment where elder_id = $1 order by month",
                    self.elders[name],
                )
            }
            for name in expected
        }

    async def read_recovered(self, expected: dict[str, Any]) -> dict[str, Any]:
        return {
            name: {
                row["month"]: _yuan(row["claimed_fen"])
                for row in await self.rows(
                    "select month, claimed_fen from recovery where elder_id = $1 "
                    "and settlement_id is null and state <> 6 order by month",
                    self.elders[name],
                )
            }
            for name in expected
        }

    async def read_claimed(self, _: str) -> str:
        (row,) = await self.rows(
            "select coalesce(sum(claimed_fen), 0)::bigint as fen from recovery where "
            "settlement_id is not null"
        )
        (booked,) = await self.rows(
            "select coalesce(sum(debit_fen - credit_fen), 0)::bigint as fen from "
            "ledger_entry where account = $1",
            Account.CLAIMS,
        )
        assert row == booked
        return _yuan(row["fen"])

    async def read_settled(self, _: Any) -> list[dict[str, str]]:
        found = await self.rows("select * from payment where kind = 1 order by payment_id")
        return [
            {
                "amount": _yuan(row["paid_fen"]),
                "settlements": str(row["settlements"]),
                "month": row["month"],
                "due": str(row["due_on"]),
                "paid": str(row["paid_on"]),
            }
            for row in found
        ]

    async def unbalanced(self) -> list[dict[str, Any]]:
        return await self.rows(
            "select area_code from ledger_entry group by area_code having sum(debit_fen) "
            "<> sum(credit_fen)"
        )


def _yuan(amount: int) -> str:
    return f"{amount / 100:g}"
