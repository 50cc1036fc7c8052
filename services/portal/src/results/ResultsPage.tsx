import { useState } from "react"
import type { Schemas } from "../shared/client"
import { Area } from "../work/Area"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { Facts, Id, named, type Words, when } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { StateFilter } from "../work/StateFilter"
import { useDone } from "../work/useDone"
import { useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"
import { levelName } from "./levels"

type Assessment = Schemas["assessment.v1.Assessment"]

const PAGE = pageOf("results")
const STATES: Words = {
  STATE_PUBLIC: ["公示或待批准", "public, or to be approved"],
  STATE_IN_FORCE: ["生效中", "in force"],
  STATE_APPEALED: ["申诉中", "appealed"],
  STATE_REJECTED: ["不予批准", "rejected"],
  STATE_REPLACED: ["已被新结果取代", "replaced"],
}

// Results of assessments (`?page=results`): the office approves or rejects them after publicity; the
// elder, family or office appeals, during publicity or within the term after the decision.
export function ResultsPage() {
  const session = useSession(PAGE.roles)
  const [state, setState] = useState<string>()
  const { done, whenDone } = useDone()
  const shown = state ?? (session.may("official") ? "STATE_PUBLIC" : "")
  const list = useList(session, "/v1/assessments", { state: shown })
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <StateFilter states={STATES} state={shown} onState={setState} />
      <RowTable
        caption={say("评估结果", "Results")}
        list={list}
        empty={say("没有这一状态的评估结果", "No result is in this state")}
        keyOf={row => row.assessment_id ?? ""}
        columns={[
          { title: say("编号", "Result"), cell: row => <Id id={row.assessment_id} /> },
          { title: say("社区（村）", "Community"), cell: row => <Area code={row.area_code} /> },
          { title: say("能力等级", "Level"), cell: row => levelName(row.level) },
          { title: say("状态", "State"), cell: row => named(STATES, row.state) },
          { title: say("公示至", "Public until"), cell: row => when(row.public_until) },
          { title: say("可申诉至", "Appeal until"), cell: row => when(row.appeal_until) || "—" },
        ]}
        verb={row => (canDo(row, session) ? say("办理", "Work on") : say("查看", "See"))}
        detail={(row, close) => (
          <Detail row={row} session={session} onDone={whenDone(list, close)} />
        )}
      />
    </WorkPage>
  )
}

// Whether it is still in time the interface decides, by the city's clock.
const canAppeal = (row: Assessment): boolean =>
  row.state === "STATE_PUBLIC" || Boolean(row.appeal_until)

const canDo = (row: Assessment, session: Session): boolean =>
  canAppeal(row) || (row.state === "STATE_PUBLIC" && session.may("official"))

function Detail({
  row,
  session,
  onDone,
}: {
  row: Assessment
  session: Session
  onDone: (text: string) => void
}) {
  const { ask } = session
  const ids = { assessment_id: row.assessment_id ?? "" }
  return (
    <>
      <Facts
        facts={[
          [say("总分", "Points"), row.total_points],
          [say("评估完成", "Completed"), when(row.completed_at)],
          [say("有效期起", "Valid from"), row.valid_from],
          [say("有效期至", "Valid to"), row.valid_to],
          [say("不予批准的理由", "Grounds of the rejection"), row.grounds],
        ]}
      />
      <div className="commands">
        {row.state === "STATE_PUBLIC" && session.may("official") && (
          <>
            <CommandForm
              title={say("批准", "Approve")}
              verb={say("批准", "Approve")}
              warning={say(
                "公示期满后方可批准；登记、指派、评估过本案的人员不得批准",
                "After publicity; not by who registered, assigned or assessed in this case",
              )}
              fields={[]}
              send={async (_, key) => {
                await command(ask, "/v1/assessments/{assessment_id}:approve", ids, {}, key)
                onDone(say("已批准，等级生效", "Approved: the level is in force"))
              }}
            />
            <CommandForm
              title={say("不予批准", "Reject")}
              verb={say("不予批准", "Reject")}
              fields={[
                {
                  name: "grounds",
                  label: say("理由（告知老年人）", "Grounds, for the elder to read"),
                  kind: "long",
                  most: 500,
                },
              ]}
              send={async (values, key) => {
                await command(ask, "/v1/assessments/{assessment_id}:reject", ids, values, key)
                onDone(say("已登记不予批准", "The rejection is recorded"))
              }}
            />
          </>
        )}
        {canAppeal(row) && (
          <CommandForm
            title={say("申诉", "Appeal")}
            verb={say("提交申诉", "Appeal")}
            warning={say("将由其他评估员复评", "Other assessors assess anew")}
            fields={[]}
            send={async (_, key) => {
              const path = "/v1/assessments/{assessment_id}:appeal"
              await command(ask, path, ids, { channel: "CHANNEL_PORTAL" }, key)
              onDone(say("申诉已受理，将进行复评", "The appeal is filed: a review begins"))
            }}
          />
        )}
      </div>
    </>
  )
}
