import { type Language, t } from "../shared/messages"
import type { Board, Indicator } from "./api"
import {
  COLOURS,
  figuresByCode,
  formatNumber,
  formatValue,
  indicatorName,
  statusOf,
  unitSuffix,
} from "./format"

// The key figures of each area inside.
export function SubareaTable({
  board,
  indicators,
  language,
  onEnter,
  onTrace,
}: {
  board: Board
  indicators: Indicator[]
  language: Language
  onEnter: (area: string) => void
  onTrace: (code: string, area: string) => void
}) {
  if (!board.parts.length) return <p className="loading">{t(language, "lowestLevel")}</p>
  return (
    <div className="scroll">
      <table className="parts">
        <thead>
          <tr>
            <th>{t(language, "area")}</th>
            <th>{t(language, "elders")}</th>
            {indicators.map(indicator => (
              <th key={indicator.code}>{indicatorName(indicator, language)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {board.parts.map(({ area, figures }) => {
            const byCode = figuresByCode(figures)
            return (
              <tr key={area.area_code}>
                <th>
                  <button type="button" onClick={() => onEnter(area.area_code)}>
                    {area.name}
                  </button>
                </th>
                <td>{formatNumber(area.elders)}</td>
                {indicators.map(indicator => {
                  const figure = byCode.get(indicator.code)
                  return (
                    <td
                      key={indicator.code}
                      style={{ color: COLOURS[statusOf(figure, indicator)] }}
                    >
                      <button type="button" onClick={() => onTrace(indicator.code, area.area_code)}>
                        {formatValue(figure, indicator)}
                        {figure?.value === undefined ? "" : unitSuffix(indicator, language)}
                      </button>
                    </td>
                  )
                })}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
