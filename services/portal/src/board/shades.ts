// Areas of a figure without a target are told apart by how large it is: the larger, the lighter.

const DARKEST = 28 // lightness, %
const LIGHTEST = 68

export interface Span {
  low: number
  high: number
}

// Of the values that there are; undefined where there is none.
export function spanOf(values: (number | undefined)[]): Span | undefined {
  const known = values.filter(value => value !== undefined)
  return known.length ? { low: Math.min(...known), high: Math.max(...known) } : undefined
}

export function shadeOf(value: number, { low, high }: Span): string {
  const share = high > low ? (value - low) / (high - low) : 0.5
  return `hsl(219 85% ${Math.round(DARKEST + share * (LIGHTEST - DARKEST))}%)`
}

export const SHADES = `linear-gradient(to right, ${shadeOf(0, { low: 0, high: 1 })}, ${shadeOf(1, { low: 0, high: 1 })})`
