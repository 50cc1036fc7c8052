import { Area } from "../work/Area"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { useList } from "../work/useList"
import { useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"
import { levelName } from "./levels"

const PAGE = pageOf("publicity")

// The results that are public now (`?page=publicity`), for anybody: masked names, no token.
export function PublicityPage() {
  const session = useSession(PAGE.roles)
  const list = useList(session, "/v1/publicity")
  return (
    <WorkPage page={PAGE} session={session}>
      <p className="note">
        {say(
          "对结果有异议的，老年人或家属可在公示期内向民政部门或 12349 热线申诉。",
          "Who doubts a result can appeal during these days: at the civil affairs office or 12349.",
        )}
      </p>
      <RowTable
        caption={say("公示中的评估结果", "Results that are public now")}
        list={list}
        empty={say("目前没有公示中的结果", "No result is public now")}
        // two of one name and level in a village are two rows
        keyOf={(_, place) => String(place)}
        columns={[
          { title: say("姓名", "Name"), cell: row => row.name },
          { title: say("社区（村）", "Community"), cell: row => <Area code={row.area_code} /> },
          { title: say("能力等级", "Level"), cell: row => levelName(row.level) },
          { title: say("公示起", "Public from"), cell: row => row.first_day },
          { title: say("公示至", "until"), cell: row => row.last_day },
        ]}
      />
    </WorkPage>
  )
}
