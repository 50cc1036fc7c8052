import { useCallback, useEffect, useRef, useState } from "react"
import { Problem } from "../shared/client"
import { requestToken } from "../shared/deployment"
import { type Board, readBoard } from "./api"

const REFRESH_MS = 5000

// The board of an area and month as a demo user sees it, read again and again while the page is
// visible. The answer to an older question is dropped.
export function useBoard(username: string, area: string, month: string) {
  const [token, setToken] = useState("")
  const [board, setBoard] = useState<Board>()
  const [error, setError] = useState("")
  const [readAt, setReadAt] = useState(new Date())
  const latestRequest = useRef(0)

  const signIn = useCallback(async () => {
    try {
      setToken(await requestToken(username))
      setError("")
    } catch (cause) {
      setError(cause instanceof Problem ? cause.message : String(cause))
    }
  }, [username])
  useEffect(() => {
    void signIn()
  }, [signIn])

  const refresh = useCallback(async () => {
    if (!token) return
    const request = ++latestRequest.current
    try {
      const answer = await readBoard(token, area, month)
      if (request !== latestRequest.current) return
      setBoard(answer)
      setError("")
      setReadAt(new Date())
    } catch (cause) {
      if (request !== latestRequest.current) return
      if (cause instanceof Problem && cause.status === 401) void signIn()
      else setError(cause instanceof Problem ? `${cause.reason}: ${cause.message}` : String(cause))
    }
  }, [token, area, month, signIn])
  useEffect(() => {
    void refresh()
    const timer = setInterval(() => void (document.hidden || refresh()), REFRESH_MS)
    return () => clearInterval(timer)
  }, [refresh])

  const clear = useCallback(() => setBoard(undefined), [])
  return { token, board, error, readAt, refresh, clear }
}
