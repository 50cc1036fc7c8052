// Money as people write it, in yuan, and as the interface takes it, in fen; no floating point.

// "12.5" → "1250"; empty where it is no amount.
export function fenOf(yuan: string): string {
  const parts = /^([0-9]{1,12})(?:\.([0-9]{1,2}))?$/.exec(yuan.trim())
  if (!parts) return ""
  return String(BigInt(`${parts[1]}${(parts[2] ?? "").padEnd(2, "0")}`))
}

// "1250" → "12.50".
export function yuanOf(fen: string | number | undefined): string {
  const digits = String(fen ?? 0).padStart(3, "0")
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
