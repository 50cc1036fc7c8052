import { dimensionName, type Language, t } from "../shared/messages"
import type { Figure, Indicator } from "./api"
import {
  COLOURS,
  formatNumber,
  formatTarget,
  formatValue,
  indicatorFormula,
  indicatorName,
  statusOf,
  unitSuffix,
} from "./format"

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
            return (
              <tr key={indicator.code} className={indicator.code === selected ? "chosen" : ""}>
                <td>{dimensionName(language, indicator.dimension)}</td>
                <th>
                  <button type="button" onClick={() => onSelect(indicator.code)}>
                    {indicator.code} {indicatorName(indicator, language)}
                  </button>
                </th>
                <td style={{ color: COLOURS[statusOf(figure, indicator)] }}>
                  <button type="button" onClick={() => onTrace(indicator.code)}>
                    {formatValue(figure, indicator)}
                    {figure?.value === undefined ? "" : unitSuffix(indicator, language)}
                  </button>
                </td>
                <td>{figure ? formatNumber(figure.numerator) : "—"}</td>
                <td>
                  {figure && figure.denominator !== "0" ? formatNumber(figure.denominator) : "—"}
                </td>
                <td>{formatTarget(indicator, language)}</td>
                <td className="formula">{indicatorFormula(indicator, language)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
