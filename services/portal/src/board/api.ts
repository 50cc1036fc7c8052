// What the board asks of the data center.
import { authorization, client, dataOf, type Schemas, type With } from "../shared/client"

export type Figure = Schemas["datacenter.v1.Figure"]
export type Indicator = Schemas["datacenter.v1.Indicator"]
export type Area = Schemas["datacenter.v1.Area"]
export type Part = With<Schemas["datacenter.v1.Part"], "area">
export type Board = Omit<With<Schemas["datacenter.v1.Board"], "area" | "made_at">, "parts"> & {
  parts: Part[]
}
export type LineagePage = With<Schemas["datacenter.v1.LineagePage"], "indicator" | "figure">

const EVENTS_PER_PAGE = 50

// month: `YYYY-MM`; empty: the present month.
export async function readBoard(token: string, area: string, month: string): Promise<Board> {
  const answer = await client.GET("/v1/boards/{area_code}", {
    params: { path: { area_code: area }, query: month ? { month } : {} },
    headers: authorization(token),
  })
  return dataOf(answer) as Board
}

// after: `next` of the page before; empty: the first page.
export async function readLineage(
  token: string,
  area: string,
  month: string,
  code: string,
  after: string,
): Promise<LineagePage> {
  const answer = await client.GET("/v1/figures/{area_code}/{month}/{code}/events", {
    params: {
      path: { area_code: area, month, code },
      query: { limit: EVENTS_PER_PAGE, ...(after ? { after } : {}) },
    },
    headers: authorization(token),
  })
  return dataOf(answer) as LineagePage
}
