"""The verbs of a city on one machine. Only a checkout has what they start, so they import it when
they are called.
"""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import psutil
import typer

from city.cli.options import NOT_RUNNING, STATE, WRONG, StateOption, checkout
from city.names import DEFAULT_PORT
from city.operations.status import ServiceStatus, status_of
from city.terminal import console, say

if TYPE_CHECKING:
    from city.box.facts import CityFacts
    from city.box.foreground import Demo
    from city.box.options import CityOptions

PAUSE_S = 5.0  # from one failover to the next
LEAST_BROKERS = 3  # with which one of them may die

app = typer.Typer()

KafkaOption = Annotated[
    str,
    typer.Option("--kafka", help="auto, apache, memory, or HOST:PORT of brokers that run already."),
]
PostgresOption = Annotated[
    str | None,
    typer.Option("--postgres", help="DSN of a role that may make databases; default: embedded."),
]
PortOption = Annotated[
    int,
    typer.Option(
        "--port", help="Port of the gateway; where it is in use another one is taken and printed."
    ),
]
BrokersOption = Annotated[
    int,
    typer.Option(
        "--brokers", min=1, max=9, help="Brokers of the embedded Apache Kafka; up to three copies."
    ),
]
StandbyOption = Annotated[
    bool, typer.Option("--standby", help="Two embedded PostgreSQL; every commit lies on both.")
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="Empty the state folder first.")]


@app.command()
def up(
    state: StateOption = STATE,
    kafka: KafkaOption = "auto",
    postgres: PostgresOption = None,
    port: PortOption = DEFAULT_PORT,
    brokers: BrokersOption = 1,
    standby: StandbyOption = False,
    fresh: FreshOption = False,
) -> None:
    """Run the city until Ctrl-C: PostgreSQL, Kafka, migrations, topics, every service."""
    with checkout("`eldercare up`"):
        from city.box.options import CityOptions

        options = CityOptions(kafka, postgres, port, brokers, standby)
        _run(state, options, fresh=fresh)


@app.command()
def demo(
    state: StateOption = Path(".state/demo"),
    kafka: KafkaOption = "auto",
    postgres: PostgresOption = None,
    port: PortOption = DEFAULT_PORT,
    elders: Annotated[int, typer.Option(min=1)] = 5000,
    days: Annotated[int, typer.Option(min=1)] = 30,
    seed: int = 1,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help="End afterwards; exit code 0 only if every indicator equals the truth."
        ),
    ] = False,
    kill: Annotated[
        float | None,
        typer.Option(
            help="Kill one part after the other, each so many seconds after the last is back."
        ),
    ] = None,
    failover: Annotated[
        bool,
        typer.Option("--failover", help="Kill only a broker and the PostgreSQL primary, at once."),
    ] = False,
    brokers: BrokersOption = 1,
    standby: StandbyOption = False,
    replicas: Annotated[
        int, typer.Option("--replicas", min=1, max=4, help="Processes of each service.")
    ] = 1,
    upgrade: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            help=(
                "Folders of two releases: begin with the first, replace its processes by the "
                "second."
            )
        ),
    ] = None,
) -> None:
    """Run a fresh city, let a synthetic one act in it for some days, compare its truth with the
    board.
    """
    if failover and not (standby and brokers >= LEAST_BROKERS):
        raise typer.BadParameter(
            "needs --brokers 3 and --standby: otherwise the city dies with its only server",
            param_hint="--failover",
        )
    pause = PAUSE_S if failover and kill is None else kill
    before, after = upgrade or (None, None)
    many = max(replicas, 2) if upgrade else replicas
    with checkout("`eldercare demo`"):
        from city.box.foreground import Demo
        from city.box.options import CityOptions

        options = CityOptions(kafka, postgres, port, brokers, standby, many, before)
        acting = Demo(elders, days, seed, once, pause, failover, after)
        _run(state, options, fresh=True, demo=acting)


