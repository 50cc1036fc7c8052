// Whether a figure reaches its target, and the mark that says so beside the colour.
import type { Figure, Indicator } from "./api"

// open: things of the month may still come due; watch: no target; none: no value.
export type Status = "good" | "near" | "bad" | "open" | "watch" | "none"

type Judged = Pick<Figure, "value" | "open_to">
type Aim = Pick<Indicator, "target" | "target_sense">

const NEAR = 0.05 // of the target: 5 points of 95 % are little, and of 1 % more than all

export function statusOf(figure: Judged | undefined, indicator: Aim | undefined): Status {
  if (figure?.value === undefined) return "none"
  if (indicator?.target === undefined || !indicator.target_sense) return "watch"
  if (figure.open_to) return "open"
  const margin =
    indicator.target_sense === "at least"
      ? figure.value - indicator.target
      : indicator.target - figure.value
  if (margin >= 0) return "good"
  return margin > -NEAR * indicator.target ? "near" : "bad"
}

const MOST_DECIMALS = 3

// So many that a value is not written as one on the other side of its target: 99.96 % are no 100 %.
export function decimalsOf(value: number, indicator: Aim | undefined): number {
  const target = indicator?.target
  const sideOf = (one: number) => Math.sign(one - (target ?? one))
  let decimals = 1
  while (
    decimals < MOST_DECIMALS &&
    sideOf(Number(value.toFixed(decimals))) !== sideOf(value) &&
    target !== undefined
  )
    decimals++
  return decimals
}

export const COLOURS: Record<Status, string> = {
  good: "#2fbf71",
  near: "#e0a030",
  bad: "#e5484d",
  open: "#8d7bd8",
  watch: "#4c8dff",
  none: "#5b6578",
}

// The same as ink on the board's panels: with a contrast of 4.5 : 1 at least.
export const INKS: Record<Status, string> = {
  ...COLOURS,
  bad: "#ff8a8d",
  open: "#a99bf0",
  watch: "#6fa3ff",
  none: "#9fb0cc",
}

// Told apart without colour, too.
export const MARKS: Record<Status, string> = {
  good: "✓",
  near: "▲",
  bad: "✕",
  open: "◷",
  watch: "○",
  none: "–",
}

export const STATUSES = Object.keys(MARKS) as Status[]
