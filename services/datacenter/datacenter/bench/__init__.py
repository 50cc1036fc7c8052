"""Figures of the data center: `run` how fast one process keeps and counts events;
`datacenter.bench.board` how fast a board opens.
"""

from datacenter.bench.projection import run

__all__ = ["run"]
