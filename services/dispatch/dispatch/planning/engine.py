"""Runs the solver in a child process and trusts nothing of what comes back: the checker judges
every plan, and the scan steps in.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import timedelta

from dispatch.planning.rules.checker import Breach, breaches
from dispatch.planning.rules.problem import Plan, Problem
from dispatch.planning.rules.scan import plan_by_scan
from kit.contracts.decoding import decoded_json
from kit.observability.logs import log

LONGEST_LINE_BYTES = 64 * 1024 * 1024
_COMMAND = (sys.executable, "-m", "dispatch.planning.solver")


class SolverBroken(Exception):
    """The child died, overran its time, or answered nonsense; the next problem gets a new child."""


class Engine:
    """Plans counties' days, one at a time.

    budget: what the solver may take for one problem; killed at one and a half of it, and what it
    needs to start on top. command: the child; takes a line of JSON and answers with one.
    """

    def __init__(
        self,
        budget: timedelta,
        *,
        command: tuple[str, ...] = _COMMAND,
        start: timedelta = timedelta(seconds=30),
    ) -> None:
        self._budget_s = budget.total_seconds()
        self._start_s = start.total_seconds()
        self._command = command
        self._child: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def plan(self, problem: Problem) -> Plan:
        """A plan that the checker has passed: the solver's, or the scan's where the solver broke or
        was wrong.
        """
        if not problem.visits or not problem.workers:
            return plan_by_scan(problem)
        solved = await self._solved_rightly(problem)
        if solved is not None:
            return solved
        scanned = await asyncio.to_thread(plan_by_scan, problem)
        if wrong := breaches(problem, scanned):
            raise RuntimeError(f"the scan broke {_names(wrong)}")
        return scanned

    async def solve(self, problem: Problem) -> Plan:
        """The solver's answer, unchecked. Raises: SolverBroken."""
        async with self._lock:
            try:
                return await self._ask(problem)
            except (TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
                await self.close()
                raise SolverBroken(f"{type(error).__name__}: {error}") from error
            except BaseException:
                await self.close()
                raise

    async def close(self) -> None:
        """Ends the child."""
        child = self._child
        self._child = None
        if child is not None:
            if child.returncode is None:
                child.kill()
            await child.wait()

    async def _solved_rightly(self, problem: Problem) -> Plan | None:
        size = {"visits": len(problem.visits), "workers": len(problem.workers)}
        try:
            plan = await self.solve(problem)
            wrong = breaches(problem, plan)
        except SolverBroken as error:
            log.warning("solver broken", error=str(error), **size)
            return None
        if wrong:
            log.warning("plan refused", breaches=_names(wrong), **size)
            return None
        return plan

    async def _ask(self, problem: Problem) -> Plan:
        is_new = self._child is None or self._child.returncode is not None
        if is_new:
            self._child = await self._start()
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise ValueError("the child has no pipes")
        request = {"budget_s": self._budget_s, "problem": asdict(problem)}
        patience_s = self._budget_s * 1.5 + (self._start_s if is_new else 0)
        async with asyncio.timeout(patience_s):
            child.stdin.write(json.dumps(request, default=_plain).encode() + b"\n")
            await child.stdin.drain()
            line = await child.stdout.readline()
        if not line:
            raise ValueError("the child ended without an answer")
        return decoded_json(Plan, line, "plan")

    async def _start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE_BYTES,
        )


def _plain(value: object) -> list[object]:
    if isinstance(value, frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} is no plain data")


def _names(wrong: list[Breach]) -> str:
    return ", ".join(sorted({breach.rule for breach in wrong}))
