// How a figure is written.
import { areaTypeName, type Language, t } from "../shared/messages"
import { formatAmount } from "./amounts"
import type { Area, Figure, Indicator } from "./api"
import { decimalsOf } from "./judging"

type Shown = Partial<Pick<Figure, "value" | "no_data" | "withheld">>

// With its unit.
export function formatValue(
  figure: Shown | undefined,
  indicator: Indicator | undefined,
  language: Language,
): string {
  return formatBareValue(figure, indicator, language) + valueSuffix(figure, indicator, language)
}

export function formatBareValue(
  figure: Shown | undefined,
  indicator: Indicator | undefined,
  language: Language,
): string {
  if (figure?.no_data) return t(language, "noData")
  if (figure?.withheld) return t(language, "tooFew")
  if (figure?.value === undefined) return "—"
  if (indicator?.unit === "fen") return formatAmount(figure.value, "fen", language)
  if (indicator?.unit === "count") return formatAmount(Math.round(figure.value), "count", language)
  return figure.value.toFixed(decimalsOf(figure.value, indicator))
}

export const valueSuffix = (
  figure: Shown | undefined,
  indicator: Indicator | undefined,
  language: Language,
): string => (figure?.value === undefined ? "" : unitSuffix(indicator, language))

export const formatNumerator = (
  figure: Figure | undefined,
  indicator: Indicator,
  language: Language,
): string =>
  figure && !figure.no_data && !figure.withheld
    ? formatAmount(figure.numerator, indicator.numerator_unit, language)
    : "—"

export const hasDenominator = (figure: Figure | undefined): figure is Figure =>
  figure !== undefined && !figure.no_data && figure.denominator !== "0"

export const formatDenominator = (
  figure: Figure | undefined,
  indicator: Indicator,
  language: Language,
): string =>
  hasDenominator(figure)
    ? formatAmount(figure.denominator, indicator.denominator_unit, language)
    : "—"

export const formatElders = (area: Area, language: Language): string =>
  area.no_data ? t(language, "noData") : formatAmount(area.elders, "count", language)

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

export const targetAuthority = (indicator: Indicator, language: Language): string =>
  language === "zh" ? indicator.authority_zh : indicator.authority_en

export const figuresByCode = (figures: Figure[]): Map<string, Figure> =>
  new Map(figures.map(figure => [figure.code, figure]))

export const indicatorName = (indicator: Indicator, language: Language): string =>
  language === "zh" ? indicator.name_zh : indicator.name_en

// With the kinds of areas that it names and nobody has listed.
export function indicatorFormula(indicator: Indicator, language: Language): string {
  const formula = language === "zh" ? indicator.formula_zh : indicator.formula_en
  const kinds = indicator.unlisted_area_types.map(kind => areaTypeName(language, kind))
  if (!kinds.length) return formula
  const [open, close] = language === "zh" ? ["（", "）"] : [" (", ")"]
  return `${formula}${open}${t(language, "unlisted", kinds.join(", "))}${close}`
}

export const indicatorSource = (indicator: Indicator, language: Language): string =>
  language === "zh" ? indicator.source_zh : indicator.source

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
