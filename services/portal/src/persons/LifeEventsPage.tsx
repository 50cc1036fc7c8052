import { addressOf, urlParameter } from "../shared/address"
import type { Schemas } from "../shared/client"
import { Area } from "../work/Area"
import { Facts, named, when } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { useDone } from "../work/useDone"
import { useItem, useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"
import { DecisionForms } from "./DecisionForms"
import { DOCUMENTS, KINDS, REPORTERS, STATES } from "./names"

export type LifeEvent = Schemas["assessment.v1.LifeEvent"]
export type Document = Schemas["assessment.v1.Document"]

const PAGE = pageOf("life-events")
const WAITING = { kind: "KIND_DEATH", state: "STATE_REPORTED" }

// Reports of deaths for an official to decide (`?page=life-events`), and with `elder=` all dated
// facts of one elder, which can be corrected.
export function LifeEventsPage() {
  const session = useSession(PAGE.roles)
  const elder = urlParameter("elder")
  const { done, whenDone } = useDone()
  const list = useList(session, "/v1/life-events", elder ? { elder_id: elder } : WAITING)
  const title = elder ? say("老年人变动登记", "What is recorded of the elder") : undefined
  return (
    <WorkPage page={PAGE} title={title} session={session} done={done}>
      {elder && (
        <p>
          <a href={addressOf({ page: PAGE.id })}>
            {say("全部待核实报告", "All reports that wait")}
          </a>
        </p>
      )}
      <RowTable
        caption={title ?? say("待核实的死亡报告", "Reports of deaths that wait")}
        list={list}
        empty={
          elder
            ? say("没有变动记录", "Nothing is recorded")
            : say("没有待核实的报告", "No report waits")
        }
        keyOf={row => row.life_event_id ?? ""}
        columns={[
          { title: say("事项", "What"), cell: row => named(KINDS, row.kind) },
          { title: say("日期", "Day"), cell: row => row.happened_on },
          { title: say("状态", "State"), cell: row => named(STATES, row.state) },
          { title: say("报告来源", "Told by"), cell: row => named(REPORTERS, row.reported_as) },
          { title: say("报告时间", "Told"), cell: row => when(row.reported_at) },
          { title: say("依据材料", "Document"), cell: row => documentOf(row.document) },
        ]}
        verb={verbOf}
        detail={(row, close) => (
          <>
            <Person row={row} session={session} />
            <DecisionForms row={row} ask={session.ask} onDone={whenDone(list, close)} />
            {!elder && (
              <a href={addressOf({ page: PAGE.id, elder: row.elder_id ?? "" })}>
                {say("该老年人的全部变动", "All that is recorded of the elder")}
              </a>
            )}
          </>
        )}
      />
    </WorkPage>
  )
}

function verbOf(row: LifeEvent): string {
  if (row.state === "STATE_REPORTED") return say("核实", "Decide")
  return row.state === "STATE_IN_FORCE" ? say("更正", "Correct") : say("查看", "See")
}

const documentOf = (document: Document | undefined): string =>
  document ? `${named(DOCUMENTS, document.kind)} ${document.number}` : "—"

// Of whom it is told, masked; an official compares it with the document.
function Person({ row, session }: { row: LifeEvent; session: Session }) {
  const ids = { elder_id: row.elder_id ?? "" }
  const [person, error] = useItem(session, "/v1/elders/{elder_id}", ids)
  return (
    <>
      {error && <p className="failed">{error}</p>}
      <Facts
        facts={[
          [say("姓名", "Name"), person?.name],
          [say("身份证号", "ID number"), person?.id_number],
          [say("社区（村）", "Community"), <Area key="area" code={row.area_code} />],
          [say("核实时间", "Decided"), when(row.decided_at)],
          [say("理由", "Grounds"), row.grounds],
          [
            say("更正依据", "Correction by"),
            row.correction_document && documentOf(row.correction_document),
          ],
        ]}
      />
    </>
  )
}
