import { useEffect, useMemo, useRef, useState } from "react"
import { type Language, t } from "../shared/messages"
import { formatNumber } from "./amounts"
import type { Board, Indicator } from "./api"
import { figuresByCode, formatElders, formatValue } from "./format"
import { COLOURS, MARKS, STATUSES, statusOf } from "./judging"
import { Mark, notesOf } from "./Notes"
import { SHADES, shadeOf, spanOf } from "./shades"
import { drawnAtLeastSize, layOut } from "./squares"

// Squares coloured by one indicator; a click goes into the area.
export function Cartogram({
  board,
  indicator,
  language,
  onEnter,
}: {
  board: Board
  indicator: Indicator | undefined
  language: Language
  onEnter: (code: string) => void
}) {
  const container = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 640, height: 420 })
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry)
        setSize({
          width: Math.max(280, entry.contentRect.width),
          height: Math.max(280, entry.contentRect.height),
        })
    })
    if (container.current) observer.observe(container.current)
    return () => observer.disconnect()
  }, [])
  const squares = useMemo(() => layOut(board.parts, size.width, size.height), [board.parts, size])
  const least = board.area.no_data ? 0 : drawnAtLeastSize(squares)
  const figures = squares.map(({ part }) => figuresByCode(part.figures).get(indicator?.code ?? ""))
  const statuses = new Set(figures.map(figure => statusOf(figure, indicator)))
  const span = statuses.has("watch") ? spanOf(figures.map(figure => figure?.value)) : undefined
  return (
    <div>
      {squares.length > 0 && (
        <p className="legend">
          <span className="size">
            {t(language, "squareSize")}
            {least > 0 && ` · ${t(language, "leastSquare", formatNumber(least))}`}
          </span>
          {STATUSES.filter(status => statuses.has(status)).map(status => (
            <span key={status}>
              <Mark status={status} language={language} /> {t(language, status)}
            </span>
          ))}
          {span && (
            <span className="range">
              {formatValue({ value: span.low }, indicator, language)}{" "}
              <i className="shades" style={{ background: SHADES }} />{" "}
              {formatValue({ value: span.high }, indicator, language)}
            </span>
          )}
        </p>
      )}
      <div ref={container} className={`cartogram ${squares.length ? "" : "empty"}`}>
        {squares.length === 0 ? (
          t(language, "lowestLevel")
        ) : (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a drawing
          <svg
            width={size.width}
            height={size.height}
            role="group"
            aria-label={t(language, "cartogram")}
          >
            {squares.map(({ part, x, y, side }, index) => {
              const figure = figures[index]
              const status = statusOf(figure, indicator)
              const value = formatValue(figure, indicator, language)
              const notes = notesOf(figure, indicator, language).map(note => note.text)
              const said = [value, t(language, status), ...notes].join(" · ")
              const fontSize = Math.max(
                11,
                Math.min(16, (side - 6) / Math.min(6, part.area.name.length)),
              )
              const fitting = Math.floor((side - 4) / fontSize)
              const label = fitting < 2 ? "" : part.area.name.slice(0, fitting)
              return (
                // biome-ignore lint/a11y/useSemanticElements: SVG has no element for a button
                <g
                  key={part.area.area_code}
                  className="square"
                  tabIndex={0}
                  role="button"
                  aria-label={`${part.area.name} ${said}`}
                  onClick={() => onEnter(part.area.area_code)}
                  onKeyDown={event => event.key === "Enter" && onEnter(part.area.area_code)}
                >
                  <title>{`${part.area.name} · ${t(language, "elders")} ${formatElders(part.area, language)} · ${said}`}</title>
                  <rect
                    x={x - side / 2}
                    y={y - side / 2}
                    width={side}
                    height={side}
                    rx={6}
                    fill={
                      status === "watch" && span && figure?.value !== undefined
                        ? shadeOf(figure.value, span)
                        : COLOURS[status]
                    }
                  />
                  {side > 18 && (
                    <text
                      x={x - side / 2 + 4}
                      y={y - side / 2 + 11}
                      fontSize={10}
                      className="shape"
                    >
                      {MARKS[status]}
                    </text>
                  )}
                  <text x={x} y={y - (side > 40 ? 4 : -4)} fontSize={fontSize} textAnchor="middle">
                    {label}
                  </text>
                  {side > 40 && (
                    <text
                      x={x}
                      y={y + fontSize}
                      fontSize={fontSize}
                      textAnchor="middle"
                      className="strong"
                    >
                      {figure?.no_data || figure?.withheld ? MARKS.none : value}
                    </text>
                  )}
                </g>
              )
            })}
          </svg>
        )}
      </div>
    </div>
  )
}
