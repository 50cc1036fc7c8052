import { type Language, t } from "../shared/messages"
import type { Board, Indicator } from "./api"
import { figuresByCode, formatElders, formatValue, indicatorName } from "./format"
import { INKS, statusOf } from "./judging"
import { Mark, Notes } from "./Notes"

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
                <td>{formatElders(area, language)}</td>
                {indicators.map(indicator => {
                  const figure = byCode.get(indicator.code)
                  const status = statusOf(figure, indicator)
                  return (
                    <td key={indicator.code} style={{ color: INKS[status] }}>
                      <Mark status={status} language={language} />{" "}
                      <button type="button" onClick={() => onTrace(indicator.code, area.area_code)}>
                        {formatValue(figure, indicator, language)}
                      </button>
                      <Notes figure={figure} indicator={indicator} language={language} />
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
