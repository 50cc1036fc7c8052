"""Who reads or moves the whole archive in several transactions does so alone."""

from kit.contracts.refusals import Conflict

LOCK = 0xDA7A  # advisory lock


class RebuildRuns(Conflict):
    """A rebuild is under way already, or days of the archive are being exported or imported."""
