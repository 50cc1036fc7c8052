// A cartogram of squares: each area near its place, as large as its elders are many, none over another.
import type { Part } from "./api"

export interface Square {
  part: Part
  x: number
  y: number
  side: number
}

// Below how many elders an area is drawn larger than its elders are many; 0 where none is.
export function drawnAtLeastSize(squares: Square[]): number {
  const elders = (square: Square) => Number(square.part.area.elders)
  const most = squares.reduce((a, b) => (elders(b) > elders(a) ? b : a), squares[0] as Square)
  const due = (square: Square) => most.side * Math.sqrt(elders(square) / Math.max(1, elders(most)))
  const enlarged = squares.filter(square => square.side > due(square) * 1.01)
  return enlarged.length ? Math.max(...enlarged.map(elders)) + 1 : 0
}

// Where most areas have no point they are laid out in rows, largest first.
export function layOut(parts: Part[], width: number, height: number): Square[] {
  const elders = parts.reduce((sum, part) => sum + Math.max(1, Number(part.area.elders)), 0)
  const located = parts.filter(part => part.area.lon && part.area.lat).length * 2 > parts.length
  const scale = Math.sqrt(((located ? 0.34 : 0.5) * width * height) / Math.max(1, elders))
  const smallest = Math.min(width, height) / (parts.length > 40 ? 16 : 9)
  const squares = parts.map(part => ({
    part,
    x: 0,
    y: 0,
    side: Math.max(smallest, Math.sqrt(Math.max(1, Number(part.area.elders))) * scale),
  }))
  return located
    ? separate(project(squares, width, height), width, height)
    : arrangeInRows(squares, width, height)
}

function project(squares: Square[], width: number, height: number): Square[] {
  const known = squares.map(square => square.part.area).filter(area => area.lon && area.lat)
  const lons = known.map(area => area.lon)
  const lats = known.map(area => area.lat)
  const [west, east, south, north] = [
    Math.min(...lons),
    Math.max(...lons),
    Math.min(...lats),
    Math.max(...lats),
  ]
  for (const square of squares) {
    const { lon, lat } = square.part.area.lon
      ? square.part.area
      : { lon: (west + east) / 2, lat: (south + north) / 2 } // a zone without a point of its own
    square.x = width * (0.14 + 0.72 * ((lon - west) / Math.max(0.01, east - west)))
    square.y = height * (0.86 - 0.72 * ((lat - south) / Math.max(0.01, north - south)))
  }
  return squares
}

function separate(squares: Square[], width: number, height: number): Square[] {
  for (let round = 0; round < 400; round++) {
    let moved = false
    for (const [index, a] of squares.entries()) {
      for (const b of squares.slice(index + 1)) {
        const reach = (a.side + b.side) / 2 + 4
        const dx = b.x - a.x
        const dy = b.y - a.y
        const overX = reach - Math.abs(dx)
        const overY = reach - Math.abs(dy)
        if (overX <= 0 || overY <= 0) continue
        moved = true
        if (overX < overY) {
          const push = (overX / 2 + 0.1) * (dx < 0 ? -1 : 1)
          a.x -= push
          b.x += push
        } else {
          const push = (overY / 2 + 0.1) * (dy < 0 ? -1 : 1)
          a.y -= push
          b.y += push
        }
      }
    }
    for (const square of squares) {
      square.x = Math.min(width - square.side / 2, Math.max(square.side / 2, square.x))
      square.y = Math.min(height - square.side / 2, Math.max(square.side / 2, square.y))
    }
    if (!moved) break
  }
  return squares
}

function arrangeInRows(squares: Square[], width: number, height: number): Square[] {
  const columns = Math.max(1, Math.ceil(Math.sqrt((squares.length * width) / height)))
  const cell = Math.min(width / columns, height / Math.max(1, Math.ceil(squares.length / columns)))
  const ordered = [...squares].sort((a, b) => b.side - a.side)
  const largest = Math.max(...ordered.map(square => square.side), 1)
  ordered.forEach((square, index) => {
    square.side = Math.max(cell * 0.45, (square.side / largest) * cell * 0.92)
    square.x = (index % columns) * cell + cell / 2 + (width - columns * cell) / 2
    square.y = Math.floor(index / columns) * cell + cell / 2
  })
  return ordered
}
