import { useCallback, useEffect, useState } from "react"
import { type LineagePage, Problem, deployment, lineage } from "./api"
import { instant, name, number, text, unit } from "./figures"
import { type Language, say } from "./words"

// Where a figure comes from: its definition, and the events that made it.
export function Lineage({
  token,
  area,
  month,
  code,
  language,
  close,
}: {
  token: string
  area: string
  month: string
  code: string
  language: Language
  close: () => void
}) {
  const [page, setPage] = useState<LineagePage>()
  const [failed, setFailed] = useState("")
  const [traces, setTraces] = useState<string | null>(null)
  useEffect(() => {
    deployment().then(
      told => setTraces(told.traces_url),
      () => setTraces(null),
    )
  }, [])
  const read = useCallback(
    async (after: string) => {
      try {
        const told = await lineage(token, area, month, code, after)
        setPage(before =>
          before && after ? { ...told, events: [...before.events, ...told.events] } : told,
        )
      } catch (error) {
        setFailed(error instanceof Problem ? `${error.reason}: ${error.message}` : String(error))
      }
    },
    [token, area, month, code],
  )
  useEffect(() => {
    setPage(undefined)
    setFailed("")
    void read("")
  }, [read])
  useEffect(() => {
    const leave = (event: KeyboardEvent) => event.key === "Escape" && close()
    window.addEventListener("keydown", leave)
    return () => window.removeEventListener("keydown", leave)
  }, [close])
  const shown = page?.indicator
  return (
    <aside className="drawer" role="dialog" aria-label={say(language, "lineage")}>
      <header>
        <h2>{say(language, "lineage")}</h2>
        <button onClick={close}>{say(language, "close")}</button>
      </header>
      {failed && <p className="failed">{failed}</p>}
      {!page && !failed && <p>{say(language, "loading")}</p>}
      {page && shown && (
        <>
          <h3>
            {shown.code} · {name(shown, language)}
          </h3>
          <p className="big">
            {text(page.figure, shown)}
            {page.figure.value === undefined ? "" : unit(shown, language)}{" "}
            <small>
              {month} · {area}
            </small>
          </p>
          <dl>
            <dt>{say(language, "numerator")}</dt>
            <dd>{number(page.figure.numerator)}</dd>
            <dt>{say(language, "denominator")}</dt>
            <dd>{page.figure.denominator === "0" ? "—" : number(page.figure.denominator)}</dd>
            <dt>{say(language, "formula")}</dt>
            <dd>{language === "zh" ? shown.formula_zh : shown.formula_en}</dd>
            <dt>{say(language, "source")}</dt>
            <dd>{shown.source}</dd>
            <dt>{say(language, "version")}</dt>
            <dd>{page.figure.definition}</dd>
            <dt>{say(language, "fresh")}</dt>
            <dd>{instant(page.figure.watermark, language)}</dd>
          </dl>
          <ol className="events">
            {page.events.map(event => (
              <li key={event.event_id}>
                <b>{event.type.split(".").pop()}</b> <time>{instant(event.time, language)}</time>
                <span className="tags">
                  {event.in_numerator && <i>{say(language, "numerator")}</i>}
                  {event.in_denominator && <i>{say(language, "denominator")}</i>}
                </span>
                <code>{event.event_id}</code>
                <details>
                  <summary>{event.source}</summary>
                  <pre>{pretty(event.body)}</pre>
                </details>
                {event.trace_id && (
                  <Trace id={event.trace_id} address={traces} label={say(language, "trace")} />
                )}
              </li>
            ))}
          </ol>
          {page.next && (
            <button onClick={() => void read(page.next)}>{say(language, "more")}</button>
          )}
        </>
      )}
    </aside>
  )
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 1)
  } catch {
    return body
  }
}

// The id of the trace of the command that made an event; a link where a deployment shows its traces.
function Trace({ id, address, label }: { id: string; address: string | null; label: string }) {
  const shown = <code>{id}</code>
  return (
    <p className="trace">
      {label}{" "}
      {address ? (
        <a href={address.replaceAll("{trace_id}", id)} target="_blank" rel="noreferrer noopener">
          {shown}
        </a>
      ) : (
        shown
      )}
    </p>
  )
}
