import { useState } from "react"
import type { Schemas } from "../shared/client"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { Facts, Id, named, type Words, yuan } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { useDone } from "../work/useDone"
import { useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"

type Payment = Schemas["subsidy.v1.PaymentMade"]

const PAGE = pageOf("payments")
const KINDS: Words = {
  KIND_SETTLEMENT: ["机构结算", "to an organisation"],
  KIND_CASH: ["现金补贴", "cash to an elder"],
  KIND_ARREARS: ["补发", "arrears to an elder"],
}

// What was paid (`?page=payments`): payees see it, officials claim back what was too much of it.
export function PaymentsPage() {
  const session = useSession(PAGE.roles)
  const [month, setMonth] = useState("")
  const { done, whenDone } = useDone()
  const list = useList(session, "/v1/payments", { month })
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <form className="filters">
        <label>
          {say("月份", "Month")}{" "}
          <input type="month" value={month} onChange={event => setMonth(event.target.value)} />
        </label>
      </form>
      <RowTable
        caption={say("支付记录", "Payments")}
        list={list}
        empty={say("没有支付记录", "Nothing was paid")}
        keyOf={row => row.payment_id ?? ""}
        columns={[
          { title: say("编号", "Payment"), cell: row => <Id id={row.payment_id} /> },
          { title: say("类别", "Kind"), cell: row => named(KINDS, row.kind) },
          { title: say("月份", "Month"), cell: row => row.month },
          { title: say("支付日期", "Paid on"), cell: row => row.paid_on },
          { title: say("金额", "Paid"), cell: row => yuan(row.paid_fen), number: true },
        ]}
        verb={() => (session.may("official") ? say("办理", "Work on") : say("查看", "See"))}
        detail={(row, close) => (
          <Detail row={row} session={session} onDone={whenDone(list, close)} />
        )}
      />
    </WorkPage>
  )
}

function Detail({
  row,
  session,
  onDone,
}: {
  row: Payment
  session: Session
  onDone: (text: string) => void
}) {
  const isSettlement = row.kind === "KIND_SETTLEMENT"
  return (
    <>
      <Facts
        facts={[
          [say("应付日期", "Due on"), row.due_on],
          [say("结算笔数", "Settlements"), row.settlements || ""],
          [say("机构", "Organisation"), row.organisation_id && <Id id={row.organisation_id} />],
          [say("老年人", "Elder"), row.elder_id && <Id id={row.elder_id} />],
        ]}
      />
      {session.may("official") && (
        <CommandForm
          title={say("追回多付款项", "Claim back")}
          verb={say("追回", "Claim back")}
          warning={say(
            "提出人以后不得免除该笔追回",
            "Who raises a claim cannot waive it afterwards",
          )}
          fields={[
            { name: "claimed_fen", label: say("追回金额（元）", "Amount in yuan"), kind: "yuan" },
            ...(isSettlement
              ? [
                  {
                    name: "settlement_id",
                    label: say("多付的结算编号", "Settlement that was paid too much"),
                    kind: "text",
                    most: 36,
                  } as const,
                ]
              : []),
            {
              name: "reason",
              label: say("理由（不写姓名）", "Reason; names nobody"),
              kind: "long",
              most: 200,
            },
          ]}
          send={async (values, key) => {
            const body = { ...values, payment_id: row.payment_id }
            await command(session.ask, "/v1/recoveries", {}, body, key)
            onDone(say("已提出追回", "The claim is raised"))
          }}
        />
      )}
    </>
  )
}
