// Which area and month the board shows: kept in the address, so that a page can be sent to others.
import { useCallback, useEffect, useState } from "react"
import { urlParameter } from "../shared/address"

// area: code of 12 digits; empty: the user's own. month: `YYYY-MM`; empty: the present one.
export interface View {
  area: string
  month: string
}

const viewFromUrl = (): View => ({ area: urlParameter("area"), month: urlParameter("month") })

export function useView(): [View, (next: Partial<View>) => void] {
  const [view, setView] = useState<View>(viewFromUrl)
  useEffect(() => {
    const restore = () => setView(viewFromUrl())
    window.addEventListener("popstate", restore)
    return () => window.removeEventListener("popstate", restore)
  }, [])
  const navigate = useCallback((next: Partial<View>) => {
    setView(previous => {
      const changed = { ...previous, ...next }
      const query = new URLSearchParams(location.search)
      for (const key of ["area", "month"] as const)
        if (changed[key]) query.set(key, changed[key])
        else query.delete(key)
      history.pushState(null, "", `?${query}`)
      return changed
    })
  }, [])
  return [view, navigate]
}

// Whether an area lies in another: an area's code begins with the digits of what it lies in.
export function liesWithin(area: string, outer: string): boolean {
  if (outer.endsWith("00000000")) return area.startsWith(outer.slice(0, 4))
  if (outer.endsWith("000000")) return area.startsWith(outer.slice(0, 6))
  if (outer.endsWith("000")) return area.startsWith(outer.slice(0, 9))
  return area.startsWith(outer)
}
