// How a figure is written, and whether it reaches its target.
import { type Language, t } from "../shared/messages"
import type { Figure, Indicator } from "./api"

export type Status = "good" | "bad" | "near" | "watch" | "none"

export function formatValue(figure: Figure | undefined, indicator: Indicator | undefined): string {
  if (figure?.value === undefined) return "—"
  if (indicator?.unit === "count") return formatNumber(Math.round(figure.value))
  return figure.value.toFixed(1)
}

// Thousands are told apart by commas in both languages, whatever the browser's own is.
export const formatNumber = (value: number | string): string =>
  Number(value).toLocaleString("en-US")

export function unitSuffix(indicator: Indicator | undefined, language: Language): string {
  if (indicator?.unit === "%") return "%"
  if (indicator?.unit === "per 1000") return language === "zh" ? "‰" : " per 1000"
  return ""
}

export function formatTarget(indicator: Indicator, language: Language): string {
  if (indicator.target === undefined || !indicator.target_sense) return t(language, "watchOnly")
  const sense = t(language, indicator.target_sense === "at least" ? "atLeast" : "atMost")
  return `${t(language, "target")} ${sense} ${indicator.target}${unitSuffix(indicator, language)}`
}

export function statusOf(figure: Figure | undefined, indicator: Indicator | undefined): Status {
  if (figure?.value === undefined) return "none"
  if (indicator?.target === undefined || !indicator.target_sense) return "watch"
  const margin =
    indicator.target_sense === "at least"
      ? figure.value - indicator.target
      : indicator.target - figure.value
  if (margin >= 0) return "good"
  return margin > -5 ? "near" : "bad"
}

export const COLOURS: Record<Status, string> = {
  good: "#2fbf71",
  near: "#e0a030",
  bad: "#e5484d",
  watch: "#4c8dff",
  none: "#5b6578",
}

export const figuresByCode = (figures: Figure[]): Map<string, Figure> =>
  new Map(figures.map(figure => [figure.code, figure]))

export const indicatorName = (indicator: Indicator, language: Language): string =>
  language === "zh" ? indicator.name_zh : indicator.name_en

export const indicatorFormula = (indicator: Indicator, language: Language): string =>
  language === "zh" ? indicator.formula_zh : indicator.formula_en

const locale = (language: Language): string => (language === "zh" ? "zh-CN" : "en-GB")

export const formatTime = (moment: Date, language: Language): string =>
  moment.toLocaleTimeString(locale(language))

// moment: RFC 3339; shown in China's time.
export function formatDateTime(moment: string | undefined, language: Language): string {
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
