"""Runs of proofs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field

from datacenter.proofruns.rules import RunState
from kit.db.tables import TableBase


class ProofRun(TableBase, table=True):
    """A proof that somebody asked for."""

    __tablename__ = "proof_run"
    __table_args__ = (Index("proof_run_state_ix", "state", "run_id"),)

    run_id: UUID = Field(primary_key=True)
    area_code: str = Field(sa_type=Text)
    month: int
    state: RunState = RunState.WAITING
    events: int = Field(default=0, sa_type=BigInteger, description="read so far")
    of_events: int = Field(sa_type=BigInteger, description="in the archive when it was asked for")
    reason: str = Field(default="", sa_type=Text, description="why it failed")
    proof_id: UUID | None = Field(default=None, foreign_key="proof.proof_id")
    asked_at: datetime = Field(description="business instant")
    beat_at: datetime | None = Field(
        default=None, description="real time of the last progress; whose is old was left behind"
    )
