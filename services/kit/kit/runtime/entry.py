"""Runs a service: everything it consists of, from the first signal handler to the last flushed
span.

Importing this module is cheap and `prepare` makes SIGTERM end the process at once, so call it
before importing anything heavy: a process that is PID 1 ignores a signal it has no handler for.
`run` replaces the handler by one that drains.
"""

import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING, TypeVar

from kit.runtime import collector
from kit.runtime.exits import DRAINED, HALTED, MISCONFIGURED

if TYPE_CHECKING:
    from kit.messaging.consumers import Consumers
    from kit.runtime.loops import Loop
    from kit.runtime.parts import Parts
    from kit.runtime.settings import KafkaSettings, Settings

S = TypeVar("S", bound="KafkaSettings")


def _leave(number: int, _: FrameType | None) -> None:
    sys.exit(DRAINED if number == signal.SIGTERM else HALTED + number)


def install_signal_handlers() -> None:
    """Lets SIGTERM and SIGINT end the process for as long as nothing has begun."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)


def prepare() -> None:
    """The first deed of a service that is run: before its heavy imports."""
    install_signal_handlers()
    collector.rest()


def settings(kind: type[S], **given: object) -> S:
    """The settings of this process, given ones over its environment; names what is wrong without
    its value and exits with 2.
    """
    from pydantic import ValidationError

    try:
        return kind.model_validate(given)
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False, include_context=False):
            sys.stderr.write(
                f"setting {'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}\n"
            )
        raise SystemExit(MISCONFIGURED) from None


def run(
    settings: "Settings",
    *,
    servicers: "Callable[[Parts], Sequence[object]] | None" = None,
    group: str | None = None,
    consumers: "Callable[[Parts], Consumers] | None" = None,
    package: str | None = None,
    also: "Sequence[Callable[[Parts], Awaitable[object] | Loop]]" = (),
    status: "Callable[[Parts], Awaitable[dict[str, object]]] | None" = None,
) -> None:
    """Runs the service until a signal or a failure, then exits: 0 drained, 1 failed, 2 a setting is
    wrong, 3 not drained in time.

    servicers: makes what answers gRPC. group: whose `@on` handlers to run, none where absent;
    consumers: makes their reader where the usual one will not do (an archive). package: whose
    migrations the database must be at, by default the service's name. also: coroutines that run as
    long as the service and are cancelled at the drain, or loops (kit.runtime.loops.Loop), which are
    stopped. status: what this service alone has to say at /status.
    """
    install_signal_handlers()
    from kit.messaging.consumers import Consumers
    from kit.runtime.process import Process

    if group is not None and consumers is None:
        named = group

        def consumers(_: "Parts") -> Consumers:
            return Consumers(named, member=settings.member, session_ms=settings.session_ms)

    package = package or settings.service
    collector.resume()
    sys.exit(
        Process(
            settings,
            servicers=servicers,
            consumers=consumers,
            package=package,
            also=also,
            status=status,
        ).main()
    )
