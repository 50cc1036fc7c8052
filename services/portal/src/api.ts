// What the board asks of the gateway. Names are those of the contract (eldercare/datacenter/v1/api.proto); int64 is text in JSON.

export interface Area {
  area_code: string
  name: string
  level: number
  lon: number
  lat: number
  elders: string
}
export interface Figure {
  code: string
  area_code: string
  month: string
  value?: number
  numerator: string
  denominator: string
  definition: string
  watermark?: string
}
export interface Part {
  area: Area
  figures: Figure[]
}
export interface Indicator {
  code: string
  name_zh: string
  name_en: string
  unit: string
  dimension: string
  formula_zh: string
  formula_en: string
  target?: number
  target_sense: string
  source: string
  definition: string
  key: boolean
}
export interface Freshness {
  topic: string
  watermark?: string
  lag: string
  applied_at?: string
}
export interface Proof {
  month: string
  figures: number
  events: string
  differences: unknown[]
  proved_at?: string
}
export interface Board {
  area: Area
  path: Area[]
  month: string
  figures: Figure[]
  parts: Part[]
  trend: Figure[]
  freshness: Freshness[]
  indicators: Indicator[]
  proof?: Proof
  made_at: string
  area_code: string
  counts_outdated: boolean
}
export interface ArchivedEvent {
  event_id: string
  type: string
  source: string
  subject: string
  area_code: string
  time: string
  traceparent: string
  body: string
  in_numerator: boolean
  in_denominator: boolean
  trace_id: string
}
export interface LineagePage {
  indicator: Indicator
  figure: Figure
  events: ArchivedEvent[]
  next: string
}
export interface User {
  username: string
  title: string
  roles: string[]
  area?: string
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly reason: string,
    detail: string,
  ) {
    super(detail)
  }
}

async function answer<T>(response: Response): Promise<T> {
  if (response.ok) return (await response.json()) as T
  const told = (await response.json().catch(() => ({}))) as { reason?: string; detail?: string }
  throw new Problem(
    response.status,
    told.reason ?? String(response.status),
    told.detail ?? response.statusText,
  )
}

// What the front has to know of this deployment.
export interface Deployment {
  traces_url: string | null
}

export async function deployment(): Promise<Deployment> {
  return answer<Deployment>(await fetch("/portal.json"))
}

export async function users(): Promise<User[]> {
  return (await answer<{ users: User[] }>(await fetch("/onebox/users"))).users
}

export async function login(username: string): Promise<string> {
  const body = new URLSearchParams({ grant_type: "password", username, password: "demo" })
  return (await answer<{ access_token: string }>(await fetch("/token", { method: "POST", body })))
    .access_token
}

async function get<T>(token: string, path: string, query: Record<string, string> = {}): Promise<T> {
  const text = new URLSearchParams(query).toString()
  return answer<T>(
    await fetch(text ? `${path}?${text}` : path, { headers: { Authorization: `Bearer ${token}` } }),
  )
}

export const board = (token: string, area: string, month: string): Promise<Board> =>
  get<Board>(token, `/v1/boards/${area}`, month ? { month } : {})

export const lineage = (
  token: string,
  area: string,
  month: string,
  code: string,
  after = "",
): Promise<LineagePage> =>
  get<LineagePage>(token, `/v1/figures/${area}/${month}/${code}/events`, {
    limit: "50",
    ...(after ? { after } : {}),
  })
