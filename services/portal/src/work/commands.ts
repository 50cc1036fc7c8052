// Commands on one row, typed by the contract: the path, the ids in it and the names of what is sent.
import type { paths } from "../generated/schema"
import type { Ask } from "../shared/asking"
import { authorization, client, dataOf } from "../shared/client"

interface Post<Ids, Body> {
  post: {
    parameters: { path?: Ids }
    requestBody: { content: { "application/json": Body } }
  }
}
export type CommandPath = {
  [P in keyof paths]: paths[P] extends Post<Record<string, string>, object> ? P : never
}[keyof paths]
type IdsOf<P extends CommandPath> =
  paths[P] extends Post<infer Ids, unknown>
    ? // a command that makes something new names no row
      [Ids] extends [never] | [undefined]
      ? Record<string, never>
      : Ids
    : never
type BodyOf<P extends CommandPath> = paths[P] extends Post<unknown, infer Body> ? Body : never
// A name that the contract does not have is an error of types.
type Named<P extends CommandPath, V> = V & Record<Exclude<keyof V, keyof BodyOf<P>>, never>

// key: of idempotency. Throws: Problem.
export async function command<P extends CommandPath, V extends object>(
  ask: Ask,
  path: P,
  ids: IdsOf<P>,
  values: Named<P, V>,
  key: string,
): Promise<void> {
  const params = { path: ids, header: { "Idempotency-Key": key } }
  await ask(async token =>
    dataOf<unknown>(
      // the client's own types cannot be followed for a path that is not known yet
      await client.POST(path, { params, body: values, headers: authorization(token) } as never),
    ),
  )
}
