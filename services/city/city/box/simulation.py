"""Lets the synthetic city act through the gateway of a running city."""

import asyncio
import os
import sys
from pathlib import Path

from city.box.services import SIMULATOR
from city.box.state import State
from devservers.process import dying_with_us


async def simulate(gateway: str, folder: Path, *, elders: int, days: int, seed: int) -> int:
    """Runs `python -m simulator`, which writes its progress and its comparison to our terminal; it
    dies with us.

    folder: the state folder, where it finds its credentials and leaves its findings. Returns 0 when
    every indicator of the board equals the truth.
    """
    arguments = ["--gateway", gateway, "--state", str(folder)]
    for name, number in (("elders", elders), ("days", days), ("seed", seed)):
        arguments += [f"--{name}", str(number)]
    variables = {**os.environ, "CLIENT_SECRET": State(folder).secret(f"{SIMULATOR}.client")}
    command = dying_with_us([sys.executable, "-m", "simulator", *arguments])
    child = await asyncio.create_subprocess_exec(*command, env=variables, start_new_session=True)
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
