import type { Language } from "../shared/messages"
import type { Figure, Indicator } from "./api"
import {
  formatBareValue,
  formatDenominator,
  formatNumerator,
  formatTarget,
  hasDenominator,
  indicatorName,
  targetAuthority,
  valueSuffix,
} from "./format"
import { COLOURS, statusOf } from "./judging"
import { Mark, Notes } from "./Notes"

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
  const status = statusOf(figure, indicator)
  return (
    <article
      className={`card ${selected ? "chosen" : ""}`}
      style={{ borderTopColor: COLOURS[status] }}
    >
      <h3>
        <button type="button" className="select" onClick={onSelect}>
          {indicatorName(indicator, language)}
        </button>
      </h3>
      <button type="button" className="value" onClick={onTrace}>
        {formatBareValue(figure, indicator, language)}
        <small>{valueSuffix(figure, indicator, language)}</small>
      </button>
      <p>
        <Mark status={status} language={language} /> {formatTarget(indicator, language)}
      </p>
      <p className="authority">{targetAuthority(indicator, language)}</p>
      {hasDenominator(figure) && (
        <p className="pair">
          {formatNumerator(figure, indicator, language)} /{" "}
          {formatDenominator(figure, indicator, language)}
        </p>
      )}
      <Notes figure={figure} indicator={indicator} language={language} />
    </article>
  )
}
