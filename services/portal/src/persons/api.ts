// What the page of life events asks of the register.
import { authorization, client, dataOf, type Schemas } from "../shared/client"

export type LifeEvent = Schemas["assessment.v1.LifeEvent"]
export type Document = Schemas["assessment.v1.Document"]

// The reports of deaths that wait; with an elder: everything that is known of that elder.
export async function listLifeEvents(token: string, elder: string): Promise<LifeEvent[]> {
  const waiting = { kind: "KIND_DEATH", state: "STATE_REPORTED" } as const
  const answer = await client.GET("/v1/life-events", {
    params: { query: elder ? { elder_id: elder } : waiting },
    headers: authorization(token),
  })
  return dataOf(answer).rows ?? []
}

// What an official decides; each decision has a key of its own.
export type Decision =
  | { verb: "confirm"; document: Document; happened_on?: string }
  | { verb: "reject"; grounds: string }
  | { verb: "correct"; document: Document; grounds: string; happened_on?: string }

export async function decide(token: string, id: string, decision: Decision): Promise<void> {
  const params = {
    path: { life_event_id: id },
    header: { "Idempotency-Key": crypto.randomUUID() },
  }
  const headers = authorization(token)
  const { verb, ...body } = decision
  const answer =
    verb === "confirm"
      ? await client.POST("/v1/life-events/{life_event_id}:confirm", {
          params,
          headers,
          body: body as { document: Document },
        })
      : verb === "reject"
        ? await client.POST("/v1/life-events/{life_event_id}:reject", {
            params,
            headers,
            body: body as { grounds: string },
          })
        : await client.POST("/v1/life-events/{life_event_id}:correct", {
            params,
            headers,
            body: body as { grounds: string; document: Document },
          })
  dataOf<unknown>(answer)
}
