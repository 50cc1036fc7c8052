import { useState } from "react"
import type { Schemas } from "../shared/client"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { decision } from "../work/decision"
import { Facts, Id, named, type Words, when, yuan } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { StateFilter } from "../work/StateFilter"
import { useDone } from "../work/useDone"
import { useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"

type Settlement = Schemas["supervision.v1.Settlement"]

const PAGE = pageOf("settlements")
const STATES: Words = {
  STATE_HELD: ["已冻结", "held"],
  STATE_APPEALED: ["申诉中", "appealed"],
  STATE_REFUSED: ["已驳回", "refused"],
  STATE_APPROVED: ["已通过", "approved"],
}
const DOUBTS: Words = {
  DOUBT_TOO_SHORT: ["服务时间过短", "too short"],
  DOUBT_WRONG_PLACE: ["签到地点过远", "far from the home"],
  DOUBT_OVERLAP: ["同一时间另有服务", "another visit at the same time"],
  DOUBT_IMPOSSIBLE_TRAVEL: ["路程不可能", "nobody travels that fast"],
  DOUBT_NO_POSITION: ["没有定位", "no position"],
  DOUBT_INSPECTOR: ["监管员认定不实", "found untrue by an inspector"],
  DOUBT_COMPLAINT: ["有投诉", "a complaint"],
  DOUBT_FOLLOW_UP: ["回访不满意", "not satisfied when called"],
  DOUBT_UNTRUE: ["入户核查不符", "untrue at the elder's home"],
  DOUBT_OUTSIDE_WINDOW: ["超出预约时段", "outside the hours wanted"],
}

// What visits are worth (`?page=settlements`): inspectors decide what is held, firms appeal against
// a refusal, and somebody else decides the appeal.
export function SettlementsPage() {
  const session = useSession(PAGE.roles)
  const [state, setState] = useState<string>()
  const { done, whenDone } = useDone()
  // a firm looks for refusals, an office for what waits for it
  const shown = state ?? (session.may("provider") ? "STATE_REFUSED" : "STATE_HELD")
  const list = useList(session, "/v1/settlements", { state: shown })
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <StateFilter states={STATES} state={shown} onState={setState} />
      <RowTable
        caption={say("结算", "Settlements")}
        list={list}
        empty={say("没有这一状态的结算", "No settlement is in this state")}
        keyOf={row => row.settlement_id ?? ""}
        columns={[
          { title: say("编号", "Settlement"), cell: row => <Id id={row.settlement_id} /> },
          { title: say("服务工单", "Order"), cell: row => <Id id={row.order_id} /> },
          { title: say("状态", "State"), cell: row => named(STATES, row.state) },
          { title: say("疑点", "Doubts"), cell: row => doubtsOf(row) },
          { title: say("时间", "Since"), cell: row => when(row.judged_at) },
          { title: say("金额", "Price"), cell: row => yuan(row.price_fen), number: true },
        ]}
        verb={row => (canDo(row, session) ? say("办理", "Work on") : say("查看", "See"))}
        detail={(row, close) => (
          <Detail row={row} session={session} onDone={whenDone(list, close)} />
        )}
      />
    </WorkPage>
  )
}

const doubtsOf = (row: Settlement): string =>
  row.doubts?.map(doubt => named(DOUBTS, doubt)).join(say("、", ", ")) || "—"

const mayDecide = ({ may }: Session): boolean => may("official") || may("inspector")

function canDo(row: Settlement, session: Session): boolean {
  if (row.state === "STATE_HELD") return session.may("inspector")
  if (row.state === "STATE_APPEALED") return mayDecide(session)
  return row.state === "STATE_REFUSED" && Boolean(row.appeal_until) && session.may("provider")
}

function Detail({
  row,
  session,
  onDone,
}: {
  row: Settlement
  session: Session
  onDone: (text: string) => void
}) {
  const ids = { settlement_id: row.settlement_id ?? "" }
  return (
    <>
      <Facts
        facts={[
          [say("其中消费券", "Of it by voucher"), yuan(row.voucher_fen)],
          [say("入户核查", "Verified at home"), row.verified ? say("已核查", "yes") : ""],
          [say("可申诉至", "Appeal until"), when(row.appeal_until)],
          [say("申诉时间", "Appealed"), when(row.appealed_at)],
          [say("机构陈述", "What the firm says"), row.statement],
        ]}
      />
      <div className="commands">
        {canDo(row, session) && row.state === "STATE_HELD" && (
          <CommandForm
            title={say("处理冻结的结算", "Decide what is held")}
            verb={say("决定", "Decide")}
            warning={say(
              "入户核查过该服务的人员不得作出决定",
              "Not by the inspector who verified the visit",
            )}
            fields={[decision("approve", say("通过", "approve"), say("驳回", "refuse"))]}
            send={async ({ approve }, key) => {
              const body = { approve: approve === "true" }
              await command(session.ask, "/v1/settlements/{settlement_id}:decide", ids, body, key)
              onDone(say("决定已登记", "The decision is recorded"))
            }}
          />
        )}
        {canDo(row, session) && row.state === "STATE_REFUSED" && (
          <CommandForm
            title={say("申诉", "Appeal")}
            verb={say("提交申诉", "Appeal")}
            warning={say("只能申诉一次", "Once only")}
            fields={[
              {
                name: "statement",
                label: say("陈述（不写姓名）", "Why it is to be paid; names nobody"),
                kind: "long",
                most: 500,
              },
            ]}
            send={async (values, key) => {
              await command(session.ask, "/v1/settlements/{settlement_id}:appeal", ids, values, key)
              onDone(say("申诉已提交", "The appeal is filed"))
            }}
          />
        )}
        {canDo(row, session) && row.state === "STATE_APPEALED" && (
          <CommandForm
            title={say("决定申诉", "Decide the appeal")}
            verb={say("决定", "Decide")}
            warning={say(
              "最终决定；须由原决定人和核查人以外的人员作出",
              "For good; not by who refused or verified it",
            )}
            fields={[
              decision(
                "allow",
                say("申诉成立，予以支付", "allow it: the visit is paid"),
                say("维持驳回", "uphold the refusal"),
              ),
            ]}
            send={async ({ allow }, key) => {
              const body = { allow: allow === "true" }
              const path = "/v1/settlements/{settlement_id}:decide-appeal"
              await command(session.ask, path, ids, body, key)
              onDone(say("申诉决定已登记", "The decision is recorded"))
            }}
          />
        )}
      </div>
    </>
  )
}
