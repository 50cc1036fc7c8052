import { useState } from "react"

// What was done last, in words, and what a row's commands call when they succeed: its detail
// closes, and the list is read again.
export function useDone() {
  const [done, setDone] = useState("")
  const whenDone =
    (list: { refresh: () => Promise<void> }, close: () => void) =>
    (text: string): void => {
      setDone(text)
      close()
      void list.refresh()
    }
  return { done, whenDone }
}
