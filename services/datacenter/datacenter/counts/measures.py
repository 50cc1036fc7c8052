"""What is counted: the measures that are declared, and of the parts by dimensions those that a
figure names. Each has a column of the counts.
"""

from datacenter.indicators.catalogue import named_measures
from datacenter.subjects.compiled import Compiled

COMPILED = Compiled(named_measures())
MEASURES = COMPILED.measures
STOCKS = tuple(measure for measure in MEASURES if measure.is_stock)
FLOWS = tuple(measure for measure in MEASURES if not measure.is_stock)
COLUMNS = tuple(measure.column for measure in MEASURES)
