import { useEffect, useState } from "react"
import { readAreaNames } from "../shared/deployment"

// An area by its name, that of its county before it; by its code where the name is not known.
export function Area({ code }: { code: string | undefined }) {
  const [names, setNames] = useState<Record<string, string>>({})
  useEffect(() => {
    readAreaNames().then(setNames)
  }, [])
  if (!code) return null
  const county = `${code.slice(0, 6)}000000`
  const inCounty = code !== county && !code.endsWith("00000000") ? names[county] : undefined
  const name = [inCounty, names[code]].filter(Boolean).join(" ")
  return <span title={code}>{name || code}</span>
}