@app.command()
def simulate(
    state: StateOption = STATE,
    elders: Annotated[int, typer.Option(min=1)] = 5000,
    days: Annotated[int, typer.Option(min=1)] = 30,
    seed: int = 1,
) -> None:
    """Let the synthetic city act in the city that runs on this state folder."""
    gateway = _city(state)["gateway"]
    from city.box.simulation import simulate as act

    folder = state.absolute()
    raise typer.Exit(asyncio.run(act(gateway, folder, elders=elders, days=days, seed=seed)))


@app.command()
def status(
    state: StateOption = STATE, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Show the running city; exit code 0 if all of it is ready, 1 if not, 3 if it does not run."""
    facts = _city(state)
    services: dict[str, ServiceStatus] = {
        name: status_of(child["management"]) or {}
        for name, child in facts["children"].items()
        if child["management"]
    }
    if as_json:
        print(json.dumps({**facts, "services": services}, indent=1))
    else:
        from city.box.board import board

        console.print(board(facts, services))
        for name, child in facts["children"].items():
            if child["reason"]:
                say(f"{name}: {child['reason']}")
    raise typer.Exit(0 if facts["ready"] else 1)


@app.command()
def down(state: StateOption = STATE, timeout: float = 120) -> None:
    """End the running city in good order."""
    supervisor = psutil.Process(_city(state)["pid"])
    supervisor.send_signal(signal.SIGTERM)
    try:
        supervisor.wait(timeout)
    except psutil.TimeoutExpired:
        say(f"the city (pid {supervisor.pid}) did not end within {timeout:.0f} s")
        raise typer.Exit(1) from None


@app.command()
def logs(service: Annotated[str, typer.Argument()] = "", state: StateOption = STATE) -> None:
    """Follow the log of one process of the city, or of all."""
    folder = state.absolute() / "logs"
    files = [folder / f"{service}.log"] if service else sorted(folder.glob("*.log"))
    if not files or not all(file.exists() for file in files):
        say(f"no log of {service or 'a city'} in {folder}")
        raise typer.Exit(1)
    os.execvp("tail", ["tail", "-n", "50", "-F", *map(str, files)])


@app.command()
def check(state: StateOption = STATE) -> None:
    """Prove that nothing vanished: per partition, next − begin = applied + repeated + foreign +
    waiting + parked + held + gaps.
    """
    facts = _city(state)
    from city.box.facts import unbalanced

    differences = unbalanced(facts)
    for line in differences or ["every record of every partition is accounted for"]:
        say(line)
    raise typer.Exit(1 if differences else 0)


@app.command()
def bench(name: Annotated[str, typer.Argument()] = "") -> None:
    """Measure; the last line is one JSON object. Without a name: the names of all benchmarks."""
    with checkout("`eldercare bench`"):
        from benchmarks.registry import BENCHES
    if not name:
        say("\n".join(BENCHES))
        raise typer.Exit
    if name not in BENCHES:
        say(f"name: {name} is none of {', '.join(BENCHES)}")
        raise typer.Exit(WRONG)
    print(json.dumps(BENCHES[name]()))


@app.command()
def revision(service: str, message: str) -> None:
    """Write the migration that leads from the newest revision of a service to its tables."""
    with checkout("`eldercare revision`"):
        from devservers.new_revision import main
    raise typer.Exit(main([service, message]))


def _run(
    state: Path, options: "CityOptions", *, fresh: bool, demo: "Demo | None" = None
) -> NoReturn:
    from kit.runtime import collector

    collector.rest()
    from city.box.foreground import run
    from city.box.state import State

    collector.resume()
    raise typer.Exit(run(State(state), options, fresh=fresh, demo=demo))


def _city(state: Path) -> "CityFacts":
    """The running city; ends the program where none runs."""
    with checkout("a state folder"):
        from city.box.state import State
    facts = State(state).city()
    if facts is None:
        say(f"no city runs on {state}")
        raise typer.Exit(NOT_RUNNING)
    return facts
