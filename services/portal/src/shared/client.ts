// The gateway's interface, typed by the OpenAPI document that is made from the contracts.
import createClient from "openapi-fetch"
import type { components, paths } from "../generated/schema"
import { languageOfUrl, languageTag } from "./address"

export type Schemas = components["schemas"]

// The contract cannot promise a message inside a message; these are the ones an answer always has.
export type With<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> }

export const client = createClient<paths>()
client.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", languageTag())
  },
})

export const authorization = (token: string) => ({ Authorization: `Bearer ${token}` })

// A field of a request, and the rule that it breaks in the reader's language.
export interface FieldError {
  field: string
  rule: string
}

// What the gateway answers where it refuses or fails (RFC 9457); `reason` is stable.
export class Problem extends Error {
  readonly status: number
  readonly reason: string
  readonly errors: FieldError[]

  constructor(response: Response, body: unknown) {
    const problem = (body ?? {}) as Partial<Schemas["Problem"]>
    super(problem.detail ?? response.statusText)
    this.status = response.status
    this.reason = problem.reason ?? String(response.status)
    this.errors = problem.errors ?? []
  }
}

// The answer's data. Throws: Problem.
export function dataOf<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Problem(answer.response, answer.error)
  return answer.data
}

// What went wrong, for the reader. Where no answer comes a browser tells no more than a TypeError in
// English.
export function wordsOf(cause: unknown): string {
  if (cause instanceof Problem) return cause.message
  if (!(cause instanceof TypeError)) return String(cause)
  return languageOfUrl() === "zh" ? "连接不上服务器" : "the server cannot be reached"
}
