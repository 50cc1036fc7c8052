import { useCallback, useEffect, useRef, useState } from "react"
import type { Ask } from "../shared/asking"
import { wordsOf } from "../shared/client"
import { readDeployment } from "../shared/deployment"
import { type Language, t } from "../shared/messages"
import { Area } from "../work/Area"
import { type LineagePage, readLineage } from "./api"
import {
  formatDateTime,
  formatDenominator,
  formatNumerator,
  formatTarget,
  formatValue,
  indicatorFormula,
  indicatorName,
  indicatorSource,
  targetAuthority,
} from "./format"
import { Notes } from "./Notes"

// Where a figure comes from: its definition, and the events that made it.
export function Lineage({
  ask,
  area,
  month,
  code,
  language,
  onClose,
}: {
  ask: Ask
  area: string
  month: string
  code: string
  language: Language
  onClose: () => void
}) {
  const [page, setPage] = useState<LineagePage>()
  const [error, setError] = useState("")
  const [tracesUrl, setTracesUrl] = useState<string | null>(null)
  useEffect(() => {
    readDeployment().then(
      deployment => setTracesUrl(deployment.traces_url),
      () => setTracesUrl(null),
    )
  }, [])
  const read = useCallback(
    async (after: string) => {
      try {
        const next = await ask(token => readLineage(token, area, month, code, after))
        setError("")
        setPage(previous =>
          previous && after ? { ...next, events: [...previous.events, ...next.events] } : next,
        )
      } catch (cause) {
        setError(wordsOf(cause))
      }
    },
    [ask, area, month, code],
  )
  useEffect(() => {
    setPage(undefined)
    setError("")
    void read("")
  }, [read])
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    // the keyboard goes on in it, and where it was once it is closed
    const before = document.activeElement
    heading.current?.focus()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  useEffect(() => {
    const closeOnEscape = (event: KeyboardEvent) => event.key === "Escape" && onClose()
    window.addEventListener("keydown", closeOnEscape)
    return () => window.removeEventListener("keydown", closeOnEscape)
  }, [onClose])
  return (
    <dialog open className="drawer" aria-label={t(language, "lineage")}>
      <header>
        <h2 tabIndex={-1} ref={heading}>
          {t(language, "lineage")}
        </h2>
        <button type="button" onClick={onClose}>
          {t(language, "close")}
        </button>
      </header>
      {error && (
        <p className="failed" role="alert">
          {error}
        </p>
      )}
      {!page && !error && <p>{t(language, "loading")}</p>}
      {page && (
        <>
          <h3>
            {page.indicator.code} · {indicatorName(page.indicator, language)}
          </h3>
          <p className="big">
            {formatValue(page.figure, page.indicator, language)}{" "}
            <small>
              {month} · <Area code={area} />
            </small>
          </p>
          <Notes figure={page.figure} indicator={page.indicator} language={language} />
          <dl>
            <dt>{t(language, "numerator")}</dt>
            <dd>{formatNumerator(page.figure, page.indicator, language)}</dd>
            <dt>{t(language, "denominator")}</dt>
            <dd>{formatDenominator(page.figure, page.indicator, language)}</dd>
            <dt>{t(language, "target")}</dt>
            <dd>{formatTarget(page.indicator, language)}</dd>
            <dt>{t(language, "authority")}</dt>
            <dd>{targetAuthority(page.indicator, language) || "—"}</dd>
            <dt>{t(language, "formula")}</dt>
            <dd>{indicatorFormula(page.indicator, language)}</dd>
            <dt>{t(language, "source")}</dt>
            <dd>{indicatorSource(page.indicator, language)}</dd>
            <dt>{t(language, "definitionVersion")}</dt>
            <dd>{page.figure.definition}</dd>
            <dt>{t(language, "dataUpTo")}</dt>
            <dd>{formatDateTime(page.figure.watermark, language)}</dd>
          </dl>
          <ol className="events">
            {page.events.map(event => (
              <li key={event.event_id}>
                <b>{event.type.split(".").pop()}</b>{" "}
                <time>{formatDateTime(event.time, language)}</time>
                <span className="tags">
                  {event.in_numerator && <i>{t(language, "numerator")}</i>}
                  {event.in_denominator && <i>{t(language, "denominator")}</i>}
                </span>
                <code>{event.event_id}</code>
                <details>
                  <summary>{event.source}</summary>
                  {event.body_withheld ? (
                    <p>{t(language, "withheld")}</p>
                  ) : (
                    <pre>{indented(event.body)}</pre>
                  )}
                </details>
                {event.trace_id && (
                  <TraceId
                    id={event.trace_id}
                    urlTemplate={tracesUrl}
                    label={t(language, "trace")}
                  />
                )}
              </li>
            ))}
          </ol>
          {page.next && (
            <>
              <p>{t(language, "searchedTo", formatDateTime(page.searched_to, language))}</p>
              <button type="button" onClick={() => void read(page.next)}>
                {t(language, "more")}
              </button>
            </>
          )}
        </>
      )}
    </dialog>
  )
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 1)
  } catch {
    return body
  }
}

// The id of the trace of the command that made an event; a link where a deployment shows its traces.
function TraceId({
  id,
  urlTemplate,
  label,
}: {
  id: string
  urlTemplate: string | null
  label: string
}) {
  const code = <code>{id}</code>
  return (
    <p className="trace">
      {label}{" "}
      {urlTemplate ? (
        <a
          href={urlTemplate.replaceAll("{trace_id}", id)}
          target="_blank"
          rel="noreferrer noopener"
        >
          {code}
        </a>
      ) : (
        code
      )}
    </p>
  )
}
