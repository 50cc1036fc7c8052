import type { Language } from "../shared/messages"
import type { Figure, Indicator } from "./api"
import {
  COLOURS,
  formatNumber,
  formatTarget,
  formatValue,
  indicatorName,
  statusOf,
  unitSuffix,
} from "./format"

// A key figure: a click on the card selects it, a click on the value leads to its lineage.
export function IndicatorCard({
  indicator,
  figure,
  language,
  selected,
  onSelect,
  onTrace,
}: {
  indicator: Indicator
  figure: Figure | undefined
  language: Language
  selected: boolean
  onSelect: () => void
  onTrace: () => void
}) {
  return (
    <article
      className={`card ${selected ? "chosen" : ""}`}
      style={{ borderTopColor: COLOURS[statusOf(figure, indicator)] }}
    >
      <h3>
        <button type="button" className="select" onClick={onSelect}>
          {indicatorName(indicator, language)}
        </button>
      </h3>
      <button type="button" className="value" onClick={onTrace}>
        {formatValue(figure, indicator)}
        <small>{figure?.value === undefined ? "" : unitSuffix(indicator, language)}</small>
      </button>
      <p>{formatTarget(indicator, language)}</p>
      {figure && figure.denominator !== "0" && (
        <p className="pair">
          {formatNumber(figure.numerator)} / {formatNumber(figure.denominator)}
        </p>
      )}
    </article>
  )
}
