import type { Ask } from "../shared/asking"
import { CommandForm, type Field } from "../work/CommandForm"
import { command } from "../work/commands"
import { choices } from "../work/format"
import { say } from "../work/pages"
import type { LifeEvent } from "./LifeEventsPage"
import { DOCUMENTS } from "./names"

// What an official decides about an entry: a report is confirmed by a document or rejected with
// grounds; a fact is corrected with both, to another day or as one that did not happen.
export function DecisionForms({
  row,
  ask,
  onDone,
}: {
  row: LifeEvent
  ask: Ask
  onDone: (text: string) => void
}) {
  const ids = { life_event_id: row.life_event_id ?? "" }
  // named as the interface names them in a refusal
  const document = [
    {
      name: "document.kind",
      label: say("依据材料", "Document"),
      kind: "choice",
      options: choices(DOCUMENTS),
    },
    { name: "document.number", label: say("材料编号", "Its number"), kind: "text", most: 60 },
  ] as const satisfies Field[]
  const grounds = {
    name: "grounds",
    label: say("理由", "Grounds"),
    kind: "long",
    most: 500,
  } as const
  if (row.state === "STATE_REPORTED")
    return (
      <div className="commands">
        <CommandForm
          title={say("确认死亡", "Confirm the death")}
          verb={say("确认", "Confirm")}
          fields={[
            ...document,
            {
              name: "happened_on",
              label: say("材料所载日期，与报告不同时填写", "Day on the document, if another one"),
              kind: "day",
              optional: true,
            },
          ]}
          send={async (values, key) => {
            const { happened_on } = values
            const body = { document: documentOf(values), ...(happened_on ? { happened_on } : {}) }
            await command(ask, "/v1/life-events/{life_event_id}:confirm", ids, body, key)
            onDone(say("死亡已确认", "The death is a fact"))
          }}
        />
        <CommandForm
          title={say("不予认定", "Reject the report")}
          verb={say("不予认定", "Reject")}
          warning={say(
            "暂停的待遇随即恢复，漏发的予以补发",
            "What paused goes on, and what was missed is given",
          )}
          fields={[grounds]}
          send={async (values, key) => {
            await command(ask, "/v1/life-events/{life_event_id}:reject", ids, values, key)
            onDone(say("报告不予认定", "The report is rejected"))
          }}
        />
      </div>
    )
  if (row.state !== "STATE_IN_FORCE") return null
  return (
    <div className="commands">
      <CommandForm
        title={say("更正", "Correct")}
        verb={say("更正", "Correct")}
        warning={say("原记录保留", "The entry is kept as it was")}
        fields={[
          ...document,
          grounds,
          {
            name: "happened_on",
            label: say("正确日期，未发生则留空", "Right day; empty: it did not happen"),
            kind: "day",
            optional: true,
          },
        ]}
        send={async (values, key) => {
          const { grounds: why, happened_on } = values
          const body = {
            document: documentOf(values),
            grounds: why,
            ...(happened_on ? { happened_on } : {}),
          }
          await command(ask, "/v1/life-events/{life_event_id}:correct", ids, body, key)
          onDone(say("已更正", "It is corrected"))
        }}
      />
    </div>
  )
}

const documentOf = (values: { "document.kind"?: string; "document.number"?: string }) => ({
  kind: values["document.kind"],
  number: values["document.number"],
})
