import { useCallback, useEffect, useRef, useState } from "react"
import { wordsOf } from "../shared/client"

export interface PageOfRows<T> {
  rows?: T[]
  next?: string
}

export interface Rows<T> {
  // Absent: not read yet.
  rows: T[] | undefined
  hasMore: boolean
  error: string
  refresh: () => Promise<void>
  more: () => Promise<void>
}

// A list, page by page. read: one page behind a key, empty for the first; absent: not yet to be
// read. The answer to an older question is dropped.
export function useRows<T>(read: ((after: string) => Promise<PageOfRows<T>>) | undefined): Rows<T> {
  const [rows, setRows] = useState<T[]>()
  const [next, setNext] = useState("")
  const [error, setError] = useState("")
  const latest = useRef(0)

  const turn = useCallback(
    async (after: string) => {
      if (!read) return
      const question = ++latest.current
      try {
        const page = await read(after)
        if (question !== latest.current) return
        setRows(before => (after ? [...(before ?? []), ...(page.rows ?? [])] : (page.rows ?? [])))
        setNext(page.next ?? "")
        setError("")
      } catch (cause) {
        if (question === latest.current) setError(wordsOf(cause))
      }
    },
    [read],
  )
  useEffect(() => {
    setRows(undefined)
    void turn("")
  }, [turn])
  const refresh = useCallback(() => turn(""), [turn])
  const more = useCallback(() => turn(next), [turn, next])
  return { rows, hasMore: next !== "", error, refresh, more }
}
