// What is common to organisations and facilities: their days, and what is told of a change.
import type { Field } from "../work/CommandForm"
import type { Words } from "../work/format"
import { say } from "../work/pages"

export interface Registered {
  suspended_from?: string
  suspended_to?: string
  closed_on?: string
}

export const ACTIONS: Words = {
  change: ["变更", "changed"],
  suspend: ["暂停", "suspended"],
  resume: ["恢复", "resumed"],
  close: ["关闭", "closed"],
  capacity: ["床位调整", "beds"],
}

export const isClosed = (row: Registered): boolean => Boolean(row.closed_on)

// Whether there is one to end; which day it is, the interface knows.
export const hasSuspension = (row: Registered): boolean => Boolean(row.suspended_from)

export function statusOf(row: Registered): string {
  if (row.closed_on) return say(`已关闭（${row.closed_on}）`, `closed on ${row.closed_on}`)
  if (!hasSuspension(row)) return say("正常", "active")
  const { suspended_from: from, suspended_to: to } = row
  return to
    ? say(`${from} 起暂停，${to} 恢复`, `suspended from ${from}, resumed on ${to}`)
    : say(`${from} 起暂停`, `suspended from ${from}`)
}

export const REASON = {
  name: "reason",
  label: say("理由", "Reason"),
  kind: "long",
  most: 500,
} as const satisfies Field

export const suspension = (): Field[] => [
  { name: "suspended_from", label: say("暂停首日", "First day"), kind: "day" },
  {
    name: "suspended_to",
    label: say("恢复日期", "First day after it"),
    kind: "day",
    optional: true,
  },
  REASON,
]

export const resumption = (): Field[] => [
  {
    name: "resumed_on",
    label: say("恢复日期，不填为今天", "First day after the suspension; empty: today"),
    kind: "day",
    optional: true,
  },
  REASON,
]

export const closing = (): Field[] => [
  {
    name: "closed_on",
    label: say("关闭日期，不填为今天", "First day closed; empty: today"),
    kind: "day",
    optional: true,
  },
  REASON,
]
