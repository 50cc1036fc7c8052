import { type Language, t } from "../shared/messages"
import type { Figure } from "./api"
import { COLOURS, MARKS, type Status } from "./judging"

// Whether the target is reached, by shape, colour and word.
export function Mark({ status, language }: { status: Status; language: Language }) {
  const word = t(language, status)
  return (
    <span
      className="mark"
      role="img"
      aria-label={word}
      title={word}
      style={{ color: COLOURS[status] }}
    >
      {MARKS[status]}
    </span>
  )
}

// What makes a figure less than it seems: a month that runs, things not due, records not counted.
export function Notes({ figure, language }: { figure: Figure | undefined; language: Language }) {
  return (
    <>
      {notesOf(figure, language).map(({ kind, text }) => (
        <small key={kind} className={`note ${kind}`}>
          {text}
        </small>
      ))}
    </>
  )
}

export function notesOf(
  figure: Figure | undefined,
  language: Language,
): { kind: string; text: string }[] {
  if (!figure) return []
  const notes: { kind: string; text: string }[] = []
  if (figure.unapplied !== "0")
    notes.push({ kind: "unapplied", text: `⚠ ${t(language, "unapplied", figure.unapplied)}` })
  if (figure.no_data) return notes
  if (figure.running_to)
    notes.push({ kind: "running", text: t(language, "runningTo", figure.running_to) })
  if (figure.open_to && figure.value !== undefined)
    notes.push({ kind: "open", text: t(language, "openTo", figure.open_to) })
  return notes
}
