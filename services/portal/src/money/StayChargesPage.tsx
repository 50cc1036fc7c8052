import { useState } from "react"
import type { Schemas } from "../shared/client"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { decision } from "../work/decision"
import { Facts, Id, named, type Words, yuan } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { StateFilter } from "../work/StateFilter"
import { useDone } from "../work/useDone"
import { useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"

type Charge = Schemas["facility.v1.StayCharge"]

const PAGE = pageOf("stay-charges")
const STATES: Words = {
  STATE_OPEN: ["待审批", "waits for the office"],
  STATE_APPROVED: ["已批准", "approved"],
  STATE_REFUSED: ["不予批准", "refused"],
}

// What months of stays come to (`?page=stay-charges`): the office approves them, the voucher pays its
// share, the home receipts the rest, and the elder sees all of it.
export function StayChargesPage() {
  const session = useSession(PAGE.roles)
  const [state, setState] = useState<string>()
  const { done, whenDone } = useDone()
  const shown = state ?? (session.may("official") ? "STATE_OPEN" : "")
  const list = useList(session, "/v1/stay-charges", { state: shown })
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <StateFilter states={STATES} state={shown} onState={setState} />
      <RowTable
        caption={say("入住费用", "Charges of stays")}
        list={list}
        empty={say("没有这一状态的费用", "No charge is in this state")}
        keyOf={row => row.charge_id ?? ""}
        columns={[
          { title: say("编号", "Charge"), cell: row => <Id id={row.charge_id} /> },
          { title: say("月份", "Month"), cell: row => row.month },
          { title: say("状态", "State"), cell: row => named(STATES, row.state) },
          { title: say("天数", "Days"), cell: row => row.days, number: true },
          { title: say("费用", "Price"), cell: row => yuan(row.price_fen), number: true },
          {
            title: say("消费券支付", "By voucher"),
            cell: row => known(row.voucher_fen),
            number: true,
          },
          { title: say("自付", "Own share"), cell: row => known(row.own_fen), number: true },
          {
            title: say("已付自付", "Of it paid"),
            cell: row => yuan(row.received_fen),
            number: true,
          },
        ]}
        verb={row => (canDo(row, session) ? say("办理", "Work on") : say("查看", "See"))}
        detail={(row, close) => (
          <Detail row={row} session={session} onDone={whenDone(list, close)} />
        )}
      />
    </WorkPage>
  )
}

const known = (fen: string | undefined): string => (fen === undefined ? "—" : yuan(fen))

const isReceiptable = (row: Charge): boolean =>
  row.own_fen !== undefined && Number(row.own_fen) > Number(row.received_fen)

const canDo = (row: Charge, { may }: Session): boolean =>
  (row.state === "STATE_OPEN" && may("official")) || (isReceiptable(row) && may("home"))

function Detail({
  row,
  session,
  onDone,
}: {
  row: Charge
  session: Session
  onDone: (text: string) => void
}) {
  const ids = { charge_id: row.charge_id ?? "" }
  // what was shown: a decision over somebody else's is refused
  const { version } = row
  return (
    <>
      <Facts
        facts={[
          [say("设施", "Facility"), <Id key="facility" id={row.facility_id} />],
          [say("老年人", "Elder"), <Id key="elder" id={row.elder_id} />],
          [say("不予批准的理由", "Why it was refused"), row.reason],
        ]}
      />
      <div className="commands">
        {row.state === "STATE_OPEN" && session.may("official") && (
          <CommandForm
            title={say("审批", "Decide")}
            verb={say("决定", "Decide")}
            warning={say(
              "批准后由该月消费券按比例支付",
              "Once approved, the voucher of the month pays its share",
            )}
            fields={[
              decision("approve", say("批准", "approve"), say("不予批准", "refuse")),
              {
                name: "reason",
                label: say("理由（不写姓名）", "Reason; names nobody"),
                kind: "long",
                most: 200,
                optional: true,
              },
            ]}
            send={async ({ approve, ...values }, key) => {
              const body = { ...values, approve: approve === "true", version }
              await command(session.ask, "/v1/stay-charges/{charge_id}:decide", ids, body, key)
              onDone(say("决定已登记", "The decision is recorded"))
            }}
          />
        )}
        {isReceiptable(row) && session.may("home") && (
          <CommandForm
            title={say("登记自付", "Receipt the own share")}
            verb={say("登记", "Record")}
            fields={[
              { name: "received_fen", label: say("金额（元）", "Amount in yuan"), kind: "yuan" },
              { name: "received_on", label: say("收款日期", "Day it came"), kind: "day" },
            ]}
            send={async (values, key) => {
              const body = { ...values, version }
              await command(session.ask, "/v1/stay-charges/{charge_id}:receipt", ids, body, key)
              onDone(say("自付已登记", "The own share is receipted"))
            }}
          />
        )}
      </div>
    </>
  )
}
