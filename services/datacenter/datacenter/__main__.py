"""Composition: the only file that constructs."""

import gc

from datacenter.api import Boards, Indicators, Lineage
from datacenter.consumers import COLLECTED_AFTER, GROUP, keep
from datacenter.flows.archive import keep_prepared
from datacenter.flows.measuring import keep_measuring
from datacenter.flows.proving import prove_daily
from datacenter.flows.renewing import keep_renewed, outdated
from datacenter.queries.boards import ends_of
from datacenter.settings import Settings
from kit.messaging.consumers import Consumers
from kit.runtime import entry
from kit.runtime.parts import Parts


def servicers(parts: Parts, reader: Consumers | None = None) -> list[object]:
    """What answers gRPC. reader: whose lag the board shows."""
    folder = getattr(parts.settings, "archive_files", None)
    return [
        Boards((lambda: ends_of(reader)) if reader is not None else dict),
        Indicators(folder),
        Lineage(),
    ]


def main() -> None:
    """Runs until a signal."""
    told = entry.settings(Settings)
    gc.set_threshold(*COLLECTED_AFTER)
    reader = Consumers(
        GROUP, archive=keep, batch=told.batch, member=told.member, session_ms=told.session_ms
    )

    async def proofs(parts: Parts) -> None:
        await prove_daily(parts.store, told.city, told.proof_pause, told.archive_files)

    async def gauges(parts: Parts) -> None:
        await keep_measuring(parts.store, told.city)

    async def partitions(parts: Parts) -> None:
        await keep_prepared(parts.store)

    async def counts(parts: Parts) -> None:
        await keep_renewed(parts.store)

    async def counted(parts: Parts) -> dict[str, object]:
        async with parts.store.reading() as session:
            return {"counts_outdated": await outdated(session)}

    entry.run(
        told,
        servicers=lambda parts: servicers(parts, reader),
        consumers=lambda _: reader,
        also=[proofs, gauges, partitions, counts],
        status=counted,
    )


if __name__ == "__main__":
    main()
