import { type FormEvent, useState } from "react"
import { type Language, t } from "../shared/messages"
import type { Decision, Document, LifeEvent } from "./api"
import { DOCUMENTS, documentName } from "./names"

// What an official decides about an entry: a report is confirmed by a document or rejected with
// grounds; a fact is corrected with both, to another day or as one that did not happen.
export function DecisionForm({
  row,
  language,
  onDecision,
}: {
  row: LifeEvent
  language: Language
  onDecision: (decision: Decision) => void
}) {
  const isReport = row.state === "STATE_REPORTED"
  const [verb, setVerb] = useState<Decision["verb"]>(isReport ? "confirm" : "correct")
  const [kind, setKind] = useState<Document["kind"]>(DOCUMENTS[0] ?? "KIND_DEATH_CERTIFICATE")
  const [number, setNumber] = useState("")
  const [grounds, setGrounds] = useState("")
  const [day, setDay] = useState("")

  const submit = (event: FormEvent) => {
    event.preventDefault()
    const document = { kind, number }
    const happened = day ? { happened_on: day } : {}
    if (verb === "reject") onDecision({ verb, grounds })
    else if (verb === "confirm") onDecision({ verb, document, ...happened })
    else onDecision({ verb, document, grounds, ...happened })
  }
  return (
    <form className="panel" onSubmit={submit}>
      {isReport && (
        <select
          aria-label={t(language, "decision")}
          value={verb}
          onChange={event => setVerb(event.target.value as Decision["verb"])}
        >
          <option value="confirm">{t(language, "confirm")}</option>
          <option value="reject">{t(language, "reject")}</option>
        </select>
      )}
      {verb !== "reject" && (
        <>
          <label>
            {t(language, "document")}{" "}
            <select
              value={kind}
              onChange={event => setKind(event.target.value as Document["kind"])}
            >
              {DOCUMENTS.map(one => (
                <option key={one} value={one}>
                  {documentName(language, one)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t(language, "documentNumber")}{" "}
            <input required value={number} onChange={event => setNumber(event.target.value)} />
          </label>
          <label>
            {t(language, isReport ? "dayOfDocument" : "rightDay")}{" "}
            <input type="date" value={day} onChange={event => setDay(event.target.value)} />
          </label>
        </>
      )}
      {verb !== "confirm" && (
        <label>
          {t(language, "grounds")}{" "}
          <input required value={grounds} onChange={event => setGrounds(event.target.value)} />
        </label>
      )}
      <button type="submit">{t(language, verb)}</button>
    </form>
  )
}
