import { type FormEvent, useCallback, useEffect, useId, useState } from "react"
import { addressOf, urlParameter } from "../shared/address"
import type { Ask } from "../shared/asking"
import { authorization, client, dataOf, Problem, type Schemas, wordsOf } from "../shared/client"
import { command } from "../work/commands"
import { Facts, named, type Words, when } from "../work/format"
import { pageOf, say } from "../work/pages"
import { RowTable } from "../work/RowTable"
import { StateFilter } from "../work/StateFilter"
import { readItem, useList } from "../work/useList"
import { type Session, useSession } from "../work/useSession"
import { WorkPage } from "../work/WorkPage"

type Import = Schemas["assessment.v1.Import"]

const PAGE = pageOf("imports")
const POLL_MS = 1000
const STATES: Words = {
  STATE_RUNNING: ["正在导入", "under way"],
  STATE_DONE: ["已完成", "done"],
  STATE_CANCELLED: ["已取消", "cancelled"],
}
const COLUMNS: Words = {
  name: ["姓名", "name"],
  id_number: ["身份证号", "ID number"],
  phone: ["电话", "phone"],
  address: ["住址", "address"],
  area_code: ["区划代码", "area code"],
  lon: ["经度", "longitude"],
  lat: ["纬度", "latitude"],
  datum: ["坐标系", "datum"],
  living: ["居住情况", "living"],
  hardships: ["困难类别", "hardships"],
  hardships_on: ["困难认定日期", "hardships since"],
  hardships_document: ["困难认定文号", "document of hardships"],
  local_register: ["本地户籍", "local register"],
  contact_name: ["联系人", "contact person"],
  contact_phone: ["联系人电话", "contact's phone"],
  another_person: ["另一人", "another person"],
}

// Files of elders as jobs (`?page=imports`): sent, watched, cancelled; each wrong row with what is
// wrong. `import=` is one that was begun before.
export function ImportsPage() {
  const session = useSession(PAGE.roles)
  const [begun, setBegun] = useState(urlParameter("import"))
  const [state, setState] = useState("")
  const [done, setDone] = useState("")
  const list = useList(session, "/v1/elder-imports", { state })

  const begin = ({ import_id = "" }: Import) => {
    // so that the page can be left while the file is taken
    history.replaceState(null, "", addressOf({ page: PAGE.id, import: import_id }))
    setDone("")
    setBegun(import_id)
    void list.refresh()
  }
  const onCancelled = () => {
    setDone(say("导入已取消，已登记的行保留", "Cancelled; rows that were registered stay"))
    void list.refresh()
  }
  const progress = (importId: string) => (
    <Progress key={importId} importId={importId} session={session} onCancelled={onCancelled} />
  )
  return (
    <WorkPage page={PAGE} session={session} done={done}>
      <FileForm ask={session.ask} onBegin={begin} />
      {session.ready && begun && progress(begun)}
      <StateFilter states={STATES} state={state} onState={setState} />
      <RowTable
        caption={say("导入记录", "Imports")}
        list={list}
        keyOf={row => row.import_id ?? ""}
        empty={say("没有导入记录；上传文件即开始一个", "There is none; sending a file begins one")}
        columns={[
          { title: say("开始时间", "Begun"), cell: row => when(row.started_at) },
          { title: say("状态", "State"), cell: row => named(STATES, row.state) },
          { title: say("行数", "Rows"), number: true, cell: row => `${row.done} / ${row.rows}` },
          { title: say("新登记", "Registered"), number: true, cell: row => row.registered },
          { title: say("有误", "Wrong"), number: true, cell: row => row.failed },
        ]}
        verb={() => say("查看", "Show")}
        detail={row => progress(row.import_id ?? "")}
      />
    </WorkPage>
  )
}

// How far an import is, again and again while it is under way, and its wrong rows.
function Progress({
  importId,
  session,
  onCancelled,
}: {
  importId: string
  session: Session
  onCancelled: () => void
}) {
  const { ask } = session
  const [job, setJob] = useState<Import>()
  const [error, setError] = useState("")
  const isRunning = job?.state === "STATE_RUNNING"

  const read = useCallback(async () => {
    try {
      setJob(await readImport(ask, importId))
      setError("")
    } catch (cause) {
      setError(wordsOf(cause))
    }
  }, [ask, importId])
  useEffect(() => {
    void read()
  }, [read])
  useEffect(() => {
    if (!isRunning) return
    const timer = setInterval(() => void read(), POLL_MS)
    return () => clearInterval(timer)
  }, [isRunning, read])

  const cancel = async (key: string) => {
    try {
      const path = "/v1/elder-imports/{import_id}:cancel"
      await command(ask, path, { import_id: importId }, {}, key)
      onCancelled()
    } catch (cause) {
      setError(wordsOf(cause))
    }
    await read()
  }
  return (
    <section aria-label={say("导入进度", "Progress of the import")}>
      {error && (
        <p className="failed" role="alert">
          {error}
        </p>
      )}
      {job && (
        <>
          <h2>
            {say("导入进度", "Progress")} · {named(STATES, job.state)}
          </h2>
          <progress
            max={job.rows || 1}
            value={job.rows ? job.done : 1}
            aria-label={say(
              `已处理 ${job.done} / ${job.rows} 行`,
              `${job.done} of ${job.rows} rows`,
            )}
          />
          <div className="detail">
            <Facts
              facts={[
                [say("行数", "Rows"), `${job.done} / ${job.rows}`],
                [say("新登记", "Registered"), String(job.registered)],
                [say("已有且一致", "Known already"), String(job.unchanged)],
                [say("有误", "Wrong"), String(job.failed)],
              ]}
            />
          </div>
          {isRunning && <CancelButton onCancel={cancel} />}
          <Errors job={job} ask={ask} onError={setError} />
        </>
      )}
    </section>
  )
}

