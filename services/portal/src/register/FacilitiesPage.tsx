import type { Schemas } from "../shared/client"
import { Area } from "../work/Area"
import { CommandForm } from "../work/CommandForm"
import { command } from "../work/commands"
import { choices, Facts, named, type Words, yuan } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { useDone } from "../work/useDone"
import { useItem, useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"
import { Changes } from "./Changes"
import { Lifecycle, type StepWords } from "./Lifecycle"
import { isClosed, REASON, statusOf } from "./suspension"

type Facility = Schemas["facility.v1.Facility"]

const PAGE = pageOf("facilities")
const TIERS: Words = {
  TIER_COUNTY: ["县级机构", "county institution"],
  TIER_TOWN: ["乡镇（街道）综合体", "town centre"],
  TIER_VILLAGE: ["村（社区）站点", "village station"],
}
const OPERATIONS: Words = {
  OPERATION_PUBLIC: ["公办公营", "public"],
  OPERATION_CONTRACTED: ["公建民营", "public, run by a contractor"],
  OPERATION_PRIVATE: ["民办", "private"],
}
const STEPS: StepWords = {
  suspend: {
    warning: say("暂停期间不接收新入住", "Nobody is admitted on these days"),
    done: say("设施已暂停", "The facility is suspended"),
  },
  resume: { done: say("设施已恢复", "The facility is resumed") },
  close: {
    warning: say("不可撤销；有人入住时不得关闭", "For good; not while somebody stays there"),
    done: say("设施已关闭", "The facility is closed"),
  },
}

// The register of facilities (`?page=facilities`): officials change, suspend, resume and close them,
// beds from a later day on too.
export function FacilitiesPage() {
  const session = useSession(PAGE.roles)
  const { done, whenDone } = useDone()
  const list = useList(session, "/v1/facilities")
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <RowTable
        caption={say("设施", "Facilities")}
        list={list}
        empty={say("没有设施", "There is no facility")}
        keyOf={row => row.facility_id ?? ""}
        columns={[
          { title: say("名称", "Name"), cell: row => row.name },
          { title: say("层级", "Tier"), cell: row => named(TIERS, row.tier) },
          { title: say("运营", "Operation"), cell: row => named(OPERATIONS, row.operation) },
          { title: say("区划", "Area"), cell: row => <Area code={row.area_code} /> },
          { title: say("床位", "Beds"), cell: row => row.beds, number: true },
          { title: say("护理型", "Nursing"), cell: row => row.nursing_beds, number: true },
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
  row: Facility
  session: Session
  onDone: (text: string) => void
}) {
  const { may } = session
  return (
    <>
      {row.planned_from && (
        <Facts
          facts={[
            [say("已定床位调整", "Beds agreed from"), row.planned_from],
            [say("床位", "Beds"), String(row.planned_beds ?? "")],
            [say("护理型", "Nursing"), String(row.planned_nursing_beds ?? "")],
          ]}
        />
      )}
      {(may("official") || may("inspector")) && <History row={row} session={session} />}
      <Fees row={row} session={session} />
      {may("official") && !isClosed(row) && (
        <Commands row={row} session={session} onDone={onDone} />
      )}
      {(may("official") || may("home")) && !isClosed(row) && (
        <FeeForm row={row} session={session} onDone={onDone} />
      )}
    </>
  )
}

function History({ row, session }: { row: Facility; session: Session }) {
  const ids = { facility_id: row.facility_id ?? "" }
  return <Changes found={useItem(session, "/v1/facilities/{facility_id}/changes", ids)} />
}

// What a month costs, and from when on.
function Fees({ row, session }: { row: Facility; session: Session }) {
  const ids = { facility_id: row.facility_id ?? "" }
  const [found] = useItem(session, "/v1/facilities/{facility_id}/fees", ids)
  return (
    <Facts
      facts={(found?.rows ?? []).map(fee => [
        say(`自 ${fee.valid_from} 起每月`, `A month from ${fee.valid_from} on`),
        yuan(fee.monthly_fen),
      ])}
    />
  )
}

function FeeForm({
  row,
  session: { ask },
  onDone,
}: {
  row: Facility
  session: Session
  onDone: (text: string) => void
}) {
  return (
    <CommandForm
      title={say("申报收费标准", "Declare a fee")}
      verb={say("申报", "Declare")}
      warning={say(
        "申报后不可更改，只能另行申报",
        "It stays; another one follows from another day",
      )}
      fields={[
        { name: "monthly_fen", label: say("每月费用（元）", "Yuan a month"), kind: "yuan" },
        { name: "valid_from", label: say("自何日起", "From this day on"), kind: "day" },
      ]}
      send={async (values, key) => {
        const ids = { facility_id: row.facility_id ?? "" }
        await command(ask, "/v1/facilities/{facility_id}:declare-fee", ids, values, key)
        onDone(say("收费标准已申报", "The fee is declared"))
      }}
    />
  )
}

function Commands({
  row,
  session: { ask },
  onDone,
}: {
  row: Facility
  session: Session
  onDone: (text: string) => void
}) {
  const ids = { facility_id: row.facility_id ?? "" }
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
            name: "operation",
            label: say("运营", "Operation"),
            kind: "choice",
            options: choices(OPERATIONS),
            value: row.operation,
          },
          { ...REASON, optional: true },
        ]}
        send={async (values, key) => {
          const body = { ...values, version }
          await command(ask, "/v1/facilities/{facility_id}:change", ids, body, key)
          onDone(say("设施已变更", "The facility is changed"))
        }}
      />
      <CommandForm
        title={say("床位调整", "Beds")}
        verb={say("调整", "Change")}
        fields={[
          { name: "beds", label: say("床位", "Beds"), kind: "count", value: String(row.beds) },
          {
            name: "nursing_beds",
            label: say("其中护理型", "Nursing beds of these"),
            kind: "count",
            value: String(row.nursing_beds),
          },
          {
            name: "valid_from",
            label: say("自何日起，不填为今天", "From this day on; empty: today"),
            kind: "day",
            optional: true,
          },
          { ...REASON, optional: true },
        ]}
        send={async (values, key) => {
          const body = { ...values, version }
          await command(ask, "/v1/facilities/{facility_id}:change", ids, body, key)
          onDone(say("床位已调整", "The beds are changed"))
        }}
      />
      <Lifecycle
        row={row}
        words={STEPS}
        send={async (step, values, key) => {
          const body = { ...values, version }
          await command(ask, `/v1/facilities/{facility_id}:${step}`, ids, body, key)
        }}
        onDone={onDone}
      />
    </div>
  )
}
