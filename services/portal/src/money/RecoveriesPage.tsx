import { useState } from "react"
import type { Schemas } from "../shared/client"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { Facts, Id, named, type Words, when, yuan } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { StateFilter } from "../work/StateFilter"
import { useDone } from "../work/useDone"
import { useItem, useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"

type Recovery = Schemas["subsidy.v1.Recovery"]

const PAGE = pageOf("recoveries")
const STATES: Words = {
  STATE_OPEN: ["待偿还", "open"],
  STATE_DEFERRED: ["已延期", "deferred"],
  STATE_CONTESTED: ["有争议", "contested"],
  STATE_REPAID: ["已还清", "repaid"],
  STATE_WAIVED: ["已免除", "waived"],
  STATE_WITHDRAWN: ["已撤回", "withdrawn"],
}
const CAUSES: Words = {
  CAUSE_DEATH: ["死亡", "death"],
  CAUSE_MOVED_OUT: ["迁出", "moved out"],
  CAUSE_LEVEL: ["能力等级变化", "level"],
  CAUSE_HARDSHIP: ["不再属于困难群体", "hardship ended"],
  CAUSE_POLICY_ENDED: ["政策终止", "policy ended"],
  CAUSE_AGE: ["年龄", "age"],
  CAUSE_SETTLEMENT: ["结算有争议或被驳回", "settlement disputed or refused"],
  CAUSE_OFFICIAL: ["工作人员认定多付", "found by an official"],
}

// Claims on money that was paid too much (`?page=recoveries`): officials record what came back, put
// a claim off or give it up; who owes sees what and why.
export function RecoveriesPage() {
  const session = useSession(PAGE.roles)
  const [state, setState] = useState("STATE_OPEN")
  const { done, whenDone } = useDone()
  const list = useList(session, "/v1/recoveries", { state })
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <StateFilter states={STATES} state={state} onState={setState} />
      <RowTable
        caption={say("追回款项", "Claims")}
        list={list}
        empty={say("没有这一状态的追回款项", "No claim is in this state")}
        keyOf={row => row.recovery_id ?? ""}
        columns={[
          { title: say("编号", "Claim"), cell: row => <Id id={row.recovery_id} /> },
          { title: say("月份", "Month"), cell: row => row.month },
          { title: say("原因", "Cause"), cell: row => named(CAUSES, row.cause) },
          { title: say("状态", "State"), cell: row => stateOf(row) },
          { title: say("追回金额", "Claimed"), cell: row => yuan(row.claimed_fen), number: true },
          { title: say("已还", "Repaid"), cell: row => yuan(row.repaid_fen), number: true },
          {
            title: say("未还", "Outstanding"),
            cell: row => yuan(row.outstanding_fen),
            number: true,
          },
        ]}
        verb={row =>
          isOpen(row) && session.may("official") ? say("办理", "Work on") : say("查看", "See")
        }
        detail={(row, close) => (
          <Claim row={row} session={session} onDone={whenDone(list, close)} />
        )}
      />
    </WorkPage>
  )
}

const isOpen = (row: Recovery): boolean =>
  row.state === "STATE_OPEN" || row.state === "STATE_DEFERRED"

const stateOf = (row: Recovery): string =>
  row.state === "STATE_DEFERRED"
    ? `${named(STATES, row.state)} ${say("至", "until")} ${row.deferred_until}`
    : named(STATES, row.state)

// One claim with what came back of it, and what an official can do.
function Claim({
  row,
  session,
  onDone,
}: {
  row: Recovery
  session: Session
  onDone: (text: string) => void
}) {
  const ids = { recovery_id: row.recovery_id ?? "" }
  const [whole, error] = useItem(session, "/v1/recoveries/{recovery_id}", ids)
  const shown = whole ?? row
  return (
    <>
      {error && <p className="failed">{error}</p>}
      <Facts
        facts={[
          [say("理由", "Reason"), shown.reason],
          [say("提出时间", "Raised"), when(shown.opened_at)],
          [say("已免除", "Waived"), Number(shown.waived_fen) ? yuan(shown.waived_fen) : ""],
          [say("支付", "Payment"), <Id key="payment" id={shown.payment_id} />],
          [
            say("结算", "Settlement"),
            shown.settlement_id && <Id key="of" id={shown.settlement_id} />,
          ],
        ]}
      />
      {whole && (
        <>
          <h3>{say("还款记录", "What came back")}</h3>
          {whole.repayments?.length ? (
            <ol>
              {whole.repayments.map(one => (
                <li key={one.recorded_at}>
                  {one.repaid_on} · {yuan(one.repaid_fen)} {one.reference}
                </li>
              ))}
            </ol>
          ) : (
            <p>{say("尚无还款", "Nothing yet")}</p>
          )}
        </>
      )}
      {isOpen(row) && session.may("official") && (
        <Commands row={row} session={session} onDone={onDone} />
      )}
    </>
  )
}

function Commands({
  row,
  session: { ask },
  onDone,
}: {
  row: Recovery
  session: Session
  onDone: (text: string) => void
}) {
  const ids = { recovery_id: row.recovery_id ?? "" }
  // what was shown: a decision over somebody else's is refused
  const { version } = row
  const reason = {
    name: "reason",
    label: say("理由（不写姓名）", "Reason; names nobody"),
    kind: "long",
    most: 200,
  } as const
  return (
    <div className="commands">
      <CommandForm
        title={say("登记还款", "Record a repayment")}
        verb={say("登记", "Record")}
        fields={[
          { name: "repaid_fen", label: say("还款金额（元）", "Amount in yuan"), kind: "yuan" },
          { name: "repaid_on", label: say("到账日期", "Day it came"), kind: "day" },
          {
            name: "reference",
            label: say("银行回单号", "Number of the slip"),
            kind: "text",
            optional: true,
          },
        ]}
        send={async (values, key) => {
          const body = { ...values, version }
          await command(ask, "/v1/recoveries/{recovery_id}:repay", ids, body, key)
          onDone(say("还款已登记", "The repayment is recorded"))
        }}
      />
      <CommandForm
        title={say("延期", "Defer")}
        verb={say("延期", "Defer")}
        fields={[
          { name: "deferred_until", label: say("延至", "Due again on"), kind: "day" },
          reason,
        ]}
        send={async (values, key) => {
          const body = { ...values, version }
          await command(ask, "/v1/recoveries/{recovery_id}:defer", ids, body, key)
          onDone(say("已延期", "The claim is deferred"))
        }}
      />
      <CommandForm
        title={say("免除", "Waive")}
        verb={say("免除", "Waive")}
        warning={say(
          `放弃未还的 ${yuan(row.outstanding_fen)}，不可撤销；须由提出人以外的人员办理`,
          `Gives up ${yuan(row.outstanding_fen)} for good; not by the official who raised it`,
        )}
        fields={[reason]}
        send={async (values, key) => {
          const body = { ...values, version }
          await command(ask, "/v1/recoveries/{recovery_id}:waive", ids, body, key)
          onDone(say("已免除", "The claim is waived"))
        }}
      />
    </div>
  )
}
