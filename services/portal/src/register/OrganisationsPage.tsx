import type { Schemas } from "../shared/client"
import { Area } from "../work/Area"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { Facts, named, type Words } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { useDone } from "../work/useDone"
import { useItem, useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"
import { Changes } from "./Changes"
import { Lifecycle, type StepWords } from "./Lifecycle"
import { isClosed, REASON, statusOf } from "./suspension"

type Organisation = Schemas["facility.v1.Organisation"]

const PAGE = pageOf("organisations")
const KINDS: Words = {
  KIND_PUBLIC: ["事业单位", "public institution"],
  KIND_PRIVATE_NON_PROFIT: ["民办非企业单位", "private non-profit"],
  KIND_ENTERPRISE: ["企业", "enterprise"],
}
const STEPS: StepWords = {
  suspend: {
    warning: say("暂停期间不再派单、不再接收入住", "Nothing new is given to it on these days"),
    done: say("机构已暂停", "The organisation is suspended"),
  },
  resume: { done: say("机构已恢复", "The organisation is resumed") },
  close: {
    warning: say(
      "不可撤销；服务人员随之离职，仍有开放设施的不得关闭",
      "For good; its workers leave. Not while a facility of it is open",
    ),
    done: say("机构已关闭", "The organisation is closed"),
  },
}

// The register of organisations (`?page=organisations`): officials change, suspend, resume and close
// them; what was changed meanwhile is told.
export function OrganisationsPage() {
  const session = useSession(PAGE.roles)
  const { done, whenDone } = useDone()
  const list = useList(session, "/v1/organisations")
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <RowTable
        caption={say("机构", "Organisations")}
        list={list}
        empty={say("没有机构", "There is no organisation")}
        keyOf={row => row.organisation_id ?? ""}
        columns={[
          { title: say("名称", "Name"), cell: row => row.name },
          { title: say("统一社会信用代码", "Credit code"), cell: row => row.credit_code },
          { title: say("性质", "Legal form"), cell: row => named(KINDS, row.kind) },
          { title: say("区划", "Area"), cell: row => <Area code={row.area_code} /> },
          { title: say("状态", "Status"), cell: row => statusOf(row) },
        ]}
        verb={row =>
          session.may("official") && !isClosed(row) ? say("办理", "Work on") : say("查看", "See")
        }
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
  row: Organisation
  session: Session
  onDone: (text: string) => void
}) {
  const { may } = session
  return (
    <>
      <Facts
        facts={[
          [say("业务电话", "Phone"), row.business_phone],
          [say("业务地址", "Address"), row.business_address],
          [say("居家服务", "Visits homes"), row.home_services ? say("是", "yes") : say("否", "no")],
        ]}
      />
      {(may("official") || may("inspector")) && <History row={row} session={session} />}
      {may("official") && !isClosed(row) && (
        <Commands row={row} session={session} onDone={onDone} />
      )}
    </>
  )
}

function History({ row, session }: { row: Organisation; session: Session }) {
  const ids = { organisation_id: row.organisation_id ?? "" }
  return <Changes found={useItem(session, "/v1/organisations/{organisation_id}/changes", ids)} />
}

function Commands({
  row,
  session: { ask },
  onDone,
}: {
  row: Organisation
  session: Session
  onDone: (text: string) => void
}) {
  const ids = { organisation_id: row.organisation_id ?? "" }
  // what was shown: a change over somebody else's is refused
  const { version } = row
  return (
    <div className="commands">
      <CommandForm
        title={say("变更", "Change")}
        verb={say("变更", "Change")}
        fields={[
          { name: "name", label: say("名称", "Name"), kind: "text", most: 120, value: row.name },
          {
            name: "business_phone",
            label: say("业务电话", "Phone"),
            kind: "text",
            most: 20,
            optional: true,
            value: row.business_phone,
          },
          {
            name: "business_address",
            label: say("业务地址", "Address"),
            kind: "text",
            most: 200,
            optional: true,
            value: row.business_address,
          },
          { ...REASON, optional: true },
        ]}
        send={async (values, key) => {
          const body = { ...values, version }
          await command(ask, "/v1/organisations/{organisation_id}:change", ids, body, key)
          onDone(say("机构已变更", "The organisation is changed"))
        }}
      />
      <Lifecycle
        row={row}
        words={STEPS}
        send={async (step, values, key) => {
          const body = { ...values, version }
          await command(ask, `/v1/organisations/{organisation_id}:${step}`, ids, body, key)
        }}
        onDone={onDone}
      />
    </div>
  )
}
