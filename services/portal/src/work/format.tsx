// How days, instants, ids and facts are written on the pages of work.
import type { ReactNode } from "react"
import { languageTag } from "../shared/address"
import { yuanOf } from "./amounts"
import { say } from "./pages"

const clock = () =>
  new Intl.DateTimeFormat(languageTag() === "en" ? "en-GB" : languageTag(), {
    dateStyle: "medium",
    timeStyle: "short",
    timeZone: "Asia/Shanghai",
  })

export const when = (instant: string | undefined): string =>
  instant ? clock().format(new Date(instant)) : ""

// An interval whose end may not be known yet.
export const hours = (from: string | undefined, to: string | undefined): string =>
  from && to ? clock().formatRange(new Date(from), new Date(to)) : `${when(from)} – ?`

export const yuan = (fen: string | number | undefined): string =>
  say(`${yuanOf(fen)} 元`, `${yuanOf(fen)} yuan`)

// Ids are long; their last digits tell one from another.
export const Id = ({ id }: { id: string | undefined }) => <code title={id}>{id?.slice(-8)}</code>

export type Words = Record<string, readonly [zh: string, en: string]>

export function named(words: Words, name: string | undefined): string {
  const pair = words[name ?? ""]
  return pair ? say(...pair) : (name ?? "")
}

export const choices = (words: Words): [string, string][] =>
  Object.entries(words).map(([name, pair]) => [name, say(...pair)])

// Facts that are empty are left out.
export function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl>
      {facts
        .filter(([, fact]) => fact !== undefined && fact !== "" && fact !== null)
        .map(([title, fact]) => (
          <div key={title} className="fact">
            <dt>{title}</dt>
            <dd>{fact}</dd>
          </div>
        ))}
    </dl>
  )
}
