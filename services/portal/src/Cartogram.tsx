import { useEffect, useMemo, useRef, useState } from "react"
import type { Board, Indicator } from "./api"
import { COLOURS, byCode, number, state, text, unit } from "./figures"
import { squares } from "./squares"
import { type Language, say } from "./words"

// Squares coloured by one indicator; a click goes into the area.
export function Cartogram({
  board,
  indicator,
  language,
  enter,
}: {
  board: Board
  indicator: Indicator | undefined
  language: Language
  enter: (code: string) => void
}) {
  const holder = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 640, height: 420 })
  useEffect(() => {
    const seen = new ResizeObserver(([entry]) => {
      if (entry)
        setSize({
          width: Math.max(280, entry.contentRect.width),
          height: Math.max(280, entry.contentRect.height),
        })
    })
    if (holder.current) seen.observe(holder.current)
    return () => seen.disconnect()
  }, [])
  const laid = useMemo(() => squares(board.parts, size.width, size.height), [board.parts, size])
  if (!board.parts.length)
    return (
      <div ref={holder} className="cartogram empty">
        {say(language, "deepest")}
      </div>
    )
  return (
    <div ref={holder} className="cartogram">
      <svg width={size.width} height={size.height} role="group" aria-label={say(language, "map")}>
        {laid.map(({ part, x, y, side }) => {
          const figure = byCode(part.figures).get(indicator?.code ?? "")
          const shown = `${text(figure, indicator)}${unit(indicator, language)}`
          const letters = Math.max(
            11,
            Math.min(16, (side - 6) / Math.min(6, part.area.name.length)),
          )
          const room = Math.floor((side - 4) / letters)
          const label = room < 2 ? "" : part.area.name.slice(0, room)
          return (
            <g
              key={part.area.area_code}
              className="square"
              tabIndex={0}
              role="button"
              aria-label={`${part.area.name} ${shown}`}
              onClick={() => enter(part.area.area_code)}
              onKeyDown={event => event.key === "Enter" && enter(part.area.area_code)}
            >
              <title>{`${part.area.name} · ${number(part.area.elders)} ${say(language, "elders")} · ${shown}`}</title>
              <rect
                x={x - side / 2}
                y={y - side / 2}
                width={side}
                height={side}
                rx={6}
                fill={COLOURS[state(figure, indicator)]}
              />
              <text x={x} y={y - (side > 40 ? 4 : -4)} fontSize={letters} textAnchor="middle">
                {label}
              </text>
              {side > 40 && (
                <text
                  x={x}
                  y={y + letters}
                  fontSize={letters}
                  textAnchor="middle"
                  className="strong"
                >
                  {shown}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </div>
  )
}
