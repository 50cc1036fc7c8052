"""The command `eldercare`: a whole city on one machine, and what its operators need."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer

from city import archive, jobs, keys, operations, simulation
from city.backup import verbs
from city.bench import BENCHES
from city.board import board
from city.box import MOST_COPIES, Wishes
from city.foreground import Demo, console, run, say
from city.jobs import NOT_RUNNING, STATE, StateOption
from city.names import DEFAULT_PORT, present
from city.state import State
from city.supervisor import status_of

PAUSE_S = 5.0  # from one failover to the next

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
parked_app = typer.Typer(
    no_args_is_help=True,
    help="Records that could not be applied, and those of the same key behind them.",
)
audit_app = typer.Typer(
    no_args_is_help=True, help="Who looked at whose personal data: records chained by hash."
)
app.registered_commands += jobs.app.registered_commands + verbs.app.registered_commands
app.add_typer(jobs.topics_app, name="topics")
app.add_typer(parked_app, name="parked")
app.add_typer(audit_app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(archive.app, name="archive")

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
        "--port", help="Port of the gateway; another one is taken, and told, if it is in use."
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
    raise typer.Exit(
        run(State(state), Wishes(kafka, postgres, port, brokers, standby), fresh=fresh)
    )


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
    if failover and not (standby and brokers >= MOST_COPIES):
        raise typer.BadParameter(
            "needs --brokers 3 and --standby: else who dies takes the city with it",
            param_hint="--failover",
        )
    pause = PAUSE_S if failover and kill is None else kill
    before, after = upgrade or (None, None)
    wishes = Wishes(
        kafka, postgres, port, brokers, standby, max(replicas, 2) if upgrade else replicas, before
    )
    raise typer.Exit(
        run(
            State(state),
            wishes,
            fresh=True,
            demo=Demo(elders, days, seed, once, pause, failover, after),
        )
    )


@app.command()
def simulate(
    state: StateOption = STATE,
    elders: Annotated[int, typer.Option(min=1)] = 5000,
    days: Annotated[int, typer.Option(min=1)] = 30,
    seed: int = 1,
) -> None:
    """Let the synthetic city act in the city that runs on this state folder."""
    gateway = _city(state)["gateway"]
    raise typer.Exit(
        asyncio.run(
            simulation.simulate(gateway, State(state).folder, elders=elders, days=days, seed=seed)
        )
    )


@app.command()
def status(
    state: StateOption = STATE, as_json: Annotated[bool, typer.Option("--json")] = False
) -> None:
    """Show the running city; exit code 0 if all of it is ready, 1 if not, 3 if it does not run."""
    facts = _city(state)
    told = {
        name: status_of(child["management"]) or {}
        for name, child in facts["children"].items()
        if child["management"]
    }
    if as_json:
        print(json.dumps(facts | {"services": told}, indent=1))
    else:
        console.print(board(facts, told))
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
    folder = State(state).logs
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
    differences = operations.unbalanced(facts)
    for line in differences or ["every record of every partition is accounted for"]:
        say(line)
    raise typer.Exit(1 if differences else 0)


@parked_app.command("list")
def parked_list(service: Annotated[str, typer.Argument()] = "", state: StateOption = STATE) -> None:
    """Show parked records with their reasons."""
    names = [service] if service else list(present())
    raise typer.Exit(max(operations.operate(State(state), name, "parked") for name in names))


@parked_app.command("replay")
def parked_replay(
    service: str,
    topic: Annotated[str, typer.Argument()] = "",
    key: Annotated[str, typer.Argument()] = "",
    state: StateOption = STATE,
) -> None:
    """Let the same handlers try parked records again, in order: all of a service, of one topic, or
    of one key.
    """
    raise typer.Exit(operations.operate(State(state), service, "replay", topic, key))


@parked_app.command("skip")
def parked_skip(
    service: str, topic: str, partition: int, offset: int, state: StateOption = STATE
) -> None:
    """Let the records behind a parked one go on without it: it stays as evidence and is never
    applied.
    """
    raise typer.Exit(
        operations.operate(State(state), service, "skip", topic, str(partition), str(offset))
    )


@parked_app.command("resume")
def parked_resume(service: str, state: StateOption = STATE) -> None:
    """Let a service that stopped since too many records in a row were parked read on when it is
    started.
    """
    raise typer.Exit(operations.operate(State(state), service, "resume"))


@parked_app.command("accept-loss")
def parked_accept_loss(
    service: str,
    topic: str,
    partition: int,
    begin: Annotated[int, typer.Argument(help="Offset at which the log begins now.")],
    state: StateOption = STATE,
) -> None:
    """Let a service that stopped since Kafka deleted records unread go on where the log begins now;
    the deleted ones count as gaps.
    """
    raise typer.Exit(
        operations.operate(State(state), service, "accept-loss", topic, str(partition), str(begin))
    )


@audit_app.command("verify")
def audit_verify(
    service: Annotated[str, typer.Argument()] = "", state: StateOption = STATE
) -> None:
    """Check the hash chain of the audit records of a service, or of all; exit code 1 and the first
    broken position if one was changed.
    """
    names = [service] if service else list(present())
    raise typer.Exit(max(operations.operate(State(state), name, "verify-audit") for name in names))


@app.command()
def resay(aggregate: str, state: StateOption = STATE) -> None:
    """Have the owner of an aggregate say the full state of every one of them again, at its present
    version.
    """
    try:
        service = operations.owner(aggregate)
    except operations.NotOwned as error:
        say(str(error))
        raise typer.Exit(2) from None
    raise typer.Exit(operations.operate(State(state), service, "resay", aggregate))


@app.command()
def bench(name: Annotated[str, typer.Argument(help=", ".join(BENCHES))]) -> None:
    """Measure; the last line is one JSON object."""
    if name not in BENCHES:
        say(f"name: {name} is none of {', '.join(BENCHES)}")
        raise typer.Exit(2)
    print(json.dumps(BENCHES[name]()))


@app.command()
def revision(service: str, message: str) -> None:
    """Write the migration that leads from the newest revision of a service to its tables."""
    raise typer.Exit(
        subprocess.call([sys.executable, "-m", "devservers.new_revision", service, message])
    )


def _city(state: Path) -> dict[str, Any]:
    facts = State(state).city()
    if facts is None:
        say(f"no city runs on {state}")
        raise typer.Exit(NOT_RUNNING)
    return facts


def main() -> None:
    """The entry of the command."""
    app()


if __name__ == "__main__":
    main()
