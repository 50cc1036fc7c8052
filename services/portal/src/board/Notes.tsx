import { type Language, t } from "../shared/messages"
import { formatAmount } from "./amounts"
import type { Figure, Indicator } from "./api"
import { formatValue } from "./format"
import { INKS, MARKS, type Status } from "./judging"

// Whether the target is reached, by shape, colour and word.
export function Mark({ status, language }: { status: Status; language: Language }) {
  const word = t(language, status)
  return (
    <span
      className="mark"
      role="img"
      aria-label={word}
      title={word}
      style={{ color: INKS[status] }}
    >
      {MARKS[status]}
    </span>
  )
}

// What makes a figure less than it seems: a month that runs, things not due, records not counted,
// what it was before facts that came late.
export function Notes({
  figure,
  indicator,
  language,
}: {
  figure: Figure | undefined
  indicator: Indicator | undefined
  language: Language
}) {
  return (
    <>
      {notesOf(figure, indicator, language).map(({ kind, text }) => (
        <small key={kind} className={`note ${kind}`}>
          {text}
        </small>
      ))}
    </>
  )
}

export function notesOf(
  figure: Figure | undefined,
  indicator: Indicator | undefined,
  language: Language,
): { kind: string; text: string }[] {
  if (!figure) return []
  const notes: { kind: string; text: string }[] = []
  if (figure.unapplied !== "0")
    notes.push({ kind: "unapplied", text: `⚠ ${t(language, "unapplied", figure.unapplied)}` })
  if (figure.no_data) return notes
  if (figure.unassessed)
    notes.push({
      kind: "unassessed",
      text: `⚠ ${t(language, "unassessed", String(figure.unassessed))}`,
    })
  const limit = indicator?.plausible_to
  if (limit !== undefined && figure.value !== undefined && figure.value > limit)
    notes.push({
      kind: "implausible",
      text: `⚠ ${t(language, "implausible", formatValue({ value: limit }, indicator, language))}`,
    })
  if (figure.running_to)
    notes.push({ kind: "running", text: t(language, "runningTo", figure.running_to) })
  if (figure.open_to && figure.value !== undefined)
    notes.push({ kind: "open", text: t(language, "openTo", figure.open_to) })
  const restated = figure.restated
  if (restated) {
    const before = formatValue({ ...figure, value: restated.value }, indicator, language)
    const facts = t(language, "lateFacts", formatAmount(restated.facts, "count", language))
    const text = `${t(language, "restated", restated.since)} · ${t(language, "restatedFrom", before)} · ${facts}`
    notes.push({ kind: "restated", text })
  }
  return notes
}
