import { CommandForm, type Field, type Values } from "../work/CommandForm"
import { say } from "../work/pages"
import { closing, hasSuspension, type Registered, resumption, suspension } from "./suspension"

export type Step = "suspend" | "resume" | "close"

// What is told of a step: a warning before it where it needs one, and what was done.
export type StepWords = Record<Step, { warning?: string; done: string }>

// How an organisation or facility is suspended, goes on and is closed. send: one step of it.
export function Lifecycle({
  row,
  words,
  send,
  onDone,
}: {
  row: Registered
  words: StepWords
  send: (step: Step, values: Values, key: string) => Promise<void>
  onDone: (text: string) => void
}) {
  const form = (step: Step, verb: string, fields: Field[]) => (
    <CommandForm
      key={step}
      title={verb}
      verb={verb}
      warning={words[step].warning}
      fields={fields}
      send={async (values, key) => {
        await send(step, values, key)
        onDone(words[step].done)
      }}
    />
  )
  return (
    <>
      {hasSuspension(row) && form("resume", say("恢复", "Resume"), resumption())}
      {form("suspend", say("暂停", "Suspend"), suspension())}
      {form("close", say("关闭", "Close"), closing())}
    </>
  )
}
