import { useCallback, useEffect, useState } from "react"
import { urlParameter } from "../board/view"
import { Problem } from "../shared/client"
import { requestToken } from "../shared/deployment"
import { type Language, t } from "../shared/messages"
import "../board/board.css"
import { decide, type LifeEvent, listLifeEvents } from "./api"
import { DecisionForm } from "./DecisionForm"
import { kindName, stateName } from "./names"

// Reports of deaths for an official to decide (`?page=life-events`), and with `elder=` all dated
// facts of one elder, which can be corrected.
export function LifeEventsPage() {
  const language: Language = urlParameter("lang") === "en" ? "en" : "zh"
  const elder = urlParameter("elder")
  const [token, setToken] = useState("")
  const [rows, setRows] = useState<LifeEvent[]>()
  const [chosen, setChosen] = useState("")
  const [error, setError] = useState("")

  const fail = useCallback((cause: unknown) => {
    setError(cause instanceof Problem ? cause.message : String(cause))
  }, [])
  const read = useCallback(async () => {
    try {
      const own = token || (await requestToken(urlParameter("user") || "city"))
      setToken(own)
      setRows(await listLifeEvents(own, elder))
      setError("")
    } catch (cause) {
      fail(cause)
    }
  }, [token, elder, fail])
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en"
    document.title = t(language, "lifeEvents")
    void read()
  }, [language, read])

  return (
    <main className="page">
      <header className="top">
        <h1>{t(language, elder ? "lifeEventsOfElder" : "lifeEvents")}</h1>
        <a href={`/?lang=${language}`}>{t(language, "title")}</a>
      </header>
      {error && <p role="alert">{error}</p>}
      <section className="panel">
        <table>
          <thead>
            <tr>
              <th>{t(language, "kind")}</th>
              <th>{t(language, "day")}</th>
              <th>{t(language, "state")}</th>
              <th>{t(language, "document")}</th>
              <th>{t(language, "grounds")}</th>
              <th>{t(language, "decision")}</th>
            </tr>
          </thead>
          <tbody>
            {(rows ?? []).map(row => (
              <tr key={row.life_event_id}>
                <td>
                  <a href={`?page=life-events&lang=${language}&elder=${row.elder_id}`}>
                    {kindName(language, row.kind)}
                  </a>
                </td>
                <td>{row.happened_on}</td>
                <td>{stateName(language, row.state)}</td>
                <td>{row.document?.number}</td>
                <td>{row.grounds}</td>
                <td>
                  {["STATE_REPORTED", "STATE_IN_FORCE"].includes(row.state ?? "") && (
                    <button type="button" onClick={() => setChosen(row.life_event_id ?? "")}>
                      {t(language, row.state === "STATE_REPORTED" ? "decide" : "correct")}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        {rows?.length === 0 && <p>{t(language, "nothingWaits")}</p>}
      </section>
      {rows
        ?.filter(row => row.life_event_id === chosen)
        .map(row => (
          <DecisionForm
            key={row.life_event_id}
            row={row}
            language={language}
            onDecision={decision => {
              decide(token, row.life_event_id ?? "", decision).then(() => {
                setChosen("")
                void read()
              }, fail)
            }}
          />
        ))}
    </main>
  )
}
