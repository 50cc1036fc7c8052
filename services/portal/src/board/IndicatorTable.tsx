import { dimensionName, type Language, t } from "../shared/messages"
import type { Figure, Indicator } from "./api"
import {
  formatDenominator,
  formatNumerator,
  formatTarget,
  formatValue,
  indicatorFormula,
  indicatorName,
  targetAuthority,
} from "./format"
import { INKS, statusOf } from "./judging"
import { Mark, Notes } from "./Notes"

// Every indicator of the catalogue with the area's figure.
export function IndicatorTable({
  indicators,
  figures,
  language,
  selected,
  onSelect,
  onTrace,
}: {
  indicators: Indicator[]
  figures: Map<string, Figure>
  language: Language
  selected: string
  onSelect: (code: string) => void
  onTrace: (code: string) => void
}) {
  return (
    <div className="scroll">
      <table className="all">
        <thead>
          <tr>
            <th>{t(language, "dimension")}</th>
            <th>{t(language, "indicator")}</th>
            <th>{t(language, "value")}</th>
            <th>{t(language, "numerator")}</th>
            <th>{t(language, "denominator")}</th>
            <th>{t(language, "target")}</th>
            <th>{t(language, "formula")}</th>
          </tr>
        </thead>
        <tbody>
          {indicators.map(indicator => {
            const figure = figures.get(indicator.code)
            const status = statusOf(figure, indicator)
            return (
              <tr key={indicator.code} className={indicator.code === selected ? "chosen" : ""}>
                <td>{dimensionName(language, indicator.dimension)}</td>
                <th>
                  <button type="button" onClick={() => onSelect(indicator.code)}>
                    {indicator.code} {indicatorName(indicator, language)}
                  </button>
                </th>
                <td style={{ color: INKS[status] }}>
                  <Mark status={status} language={language} />{" "}
                  <button type="button" onClick={() => onTrace(indicator.code)}>
                    {formatValue(figure, indicator, language)}
                  </button>
                  <Notes figure={figure} indicator={indicator} language={language} />
                </td>
                <td>{formatNumerator(figure, indicator, language)}</td>
                <td>{formatDenominator(figure, indicator, language)}</td>
                <td>
                  {formatTarget(indicator, language)}
                  <small className="note">{targetAuthority(indicator, language)}</small>
                </td>
                <td className="formula">{indicatorFormula(indicator, language)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
