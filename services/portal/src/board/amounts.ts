// How numbers are written, with their units; money comes in fen and is shown in yuan.
import type { Language } from "../shared/messages"

const YUAN: Record<Language, string> = { zh: "元", en: " yuan" }
const FEN_PER_YUAN = 100

// Thousands are told apart by commas in both languages, whatever the browser's own is.
export const formatNumber = (value: number | string): string =>
  Number(value).toLocaleString("en-US")

// unit: `fen`, or one that has no word of its own.
export function formatAmount(value: number | string, unit: string, language: Language): string {
  if (unit !== "fen") return formatNumber(value)
  const yuan = (Number(value) / FEN_PER_YUAN).toLocaleString("en-US", {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  })
  return yuan + YUAN[language]
}
