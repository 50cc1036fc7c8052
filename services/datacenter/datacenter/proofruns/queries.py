"""Reads runs of proofs."""

from uuid import UUID

from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter import months
from datacenter.proofruns.tables import ProofRun
from datacenter.proofs import queries as proofs
from datacenter.proofs.tables import Proof
from kit.contracts import wire
from kit.db.store import Session
from kit.security.access import Caller


async def run(session: Session, question: pb.GetProofRun, caller: Caller) -> pb.ProofRun:
    """One run within the caller's area. Raises: NotFound."""
    row = await session.get_seen(ProofRun, UUID(question.run_id), caller, area="area_code")
    return await described(session, row, caller)


async def described(session: Session, row: ProofRun, caller: Caller) -> pb.ProofRun:
    """A run with its proof, where there is one."""
    proof = await session.get(Proof, row.proof_id) if row.proof_id else None
    return wire.message(
        pb.ProofRun,
        row,
        month=months.text(row.month),
        proof=await proofs.described(session, caller, proof, row.area_code) if proof else None,
    )
