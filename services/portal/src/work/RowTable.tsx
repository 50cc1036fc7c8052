import { type ReactNode, useEffect, useId, useState } from "react"
import { say } from "./pages"
import type { Rows } from "./useRows"

export interface Column<T> {
  title: string
  cell: (row: T) => ReactNode
  number?: boolean
}

// A list whose rows can be opened: beneath an open one stands what can be done with it. On a narrow
// screen each row is a card.
export function RowTable<T>({
  caption,
  list,
  columns,
  keyOf,
  empty,
  verb,
  detail,
}: {
  caption: string
  list: Rows<T>
  columns: Column<T>[]
  // Which row it is; place: its number in the list.
  keyOf: (row: T, place: number) => string
  empty: string
  // Of the button that opens a row; empty where there is nothing to open.
  verb?: (row: T) => string
  detail?: (row: T, close: () => void) => ReactNode
}) {
  const [open, setOpen] = useState("")
  const base = useId()
  const { rows, error } = list
  useEffect(() => {
    if (open) document.getElementById(`${base}-${open}`)?.scrollIntoView({ block: "nearest" })
  }, [open, base])

  if (error)
    return (
      <p className="failed" role="alert">
        {say("无法读取数据", "The data cannot be read")} — {error}{" "}
        <button type="button" onClick={() => void list.refresh()}>
          {say("重试", "Try again")}
        </button>
      </p>
    )
  if (!rows) return <p className="loading">{say("加载中…", "Loading…")}</p>
  // what others did meanwhile is seen, and what is refused as outdated is done anew
  const again = (
    <button type="button" className="again" onClick={() => void list.refresh()}>
      {say("重新读取", "Read again")}
    </button>
  )
  if (!rows.length)
    return (
      <>
        <p className="loading empty">{empty}</p>
        {again}
      </>
    )
  return (
    <>
      <table className="rows">
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map(column => (
              <th key={column.title} scope="col" className={column.number ? "number" : undefined}>
                {column.title}
              </th>
            ))}
            {detail && <th scope="col">{say("办理", "Do")}</th>}
          </tr>
        </thead>
        {rows.map((row, place) => {
          const key = keyOf(row, place)
          const label = verb?.(row) ?? ""
          return (
            <tbody key={key} className={key === open ? "chosen" : undefined}>
              <tr>
                {columns.map(column => (
                  <td
                    key={column.title}
                    data-title={column.title}
                    className={column.number ? "number" : undefined}
                  >
                    {column.cell(row)}
                  </td>
                ))}
                {detail && (
                  <td>
                    {label && (
                      <button
                        type="button"
                        className="open"
                        aria-expanded={key === open}
                        aria-controls={`${base}-${key}`}
                        onClick={() => setOpen(key === open ? "" : key)}
                      >
                        {label}
                      </button>
                    )}
                  </td>
                )}
              </tr>
              {detail && key === open && (
                <tr className="detail" id={`${base}-${key}`}>
                  <td colSpan={columns.length + 1} key={JSON.stringify(row)}>
                    {detail(row, () => setOpen(""))}
                  </td>
                </tr>
              )}
            </tbody>
          )
        })}
      </table>
      {list.hasMore && (
        <button type="button" className="more" onClick={() => void list.more()}>
          {say("更多", "More")}
        </button>
      )}
      {again}
    </>
  )
}
