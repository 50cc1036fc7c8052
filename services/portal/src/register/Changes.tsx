import { named, when } from "../work/format"
import { say } from "../work/pages"
import { ACTIONS } from "./suspension"

interface Change {
  version?: string
  action?: string
  reason?: string
  recorded_at?: string
}

// What was changed of an organisation or facility, when and why; the oldest first.
export function Changes({
  found: [page, error],
}: {
  found: [{ rows: Change[] } | undefined, string]
}) {
  if (error) return <p className="failed">{error}</p>
  if (!page) return <p>{say("加载中…", "Loading…")}</p>
  return (
    <>
      <h3>{say("变更记录", "What was changed")}</h3>
      {page.rows.length ? (
        <ol>
          {page.rows.map(one => (
            <li key={one.version}>
              {when(one.recorded_at)} · {named(ACTIONS, one.action)}
              {one.reason && ` · ${one.reason}`}
            </li>
          ))}
        </ol>
      ) : (
        <p>{say("尚无变更", "Nothing yet")}</p>
      )}
    </>
  )
}
