"""Composition: the only file that constructs."""

from kit.runtime import entry

if __name__ == "__main__":
    entry.prepare()

import gc

from datacenter.archive.jobs import keep_prepared
from datacenter.boards.api import Boards, Indicators
from datacenter.boards.queries import ends_of
from datacenter.counts.consumers import COLLECTED_AFTER, GROUP, keep
from datacenter.counts.flows.renewing import outdated
from datacenter.counts.jobs import keep_renewed
from datacenter.lineage.api import Lineage
from datacenter.proofruns.api import ProofRuns
from datacenter.proofruns.jobs import keep_working, prove_daily
from datacenter.proofs.jobs import keep_measuring
from datacenter.settings import Settings
from kit.messaging.consumers import Consumers
from kit.runtime.parts import Parts


def servicers(parts: Parts, reader: Consumers | None = None) -> list[object]:
    """What answers gRPC. reader: whose lag the board shows."""
    folder = getattr(parts.settings, "archive_files", None)
    return [
        Boards((lambda: ends_of(reader)) if reader is not None else dict),
        Indicators(folder),
        Lineage(),
        ProofRuns(),
    ]


def main() -> None:
    """Runs until a signal."""
    given = entry.settings(Settings)
    gc.set_threshold(*COLLECTED_AFTER)
    reader = Consumers(
        GROUP, archive=keep, batch=given.batch, member=given.member, session_ms=given.session_ms
    )

    async def proofs(parts: Parts) -> None:
        await prove_daily(parts.store, given.city, given.proof_pause, given.archive_files)

    async def asked_for(parts: Parts) -> None:
        await keep_working(parts.store, given.archive_files)

    async def gauges(parts: Parts) -> None:
        await keep_measuring(parts.store, given.city)

    async def partitions(parts: Parts) -> None:
        await keep_prepared(parts.store)

    async def counts(parts: Parts) -> None:
        await keep_renewed(parts.store)

    async def counted(parts: Parts) -> dict[str, object]:
        async with parts.store.reading() as session:
            return {"counts_outdated": await outdated(session)}

    entry.run(
        given,
        servicers=lambda parts: servicers(parts, reader),
        consumers=lambda _: reader,
        also=[proofs, gauges, partitions, counts, asked_for],
        status=counted,
    )


if __name__ == "__main__":
    main()
