// How a figure is written, and whether it reaches its target.
import type { Figure, Indicator } from "./api"
import type { Language } from "./words"

export type State = "good" | "bad" | "near" | "watch" | "none"

export function text(figure: Figure | undefined, indicator: Indicator | undefined): string {
  if (!figure || figure.value === undefined || figure.value === null) return "—"
  if (indicator?.unit === "count") return number(Math.round(figure.value))
  return figure.value.toFixed(1)
}

// Thousands are told apart by commas in both languages, whatever the browser's own is.
export const number = (value: number | string): string => Number(value).toLocaleString("en-US")

export const unit = (indicator: Indicator | undefined, language: Language): string =>
  indicator?.unit === "%"
    ? "%"
    : indicator?.unit === "per 1000"
      ? language === "zh"
        ? "‰"
        : " per 1000"
      : ""

export function state(figure: Figure | undefined, indicator: Indicator | undefined): State {
  if (!figure || figure.value === undefined || figure.value === null) return "none"
  if (indicator?.target === undefined || indicator.target === null || !indicator.target_sense)
    return "watch"
  const gap =
    indicator.target_sense === "at least"
      ? figure.value - indicator.target
      : indicator.target - figure.value
  return gap >= 0 ? "good" : gap > -5 ? "near" : "bad"
}

export const COLOURS: Record<State, string> = {
  good: "#2fbf71",
  near: "#e0a030",
  bad: "#e5484d",
  watch: "#4c8dff",
  none: "#5b6578",
}

export const byCode = (figures: Figure[]): Map<string, Figure> =>
  new Map(figures.map(figure => [figure.code, figure]))
export const name = (indicator: Indicator, language: Language): string =>
  language === "zh" ? indicator.name_zh : indicator.name_en

const locale = (language: Language): string => (language === "zh" ? "zh-CN" : "en-GB")
export const clock = (moment: Date, language: Language): string =>
  moment.toLocaleTimeString(locale(language))

export function instant(moment: string | undefined, language: Language): string {
  if (!moment) return "—"
  return new Date(moment).toLocaleString(locale(language), {
    timeZone: "Asia/Shanghai",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  })
}
