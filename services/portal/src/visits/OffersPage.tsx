import { useState } from "react"
import type { Schemas } from "../shared/client"
import { Area } from "../work/Area"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { choices, Facts, hours, Id, named, type Words, when, yuan } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { StateFilter } from "../work/StateFilter"
import { useDone } from "../work/useDone"
import { useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"
import { useItemNames } from "./useItemNames"

type Order = Schemas["dispatch.v1.Order"]
type Reason = Schemas["dispatch.v1.OrderDeclined"]["reason"]

const PAGE = pageOf("offers")
const STATES: Words = {
  STATE_ASSIGNED: ["待答复", "to be answered"],
  STATE_ACCEPTED: ["已接单", "accepted"],
}
const REASONS: Words = {
  REASON_ABSENT: ["人员请假或离职", "the worker is away"],
  REASON_NO_TIME: ["时间冲突", "no time at these hours"],
  REASON_TOO_FAR: ["路程过远", "too far"],
  REASON_NOT_ABLE: ["无人具备资格", "nobody free may do it"],
  REASON_ELDER: ["老年人或家属要求", "asked for by the elder or family"],
  REASON_OTHER: ["其他", "something else"],
}

// Orders that are offered to a firm or its worker (`?page=offers`): taken or not; what was accepted
// can be given back until the visit begins. Each answer names the offer that was shown.
export function OffersPage() {
  const session = useSession(PAGE.roles)
  const [state, setState] = useState("STATE_ASSIGNED")
  const { done, whenDone } = useDone()
  const list = useList(session, "/v1/orders", { state })
  const nameOf = useItemNames(session)
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <StateFilter states={STATES} state={state} onState={setState} all={false} />
      <RowTable
        caption={say("派给本机构的工单", "Orders of the firm")}
        list={list}
        empty={say("没有这一状态的工单", "No order is in this state")}
        keyOf={row => row.order_id ?? ""}
        columns={[
          { title: say("服务工单", "Order"), cell: row => <Id id={row.order_id} /> },
          { title: say("服务项目", "What"), cell: row => nameOf(row.item_code) },
          { title: say("区划", "Area"), cell: row => <Area code={row.area_code} /> },
          {
            title: say("预约时段", "Wanted"),
            cell: row => hours(row.wanted_from, row.wanted_to),
          },
          { title: say("服务人员", "Worker"), cell: row => <Id id={row.worker_id} /> },
          { title: say("状态", "State"), cell: row => named(STATES, row.state) },
          { title: say("价格", "Price"), cell: row => yuan(row.price_fen), number: true },
        ]}
        verb={() => say("答复", "Answer")}
        detail={(row, close) => (
          <Detail row={row} session={session} onDone={whenDone(list, close)} />
        )}
      />
    </WorkPage>
  )
}

function Detail({
  row,
  session: { ask },
  onDone,
}: {
  row: Order
  session: Session
  onDone: (text: string) => void
}) {
  const ids = { order_id: row.order_id ?? "" }
  const body = { attempt: row.attempt }
  const isOpen = row.state === "STATE_ASSIGNED"
  return (
    <>
      <Facts
        facts={[
          [say("计划上门", "Planned"), when(row.planned_at)],
          [
            say("计划时长", "Planned length"),
            say(`${row.planned_min} 分钟`, `${row.planned_min} min`),
          ],
          [say("其中消费券", "Of it by voucher"), yuan(row.voucher_fen)],
          [say("第几次派单", "Number of the offer"), row.attempt],
        ]}
      />
      <div className="commands">
        {isOpen && (
          <CommandForm
            title={say("接单", "Accept")}
            verb={say("接单", "Accept")}
            fields={[]}
            send={async (_, key) => {
              await command(ask, "/v1/orders/{order_id}:accept", ids, body, key)
              onDone(say("已接单", "The order is accepted"))
            }}
          />
        )}
        <CommandForm
          title={isOpen ? say("不接单", "Decline") : say("退单", "Give back")}
          verb={isOpen ? say("不接单", "Decline") : say("退单", "Give back")}
          warning={say(
            "工单随即另派他人，不再派给该服务人员",
            "Somebody else is asked at once, and this worker not again",
          )}
          fields={[
            {
              name: "reason",
              label: say("原因", "Why"),
              kind: "choice",
              options: choices(REASONS),
            },
          ]}
          send={async ({ reason }, key) => {
            const declined = { ...body, reason: reason as Reason }
            await command(ask, "/v1/orders/{order_id}:decline", ids, declined, key)
            onDone(
              isOpen
                ? say("已登记不接单", "The offer is declined")
                : say("工单已退回", "The order is given back"),
            )
          }}
        />
      </div>
    </>
  )
}
