import { useEffect, useMemo, useRef, useState } from "react"
import { type Language, t } from "../shared/messages"
import type { Board, Indicator } from "./api"
import { COLOURS, figuresByCode, formatNumber, formatValue, statusOf, unitSuffix } from "./format"
import { layOut } from "./squares"

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
  if (!board.parts.length)
    return (
      <div ref={container} className="cartogram empty">
        {t(language, "lowestLevel")}
      </div>
    )
  return (
    <div ref={container} className="cartogram">
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset cannot be a drawing */}
      <svg
        width={size.width}
        height={size.height}
        role="group"
        aria-label={t(language, "cartogram")}
      >
        {squares.map(({ part, x, y, side }) => {
          const figure = figuresByCode(part.figures).get(indicator?.code ?? "")
          const value = `${formatValue(figure, indicator)}${unitSuffix(indicator, language)}`
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
              aria-label={`${part.area.name} ${value}`}
              onClick={() => onEnter(part.area.area_code)}
              onKeyDown={event => event.key === "Enter" && onEnter(part.area.area_code)}
            >
              <title>{`${part.area.name} · ${formatNumber(part.area.elders)} ${t(language, "elders")} · ${value}`}</title>
              <rect
                x={x - side / 2}
                y={y - side / 2}
                width={side}
                height={side}
                rx={6}
                fill={COLOURS[statusOf(figure, indicator)]}
              />
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
                  {value}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </div>
  )
}
