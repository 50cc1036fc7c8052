import { useState } from "react"
import type { Schemas } from "../shared/client"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { decision } from "../work/decision"
import { Facts, hours, Id, named, type Words, when } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { StateFilter } from "../work/StateFilter"
import { useDone } from "../work/useDone"
import { useList } from "../work/useList"
import { useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"

type BackEntry = Schemas["dispatch.v1.BackEntry"]

const PAGE = pageOf("back-entries")
const STATES: Words = {
  STATE_PENDING: ["待审批", "waits"],
  STATE_APPROVED: ["已批准", "approved"],
  STATE_REJECTED: ["未批准", "refused"],
}

// Visits that a phone without network told after their order had ended (`?page=back-entries`):
// approved by an official or the firm, or not.
export function BackEntriesPage() {
  const session = useSession(PAGE.roles)
  const { ask, may } = session
  const [state, setState] = useState("STATE_PENDING")
  const { done, whenDone } = useDone()
  const list = useList(session, "/v1/back-entries", { state })
  const canDecide = (row: BackEntry) =>
    row.state === "STATE_PENDING" && (may("official") || may("provider"))
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <StateFilter states={STATES} state={state} onState={setState} />
      <RowTable
        caption={say("补录", "Visits told late")}
        list={list}
        empty={say("没有这一状态的补录", "No visit is in this state")}
        keyOf={row => row.order_id ?? ""}
        columns={[
          { title: say("服务工单", "Order"), cell: row => <Id id={row.order_id} /> },
          { title: say("服务人员", "Worker"), cell: row => <Id id={row.worker_id} /> },
          {
            title: say("预约时段", "Wanted"),
            cell: row => hours(row.wanted_from, row.wanted_to),
          },
          {
            title: say("服务时间（设备）", "Visit, by the device"),
            cell: row => hours(row.checked_in_at, row.checked_out_at),
          },
          { title: say("偏离时段", "Outside"), cell: row => outsideOf(row.outside_min) },
          { title: say("状态", "State"), cell: row => named(STATES, row.state) },
        ]}
        verb={row => (canDecide(row) ? say("审批", "Decide") : say("查看", "See"))}
        detail={(row, close) => (
          <>
            <Facts
              facts={[
                [say("上报时间", "Told"), when(row.filed_at)],
                [say("决定时间", "Decided"), when(row.decided_at)],
                [
                  say("签退", "Check-out"),
                  row.checked_out_at ? "" : say("尚未上报", "not told yet"),
                ],
              ]}
            />
            {canDecide(row) && (
              <CommandForm
                title={say("审批补录", "Decide")}
                verb={say("决定", "Decide")}
                warning={say(
                  "批准后按设备时间计为已完成的服务；不批准则工单保持已结束",
                  "Approved, it is a visit at the device's times; refused, the order stays ended",
                )}
                fields={[decision("approve", say("批准", "approve"), say("不批准", "refuse"))]}
                send={async ({ approve }, key) => {
                  const ids = { order_id: row.order_id ?? "" }
                  const body = { approve: approve === "true" }
                  await command(ask, "/v1/back-entries/{order_id}:decide", ids, body, key)
                  whenDone(list, close)(say("决定已登记", "The decision is recorded"))
                }}
              />
            )}
          </>
        )}
      />
    </WorkPage>
  )
}

function outsideOf(minutes: number | undefined): string {
  if (!minutes) return say("时段内", "inside")
  const many = Math.abs(minutes)
  return minutes < 0
    ? say(`早 ${many} 分钟`, `${many} min before`)
    : say(`晚 ${many} 分钟`, `${many} min after`)
}
