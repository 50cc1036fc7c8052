import type { Schemas } from "../shared/client"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { choices, Facts, Id, type Words, when, yuan } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { useDone } from "../work/useDone"
import { useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"

type Order = Schemas["dispatch.v1.Order"]

const PAGE = pageOf("own-shares")
const METHODS: Words = {
  METHOD_CASH: ["现金", "cash"],
  METHOD_TRANSFER: ["转账", "transfer"],
  METHOD_MOBILE: ["手机支付", "mobile"],
}

// What elders pay themselves of visits (`?page=own-shares`): what was due and what was receipted; what
// is to be given back, where the visit is refused for good.
export function OwnSharesPage() {
  const session = useSession(PAGE.roles)
  const { done, whenDone } = useDone()
  const list = useList(session, "/v1/orders", { state: "STATE_DONE" })
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <RowTable
        caption={say("上门服务自付", "Own shares of visits")}
        list={list}
        empty={say("没有已完成的服务", "No visit is done")}
        keyOf={row => row.order_id ?? ""}
        columns={[
          { title: say("服务工单", "Order"), cell: row => <Id id={row.order_id} /> },
          { title: say("服务时间", "Wanted"), cell: row => when(row.wanted_from) },
          { title: say("价格", "Price"), cell: row => yuan(row.price_fen), number: true },
          {
            title: say("消费券支付", "By voucher"),
            cell: row => yuan(row.voucher_fen),
            number: true,
          },
          { title: say("自付", "Own share"), cell: row => yuan(row.own_fen), number: true },
          { title: say("已收", "Received"), cell: row => yuan(row.received_fen), number: true },
        ]}
        verb={row => (canDo(row, session) ? say("办理", "Work on") : say("查看", "See"))}
        detail={(row, close) => (
          <Detail row={row} session={session} onDone={whenDone(list, close)} />
        )}
      />
    </WorkPage>
  )
}

const isDue = (row: Order): boolean => Number(row.own_fen) > Number(row.received_fen)

const isRefundable = (row: Order): boolean => Number(row.received_fen) > Number(row.own_fen)

const canDo = (row: Order, { may }: Session): boolean =>
  isDue(row) ? may("provider") || may("worker") : isRefundable(row) && may("provider")

function Detail({
  row,
  session,
  onDone,
}: {
  row: Order
  session: Session
  onDone: (text: string) => void
}) {
  const ids = { order_id: row.order_id ?? "" }
  const method = {
    name: "method",
    label: say("方式", "How"),
    kind: "choice",
    options: choices(METHODS),
  } as const
  return (
    <>
      <Facts
        facts={[
          [say("老年人", "Elder"), <Id key="elder" id={row.elder_id} />],
          [say("最终驳回", "Refused for good"), when(row.refused_at)],
        ]}
      />
      {canDo(row, session) && isDue(row) && (
        <CommandForm
          title={say("登记自付", "Receipt the own share")}
          verb={say("登记", "Record")}
          fields={[
            { name: "received_fen", label: say("金额（元）", "Amount in yuan"), kind: "yuan" },
            { name: "received_on", label: say("收款日期", "Day it came"), kind: "day" },
            method,
          ]}
          send={async (values, key) => {
            await command(session.ask, "/v1/orders/{order_id}:receipt", ids, values, key)
            onDone(say("自付已登记", "The own share is receipted"))
          }}
        />
      )}
      {canDo(row, session) && isRefundable(row) && (
        <CommandForm
          title={say("退还自付", "Give the own share back")}
          verb={say("登记退还", "Record")}
          fields={[
            { name: "refunded_fen", label: say("金额（元）", "Amount in yuan"), kind: "yuan" },
            { name: "refunded_on", label: say("退还日期", "Day it was given back"), kind: "day" },
            method,
          ]}
          send={async (values, key) => {
            await command(session.ask, "/v1/orders/{order_id}:refund", ids, values, key)
            onDone(say("退还已登记", "What was given back is recorded"))
          }}
        />
      )}
    </>
  )
}
