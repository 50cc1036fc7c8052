// The ends of a chart's axis: so far apart that a small change does not look like a collapse.

const LEAST_POINTS = 10 // of a percentage
const LEAST_SHARE = 0.2 // of the largest value, of any other unit
const LEAST_AMOUNT = 1

// values: those shown, the target among them. Below 0 there is nothing, nor above 100 % where all
// lie below.
export function axisRange(values: number[], unit: string): { min: number; max: number } {
  const low = Math.min(...values)
  const high = Math.max(...values)
  if (!values.length) return { min: 0, max: LEAST_POINTS }
  const least =
    unit === "%" ? LEAST_POINTS : Math.max(LEAST_AMOUNT, LEAST_SHARE * Math.max(...values))
  const span = Math.max(least, (high - low) * 1.1)
  const step = 10 ** Math.floor(Math.log10(span / 5))
  const middle = (low + high) / 2
  let min = Math.floor((middle - span / 2) / step) * step
  let max = Math.ceil((middle + span / 2) / step) * step
  if (min < 0 && low >= 0) {
    max -= min
    min = 0
  }
  if (unit === "%" && max > 100 && high <= 100) {
    min = Math.max(0, min - (max - 100))
    max = 100
  }
  return { min: rounded(min), max: rounded(max) }
}

const rounded = (value: number): number => Number(value.toPrecision(12))