function FileForm({ ask, onBegin }: { ask: Ask; onBegin: (job: Import) => void }) {
  const id = useId()
  const [file, setFile] = useState<File>()
  const [key, setKey] = useState("")
  const [error, setError] = useState("")
  const [busy, setBusy] = useState(false)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (!file || busy) return
    setBusy(true)
    setError("")
    try {
      onBegin(await startImport(ask, file, key))
    } catch (cause) {
      const rules = cause instanceof Problem ? cause.errors.map(one => one.rule) : []
      setError([...new Set([wordsOf(cause), ...rules])].join(say("；", "; ")))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form className="command" onSubmit={submit}>
      <div className="field">
        <label htmlFor={id}>
          {say(
            "表格文件（CSV、xlsx、xls），须有标题行",
            "File (CSV, xlsx, xls) with a header line",
          )}
        </label>
        <input
          id={id}
          type="file"
          required
          accept=".csv,.xlsx,.xls"
          aria-invalid={Boolean(error)}
          aria-describedby={error ? `${id}-wrong` : undefined}
          onChange={event => {
            setFile(event.target.files?.[0])
            setKey(crypto.randomUUID())
            setError("")
          }}
        />
        {error && (
          <p className="wrong" id={`${id}-wrong`} role="alert">
            {error}
          </p>
        )}
      </div>
      <button type="submit" className="primary" disabled={busy}>
        {busy ? say("正在上传…", "Sending…") : say("开始导入", "Import")}
      </button>
    </form>
  )
}

function CancelButton({ onCancel }: { onCancel: (key: string) => void }) {
  const [key] = useState<string>(() => crypto.randomUUID())
  return (
    <button type="button" className="more" onClick={() => onCancel(key)}>
      {say("取消导入", "Cancel the import")}
    </button>
  )
}

function Errors({ job, ask, onError }: { job: Import; ask: Ask; onError: (text: string) => void }) {
  const errors = job.errors ?? []
  if (!errors.length) return null
  return (
    <>
      <table className="rows">
        <caption>
          {say(`有误的行（${job.failed}）`, `Wrong rows (${job.failed})`)}
          {errors.length >= 100 && say("，显示前 100 处", ", the first 100 faults")}
        </caption>
        <thead>
          <tr>
            <th scope="col">{say("行", "Line")}</th>
            <th scope="col">{say("列", "Column")}</th>
            <th scope="col">{say("问题", "What is wrong")}</th>
          </tr>
        </thead>
        <tbody>
          {errors.map(one => (
            <tr key={`${one.line} ${one.field} ${one.rule}`}>
              <td data-title={say("行", "Line")}>{one.line}</td>
              <td data-title={say("列", "Column")}>{named(COLUMNS, one.field) || "—"}</td>
              <td data-title={say("问题", "What is wrong")}>
                {say(one.text_zh || (one.text ?? ""), one.text ?? "")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <button
        type="button"
        className="more"
        onClick={() =>
          saveFailedRows(ask, job.import_id ?? "").catch(cause => onError(wordsOf(cause)))
        }
      >
        {say("下载有误的行", "Download the wrong rows")}
      </button>
    </>
  )
}

const readImport = (ask: Ask, import_id: string): Promise<Import> =>
  readItem(ask, "/v1/elder-imports/{import_id}", { import_id })

const startImport = (ask: Ask, file: File, key: string): Promise<Import> =>
  ask(async token =>
    dataOf(
      await client.POST("/v1/elder-imports", {
        params: { header: { "Idempotency-Key": key } },
        headers: { ...authorization(token), "Content-Type": "text/csv" },
        body: "",
        // the file as it is: its encoding is found out by the service
        bodySerializer: () => file,
      }),
    ),
  )

const saveFailedRows = (ask: Ask, import_id: string): Promise<void> =>
  ask(async token => {
    const params = { path: { import_id } }
    const headers = authorization(token)
    const path = "/v1/elder-imports/{import_id}/failed-rows"
    const blob = dataOf(await client.GET(path, { params, headers, parseAs: "blob" })) as Blob
    const link = document.createElement("a")
    link.href = URL.createObjectURL(blob)
    link.download = "failed-rows.csv"
    link.click()
    URL.revokeObjectURL(link.href)
  })
