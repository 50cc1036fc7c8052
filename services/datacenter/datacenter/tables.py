"""All tables of this service; the migrations compare a database with them."""

from datacenter.archive import tables as archive
from datacenter.counts import tables as counts
from datacenter.proofruns import tables as proofruns
from datacenter.proofs import tables as proofs

__all__ = ["archive", "counts", "proofruns", "proofs"]
