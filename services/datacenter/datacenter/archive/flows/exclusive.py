"""Who reads or moves the whole archive in several transactions does so alone."""

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict

LOCK = 0xDA7A  # advisory lock


class RebuildRuns(Conflict):
    """A rebuild is under way already, or days of the archive are being exported or imported."""

    text = Phrase(
        "a rebuild, an export or an import of the archive is under way",
        "归档正在重建、导出或导入，请完成后再试",
    )
