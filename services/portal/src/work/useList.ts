// Questions typed by the contract: the path, the names asked by, and what is answered.
import { useCallback, useEffect, useState } from "react"
import type { paths } from "../generated/schema"
import type { Ask } from "../shared/asking"
import { authorization, client, dataOf, wordsOf } from "../shared/client"
import { type PageOfRows, type Rows, useRows } from "./useRows"
import type { Session } from "./useSession"

interface Get<Parameters, Answer> {
  get: {
    parameters: Parameters
    responses: { 200: { content: { "application/json": Answer } } }
  }
}
type Listed<Query, Row> = Get<{ query?: Query }, { rows: Row[] }>
export type ListPath = {
  [P in keyof paths]: paths[P] extends Listed<{ after?: string }, unknown> ? P : never
}[keyof paths]
type QueryOf<P extends ListPath> = paths[P] extends Listed<infer Query, unknown> ? Query : never
type RowOf<P extends ListPath> = paths[P] extends Listed<unknown, infer Row> ? Row : never

export type ItemPath = {
  [P in keyof paths]: paths[P] extends Get<{ path: Record<string, string> }, unknown> ? P : never
}[keyof paths]
type IdsOf<P extends ItemPath> = paths[P] extends Get<{ path: infer Ids }, unknown> ? Ids : never
type AnswerOf<P extends ItemPath> = paths[P] extends Get<unknown, infer Answer> ? Answer : never

const PER_PAGE = 20

// The rows of a list that the user may see. by: what they are chosen by; empty ones are not asked.
export function useList<P extends ListPath>(
  { ask, ready }: Session,
  path: P,
  by: Partial<Record<keyof QueryOf<P>, string>> = {},
): Rows<RowOf<P>> {
  const chosen = JSON.stringify(by)
  const read = useCallback(
    (after: string) =>
      ask(async token => {
        const given = Object.entries<string>({ ...JSON.parse(chosen), after })
        const query = Object.fromEntries([
          ["limit", PER_PAGE],
          ...given.filter(([, value]) => value),
        ])
        const headers = token ? authorization(token) : {}
        // the client's own types cannot be followed for a path that is not known yet
        const answer = await client.GET(path, { params: { query }, headers } as never)
        return dataOf<PageOfRows<RowOf<P>>>(answer)
      }),
    [ask, path, chosen],
  )
  return useRows(ready ? read : undefined)
}

// Throws: Problem.
export const readItem = <P extends ItemPath>(
  ask: Ask,
  path: P,
  ids: IdsOf<P>,
): Promise<AnswerOf<P>> =>
  ask(async token => {
    const headers = authorization(token)
    return dataOf<AnswerOf<P>>(await client.GET(path, { params: { path: ids }, headers } as never))
  })

// One thing that is read when it is shown, or the words of what went wrong.
export function useItem<P extends ItemPath>(
  { ask }: Session,
  path: P,
  ids: IdsOf<P>,
): [found: AnswerOf<P> | undefined, error: string] {
  const [found, setFound] = useState<AnswerOf<P>>()
  const [error, setError] = useState("")
  const named = JSON.stringify(ids)
  useEffect(() => {
    let isStale = false
    readItem(ask, path, JSON.parse(named) as IdsOf<P>).then(
      answer => isStale || setFound(answer),
      cause => isStale || setError(wordsOf(cause)),
    )
    return () => {
      isStale = true
    }
  }, [ask, path, named])
  return [found, error]
}
