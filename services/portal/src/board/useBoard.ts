import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { asking } from "../shared/asking"
import { wordsOf } from "../shared/client"
import { requestToken } from "../shared/deployment"
import { type Board, readBoard } from "./api"

const REFRESH_MS = 5000

interface Answer {
  board: Board
  question: string
  readAt: Date
}

// The board of an area and month as a user sees it, read again and again while the page is visible.
// The answer to an older question is dropped. outdated: what is shown answers the question before,
// until the new one is answered; where that fails nothing is shown.
export function useBoard(username: string, area: string, month: string) {
  const ask = useMemo(() => asking(() => requestToken(username)), [username])
  const [answer, setAnswer] = useState<Answer>()
  const [failed, setFailed] = useState({ question: "", error: "" })
  const latestRequest = useRef(0)
  const question = `${username} ${area} ${month}`

  const refresh = useCallback(async () => {
    const request = ++latestRequest.current
    const isLatest = () => request === latestRequest.current
    try {
      const board = await ask(token => readBoard(token, area, month))
      if (!isLatest()) return
      setAnswer({ board, question, readAt: new Date() })
      setFailed({ question, error: "" })
    } catch (cause) {
      if (isLatest()) setFailed({ question, error: wordsOf(cause) })
    }
  }, [ask, area, month, question])
  useEffect(() => {
    void refresh()
    const timer = setInterval(() => void (document.hidden || refresh()), REFRESH_MS)
    return () => clearInterval(timer)
  }, [refresh])

  const error = failed.question === question ? failed.error : ""
  const outdated = answer !== undefined && answer.question !== question
  const shown = outdated && error ? undefined : answer
  return { ask, board: shown?.board, readAt: shown?.readAt, outdated, error, refresh }
}
