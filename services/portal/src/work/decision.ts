import type { Field } from "./CommandForm"
import { say } from "./pages"

// The field of a decision between two outcomes, which the interface takes as true or false.
export const decision = <N extends string>(name: N, yes: string, no: string) =>
  ({
    name,
    label: say("决定", "Decision"),
    kind: "choice",
    options: [
      ["true", yes],
      ["false", no],
    ],
  }) as const satisfies Field<N>
